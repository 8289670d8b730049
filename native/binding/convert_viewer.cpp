#include "convert.hpp"

namespace camera::binding {

namespace {

const char *viewerStateName(ViewerState state) {
    switch (state) {
    case ViewerState::KeepingUp: return "keeping_up";
    case ViewerState::Behind: return "behind";
    case ViewerState::Ending: return "ending";
    }
    return "ending";
}

const char *viewerEndName(ViewerEnd end) {
    switch (end) {
    case ViewerEnd::Closed: return "closed";
    case ViewerEnd::Stalled: return "stalled";
    case ViewerEnd::Error: return "error";
    case ViewerEnd::Ended: return "ended";
    }
    return "error";
}

void setCounts(Napi::Object object, const ViewerCounts &counts) {
    object.Set("frames", static_cast<double>(counts.frames));
    object.Set("bytes", static_cast<double>(counts.bytes));
    object.Set("skipped", static_cast<double>(counts.skipped));
}

} // namespace

Napi::Array viewersToJs(Napi::Env env, const std::vector<ViewerStats> &viewers) {
    Napi::Array array = Napi::Array::New(env, viewers.size());
    for (uint32_t i = 0; i < viewers.size(); ++i) {
        const ViewerStats &stats = viewers[i];
        Napi::Object object = Napi::Object::New(env);
        object.Set("viewer", static_cast<double>(stats.viewer));
        object.Set("label", stats.label);
        object.Set("remote", stats.remote);
        object.Set("sinceWallMs", static_cast<double>(stats.sinceWallMs));
        setCounts(object, stats.counts);
        object.Set("state", viewerStateName(stats.state));
        array.Set(i, object);
    }
    return array;
}

void writeViewerEnd(JsonText &json, const ViewerEvent &event) {
    json.member("viewer", event.viewer);
    json.member("channel", event.channel);
    json.member("reason", viewerEndName(event.why));
    json.member("frames", event.counts.frames);
    json.member("bytes", event.counts.bytes);
    json.member("skipped", event.counts.skipped);
}

} // namespace camera::binding
