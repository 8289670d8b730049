// Exports of the addon. Runs once per JavaScript thread that loads it.
#include <napi.h>

#include "calls.hpp"
#include "environment.hpp"

namespace camera::binding {

namespace {

Napi::Object init(Napi::Env env, Napi::Object exports) {
    if (Environment::create(env) == nullptr) return exports; // the exception is pending

    using Call = Napi::Value (*)(const Napi::CallbackInfo &);
    constexpr std::pair<const char *, Call> kCalls[] = {
        {"open", open},
        {"attach", attach},
        {"detach", detach},
        {"shutdown", shutdown},
        {"devices", devices},
        {"probe", probe},
        {"probeControls", probeControls},
        {"setControls", setControls},
        {"startCapture", startCapture},
        {"stopCapture", stopCapture},
        {"captureStats", captureStats},
        {"setRetained", setRetained},
        {"setJpegQuality", setJpegQuality},
        {"grab", grab},
        {"grabKeyFrame", grabKeyFrame},
        {"saveFrame", saveFrame},
        {"openFeed", openFeed},
        {"closeReadEnd", closeReadEnd},
        {"closeFeed", closeFeed},
        {"feedStats", feedStats},
        {"showSource", showSource},
        {"showPlaceholder", showPlaceholder},
        {"setMaxFrameAge", setMaxFrameAge},
        {"addViewer", addViewer},
        {"endViewer", endViewer},
        {"endViewers", endViewers},
        {"limitViewerRate", limitViewerRate},
        {"viewers", viewers},
        {"viewerCount", viewerCount},
        {"viewerTotals", viewerTotals},
        {"sendDatagram", sendDatagram},
        {"widenBacklog", widenBacklog},
    };
    for (const auto &[name, call] : kCalls) exports.Set(name, Napi::Function::New(env, call, name));
    return exports;
}

} // namespace

NODE_API_MODULE(camera_core, init)

} // namespace camera::binding
