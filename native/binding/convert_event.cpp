#include <variant>

#include "convert.hpp"
#include "raise.hpp"

namespace camera::binding {

namespace {

const char *captureStateName(CaptureState state) {
    switch (state) {
    case CaptureState::Started: return "started";
    case CaptureState::Delivering: return "delivering";
    case CaptureState::Stalled: return "stalled";
    case CaptureState::Restarted: return "restarted";
    case CaptureState::Failed: return "failed";
    case CaptureState::Stopped: return "stopped";
    case CaptureState::Gone: return "gone";
    case CaptureState::JpegWanted:
    case CaptureState::JpegUnwanted: break; // events of their own
    }
    return "failed";
}

const char *feedEndName(FeedEnd end) {
    switch (end) {
    case FeedEnd::Closed: return "closed";
    case FeedEnd::BrokenPipe: return "broken_pipe";
    case FeedEnd::Stalled: return "stalled";
    }
    return "closed";
}

void setBase(Napi::Object object, const char *type, uint64_t seq, int64_t atUs) {
    object.Set("type", type);
    object.Set("seq", static_cast<double>(seq));
    object.Set("atUs", static_cast<double>(atUs));
}

Napi::Object toJs(Napi::Env env, uint64_t seq, const DeviceEvent &event) {
    const bool whole = event.type == DeviceEventType::Present || event.type == DeviceEventType::Ready ||
                       event.type == DeviceEventType::Changed;
    Napi::Object object = whole ? deviceToJs(env, event.device) : Napi::Object::New(env);
    setBase(object, deviceEventName(event.type), seq, event.atUs);
    if (event.type == DeviceEventType::Resync) {
        object.Set("devices", devicesToJs(env, event.devices));
    } else if (!whole) {
        object.Set("source", event.device.source);
        object.Set("node", event.device.node);
    }
    return object;
}

bool isDemand(const CaptureEvent &event) {
    return event.feed == 0 && (event.state == CaptureState::JpegWanted || event.state == CaptureState::JpegUnwanted);
}

const char *captureEventName(const CaptureEvent &event) {
    if (event.feed != 0) return event.gap ? "feed_gap" : "feed_ended";
    return isDemand(event) ? "jpeg_demand" : "capture";
}

Napi::Object toJs(Napi::Env env, uint64_t seq, const CaptureEvent &event) {
    Napi::Object object = Napi::Object::New(env);
    setBase(object, captureEventName(event), seq, event.atUs);
    object.Set("source", event.source);
    if (isDemand(event)) {
        object.Set("wanted", event.state == CaptureState::JpegWanted);
    } else if (event.gap) {
        object.Set("feed", static_cast<double>(event.feed));
        object.Set("missed", static_cast<double>(event.gap->missed));
    } else if (event.feed == 0) {
        object.Set("state", captureStateName(event.state));
        object.Set("session", static_cast<double>(event.session));
        if (event.fault) object.Set("fault", faultToJs(env, *event.fault));
    } else {
        object.Set("feed", static_cast<double>(event.feed));
        object.Set("reason", feedEndName(event.feedEnd));
    }
    return object;
}

Napi::Object toJs(Napi::Env env, uint64_t seq, const ViewerEvent &event) {
    Napi::Object object = Napi::Object::New(env);
    setBase(object, "viewer_ended", seq, event.atUs);
    setViewerEnd(object, event);
    return object;
}

} // namespace

Napi::Object eventToJs(Napi::Env env, const CoreEvent &event) {
    return std::visit([env, &event](const auto &fact) { return toJs(env, event.seq, fact); }, event.fact);
}

Napi::Object resyncToJs(Napi::Env env, const CoreEvent &last, const std::vector<DeviceState> &devices) {
    Napi::Object object = Napi::Object::New(env);
    const int64_t atUs = std::visit([](const auto &fact) { return fact.atUs; }, last.fact);
    setBase(object, deviceEventName(DeviceEventType::Resync), last.seq, atUs);
    object.Set("devices", devicesToJs(env, devices));
    return object;
}

} // namespace camera::binding
