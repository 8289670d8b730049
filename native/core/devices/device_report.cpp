#include "devices/device_report.hpp"

namespace camera {

const char *nodeKindName(NodeKind kind) {
    switch (kind) {
    case NodeKind::Camera: return "camera";
    case NodeKind::Virtual: return "virtual";
    case NodeKind::Pipeline: return "pipeline";
    case NodeKind::ReadonlyIo: return "readonly-io";
    case NodeKind::NotReady: return "not-ready";
    case NodeKind::Metadata: return "metadata";
    case NodeKind::Ignored: return "ignored";
    }
    return "ignored";
}

const char *deviceEventName(DeviceEventType type) {
    switch (type) {
    case DeviceEventType::Present: return "present";
    case DeviceEventType::Ready: return "ready";
    case DeviceEventType::Changed: return "changed";
    case DeviceEventType::Gone: return "gone";
    case DeviceEventType::Flapping: return "flapping";
    case DeviceEventType::Resync: return "resync";
    }
    return "resync";
}

} // namespace camera
