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

void beginEvent(JsonText &json, const char *type, uint64_t seq, int64_t atUs) {
    json.beginObject();
    json.member("type", type);
    json.member("seq", seq);
    json.member("atUs", atUs);
}

void write(JsonText &json, uint64_t seq, const DeviceEvent &event) {
    beginEvent(json, deviceEventName(event.type), seq, event.atUs);
    switch (event.type) {
    case DeviceEventType::Present:
    case DeviceEventType::Ready:
    case DeviceEventType::Changed: writeDeviceMembers(json, event.device); break;
    case DeviceEventType::Gone:
    case DeviceEventType::Flapping:
        json.member("source", event.device.source);
        json.member("node", event.device.node);
        break;
    case DeviceEventType::Resync:
        json.key("devices");
        writeDevices(json, event.devices);
        break;
    }
    json.endObject();
}

bool isDemand(const CaptureEvent &event) {
    return event.feed == 0 && (event.state == CaptureState::JpegWanted || event.state == CaptureState::JpegUnwanted);
}

const char *captureEventName(const CaptureEvent &event) {
    if (event.feed != 0) return event.gap ? "feed_gap" : "feed_ended";
    return isDemand(event) ? "jpeg_demand" : "capture";
}

void write(JsonText &json, uint64_t seq, const CaptureEvent &event) {
    beginEvent(json, captureEventName(event), seq, event.atUs);
    json.member("source", event.source);
    if (isDemand(event)) {
        json.member("wanted", event.state == CaptureState::JpegWanted);
    } else if (event.gap) {
        json.member("feed", event.feed);
        json.member("missed", event.gap->missed);
    } else if (event.feed == 0) {
        json.member("state", captureStateName(event.state));
        json.member("session", event.session);
        if (event.fault) writeFault(json, *event.fault);
    } else {
        json.member("feed", event.feed);
        json.member("reason", feedEndName(event.feedEnd));
    }
    json.endObject();
}

void write(JsonText &json, uint64_t seq, const ViewerEvent &event) {
    beginEvent(json, "viewer_ended", seq, event.atUs);
    writeViewerEnd(json, event);
    json.endObject();
}

} // namespace

void writeEvent(JsonText &json, const CoreEvent &event) {
    std::visit([&json, &event](const auto &fact) { write(json, event.seq, fact); }, event.fact);
}

void writeResync(JsonText &json, const CoreEvent &last, const std::vector<DeviceState> &devices) {
    const int64_t atUs = std::visit([](const auto &fact) { return fact.atUs; }, last.fact);
    beginEvent(json, deviceEventName(DeviceEventType::Resync), last.seq, atUs);
    json.key("devices");
    writeDevices(json, devices);
    json.endObject();
}

} // namespace camera::binding
