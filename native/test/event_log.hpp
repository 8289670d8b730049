// The events of a monitor as they came, to wait on.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "awaiting.hpp"
#include "devices/device_report.hpp"

namespace camera::test {

class EventLog {
public:
    std::function<void(DeviceEvent)> listener() {
        return [this](DeviceEvent event) {
            const std::lock_guard lock(mutex_);
            events_.push_back(std::move(event));
            changed_.notify_all();
        };
    }

    /// The next event of `type` at or after the place of the last one waited for; empty when it does not come.
    std::optional<DeviceEvent> next(DeviceEventType type, std::chrono::milliseconds patience = kPatience) {
        std::unique_lock lock(mutex_);
        std::optional<DeviceEvent> found;
        changed_.wait_for(lock, patience, [&] {
            for (; place_ < events_.size(); ++place_) {
                if (events_[place_].type != type) continue;
                found = events_[place_++];
                return true;
            }
            return false;
        });
        return found;
    }

    /// "present ready gone", and so on.
    std::string types() const {
        const std::lock_guard lock(mutex_);
        std::string words;
        for (const DeviceEvent &event : events_) words += (words.empty() ? "" : " ") + std::string(deviceEventName(event.type));
        return words;
    }

    int count(DeviceEventType type) const {
        const std::lock_guard lock(mutex_);
        return static_cast<int>(std::count_if(events_.begin(), events_.end(), [&](const auto &e) { return e.type == type; }));
    }

    bool gapFree() const {
        const std::lock_guard lock(mutex_);
        for (size_t i = 0; i < events_.size(); ++i) {
            if (events_[i].seq != i + 1) return false;
        }
        return true;
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<DeviceEvent> events_;
    size_t place_ = 0;
};

} // namespace camera::test
