// Values of the core as JavaScript values, in the shapes of src/native/types.ts.
#pragma once

#include <napi.h>

#include <vector>

#include "hub/frame.hpp"
#include "base/json_text.hpp"
#include "running_core.hpp"

namespace camera::binding {

/// Devices and events cross as JSON.
void writeDeviceMembers(JsonText &json, const DeviceState &device);
void writeDevices(JsonText &json, const std::vector<DeviceState> &devices);
void writeReportMembers(JsonText &json, const DeviceReport &report);
void writeEvent(JsonText &json, const CoreEvent &event);
/// The whole list in place of events that were lost, `last` being the newest of them.
void writeResync(JsonText &json, const CoreEvent &last, const std::vector<DeviceState> &devices);
/// What the event says besides what every event does.
void writeViewerEnd(JsonText &json, const ViewerEvent &event);

Napi::Array controlsToJs(Napi::Env env, const std::vector<DeviceControl> &controls);
Napi::Array controlResultsToJs(Napi::Env env, const std::vector<ControlResult> &results);

Napi::Object captureInfoToJs(Napi::Env env, const CaptureInfo &info);
/// What a status reads of many cameras goes into an array that is used again: objects, or arrays of their own, would cost more than
/// all the rest. In the order of src/native/capture-figures.ts.
inline constexpr size_t kCaptureFigures = 14 + kIncidents + kJpegRejects;
void writeCaptureStats(const CaptureStats &stats, double *figures);
Napi::Object feedStatsToJs(Napi::Env env, const FeedStats &stats);
/// With a copy of the JPEG: JavaScript may write into what it gets, and the frame is shared with every other reader.
Napi::Value frameToJs(Napi::Env env, const Frame &frame);
/// The same for an access unit.
Napi::Value unitToJs(Napi::Env env, const Frame &frame);
Napi::Object savedFrameToJs(Napi::Env env, const SavedFrame &saved);

Napi::Array viewersToJs(Napi::Env env, const std::vector<ViewerStats> &viewers);

} // namespace camera::binding
