// For tests of whole cores: options that see no real device, a sink that keeps what it is told, answers of callbacks.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "awaiting.hpp"
#include "running_core.hpp"

namespace camera::test {

inline binding::CoreOptions virtualCameras(int count) {
    binding::CoreOptions options;
    options.monitor.devDir = "/nonexistent/dev";
    options.monitor.sysfsDir = "/nonexistent/sys";
    options.monitor.events = false;
    options.virtualCameras = {.count = count, .width = 64, .height = 48, .fps = 60};
    return options;
}

/// Keeps every event of a core; `wait` sees those to come, too.
class CoreLog {
public:
    binding::EventSink sink() {
        return [this](std::shared_ptr<const binding::CoreEvent> event) {
            const std::lock_guard lock(mutex_);
            events_.push_back(std::move(event));
            changed_.notify_all();
        };
    }

    bool wait(const std::function<bool(const binding::CoreEvent &)> &fits) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, kPatience, [&] {
            return std::any_of(events_.begin(), events_.end(), [&](const auto &event) { return fits(*event); });
        });
    }

    bool waitForDevice(DeviceEventType type, const std::string &source) {
        return wait([&](const binding::CoreEvent &event) {
            const auto *device = std::get_if<DeviceEvent>(&event.fact);
            return device != nullptr && device->type == type && device->device.source == source;
        });
    }

    bool waitForCapture(CaptureState state, const std::string &source) {
        return wait([&](const binding::CoreEvent &event) {
            const auto *capture = std::get_if<CaptureEvent>(&event.fact);
            return capture != nullptr && capture->feed == 0 && capture->state == state && capture->source == source;
        });
    }

    std::vector<uint64_t> numbers() const {
        const std::lock_guard lock(mutex_);
        std::vector<uint64_t> numbers;
        for (const auto &event : events_) numbers.push_back(event->seq);
        return numbers;
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::shared_ptr<const binding::CoreEvent>> events_;
};

/// What the callback given to `begin` gets.
template <typename T, typename Begin>
Result<T> answerOf(Begin begin) {
    Awaited<Result<T>> answer;
    begin(answer.callback());
    return answer.get().value_or(Error{0, "no answer", ""});
}

inline Result<CaptureInfo> startCapture(binding::RunningCore &core, const std::string &source, const CaptureRequest &request) {
    const Result<SourceAddress> address = core.addressOf(source);
    if (!address) return address.error();
    return answerOf<CaptureInfo>([&](auto done) { core.captures().start(address.value(), request, done); });
}

/// The mode of `virtualCameras`.
inline constexpr CaptureRequest kVirtualMode{.width = 64, .height = 48, .fourcc = 0x47504a4d, .interval = {1, 60}};

inline std::shared_ptr<binding::RunningCore> startCore(const Sys &sys, const binding::CoreOptions &options,
                                                       binding::EventSink sink) {
    Result<std::shared_ptr<binding::RunningCore>> core = binding::RunningCore::start(sys, options, std::move(sink));
    REQUIRE(core.ok());
    return core.take();
}

} // namespace camera::test
