#include "devices/device_roster.hpp"

#include <algorithm>
#include <utility>

namespace camera {

void DeviceRoster::note(DeviceEventType type, const DeviceState &state) {
    const std::lock_guard lock(mutex_);
    const auto known = std::find_if(present_.begin(), present_.end(),
                                    [&](const DeviceState &present) { return present.source == state.source; });
    switch (type) {
    case DeviceEventType::Gone:
        if (known != present_.end()) present_.erase(known);
        return;
    case DeviceEventType::Present:
    case DeviceEventType::Ready:
    case DeviceEventType::Changed:
        if (known == present_.end()) {
            present_.push_back(state);
        } else {
            *known = state;
        }
        return;
    case DeviceEventType::Flapping:
    case DeviceEventType::Resync: return;
    }
}

void DeviceRoster::tell(DeviceEventType type, DeviceState state, int64_t atUs) {
    note(type, state);
    if (!listener_) return;
    DeviceEvent event;
    event.type = type;
    event.seq = ++lastSeq_;
    event.atUs = atUs;
    if (type == DeviceEventType::Gone || type == DeviceEventType::Flapping) {
        event.device.source = std::move(state.source);
        event.device.node = std::move(state.node);
    } else {
        event.device = std::move(state);
    }
    listener_(std::move(event));
}

void DeviceRoster::tellAll(int64_t atUs) {
    if (!listener_) return;
    DeviceEvent event;
    event.type = DeviceEventType::Resync;
    event.seq = ++lastSeq_;
    event.atUs = atUs;
    event.devices = list();
    listener_(std::move(event));
}

std::vector<DeviceState> DeviceRoster::list() const {
    const std::lock_guard lock(mutex_);
    return present_;
}

std::optional<DeviceState> DeviceRoster::find(const std::string &source) const {
    const std::lock_guard lock(mutex_);
    for (const DeviceState &state : present_) {
        if (state.source == source) return state;
    }
    return std::nullopt;
}

} // namespace camera
