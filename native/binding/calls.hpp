// The functions of the addon. Each takes the number of a view first, but for `open` and `attach`, which answer one, and
// `sendDatagram`, `widenBacklog`.
// src/native/index.ts makes the `Core` of types.ts from them. None waits for a device, a disk or another thread.
#pragma once

#include <napi.h>

namespace camera::binding {

/// `(options, onEvents) => { view, core }`
Napi::Value open(const Napi::CallbackInfo &info);
/// `(core) => { view, core }`
Napi::Value attach(const Napi::CallbackInfo &info);
Napi::Value detach(const Napi::CallbackInfo &info);
Napi::Value shutdown(const Napi::CallbackInfo &info);

Napi::Value devices(const Napi::CallbackInfo &info);
Napi::Value probe(const Napi::CallbackInfo &info);

Napi::Value probeControls(const Napi::CallbackInfo &info);
/// `(view, source, [{ id, value }])`
Napi::Value setControls(const Napi::CallbackInfo &info);

Napi::Value startCapture(const Napi::CallbackInfo &info);
Napi::Value stopCapture(const Napi::CallbackInfo &info);
Napi::Value captureStats(const Napi::CallbackInfo &info);
Napi::Value setRetained(const Napi::CallbackInfo &info);
Napi::Value setJpegQuality(const Napi::CallbackInfo &info);
Napi::Value grab(const Napi::CallbackInfo &info);
Napi::Value grabKeyFrame(const Napi::CallbackInfo &info);
Napi::Value saveFrame(const Napi::CallbackInfo &info);

Napi::Value openFeed(const Napi::CallbackInfo &info);
Napi::Value closeReadEnd(const Napi::CallbackInfo &info);
Napi::Value closeFeed(const Napi::CallbackInfo &info);
Napi::Value feedStats(const Napi::CallbackInfo &info);

Napi::Value showSource(const Napi::CallbackInfo &info);
Napi::Value showPlaceholder(const Napi::CallbackInfo &info);
Napi::Value setMaxFrameAge(const Napi::CallbackInfo &info);
Napi::Value addViewer(const Napi::CallbackInfo &info);
Napi::Value endViewer(const Napi::CallbackInfo &info);
Napi::Value limitViewerRate(const Napi::CallbackInfo &info);
Napi::Value endViewers(const Napi::CallbackInfo &info);
Napi::Value viewers(const Napi::CallbackInfo &info);
Napi::Value viewerCount(const Napi::CallbackInfo &info);
Napi::Value viewerTotals(const Napi::CallbackInfo &info);

/// `(address, message)`, of no view: to a Unix datagram socket.
Napi::Value sendDatagram(const Napi::CallbackInfo &info);
/// `(port, connections)`, of no view: for all sockets of the process that listen there.
Napi::Value widenBacklog(const Napi::CallbackInfo &info);

} // namespace camera::binding
