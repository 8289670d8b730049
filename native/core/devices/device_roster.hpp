// The cameras told as present, for anyone who asks, and the numbered events for the one who listens.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "devices/device_report.hpp"

namespace camera {

/// `tell` and `tellAll` are for one thread; the questions may come from any.
class DeviceRoster {
public:
    using Listener = std::function<void(DeviceEvent)>;

    void setListener(Listener listener) { listener_ = std::move(listener); }

    /// Notes the state, then calls the listener without a lock held.
    void tell(DeviceEventType type, DeviceState state, int64_t atUs);
    /// Tells `resync` with everything that is present.
    void tellAll(int64_t atUs);

    std::vector<DeviceState> list() const;
    std::optional<DeviceState> find(const std::string &source) const;

private:
    void note(DeviceEventType type, const DeviceState &state);

    Listener listener_;
    uint64_t lastSeq_ = 0;
    mutable std::mutex mutex_; // innermost: nothing is called under it
    std::vector<DeviceState> present_;
};

} // namespace camera
