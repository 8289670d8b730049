// Calls of the capture manager that wait for their answer, and a listener that remembers.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "awaiting.hpp"
#include "capture/capture_manager.hpp"

namespace camera::test {

/// Starts and waits for the answer.
inline Result<CaptureInfo> start(CaptureManager &manager, const SourceAddress &address, const CaptureRequest &mode) {
    Awaited<Result<CaptureInfo>> answer;
    manager.start(address, mode, answer.callback());
    const auto result = answer.get();
    REQUIRE(result.has_value());
    return *result;
}

inline Result<Done> stop(CaptureManager &manager, const std::string &source) {
    Awaited<Result<Done>> answer;
    manager.stop(source, answer.callback());
    const auto result = answer.get();
    REQUIRE(result.has_value());
    return *result;
}

inline Result<FramePtr> grab(CaptureManager &manager, const std::string &source,
                              const FrameWish &wish = {.maxAgeMs = 0, .timeoutMs = 5000}) {
    Awaited<Result<FramePtr>> answer;
    manager.grab(source, wish, answer.callback());
    const auto result = answer.get();
    REQUIRE(result.has_value());
    return *result;
}

inline uint64_t incidents(const CaptureStats &stats, Incident incident) {
    return stats.incidents[static_cast<size_t>(incident)];
}

/// Collects what the listener is told.
struct Events {
    std::mutex mutex;
    std::vector<CaptureEvent> seen;

    CaptureManager::Listener listener() {
        return [this](const CaptureEvent &event) {
            const std::lock_guard lock(mutex);
            seen.push_back(event);
        };
    }
    size_t count(const std::function<bool(const CaptureEvent &)> &matches) {
        const std::lock_guard lock(mutex);
        return static_cast<size_t>(std::count_if(seen.begin(), seen.end(), matches));
    }
    size_t count(CaptureState state) {
        return count([state](const CaptureEvent &event) { return event.feed == 0 && event.state == state; });
    }
    /// The first event of a state, as soon as there is one.
    std::optional<CaptureEvent> waitFor(CaptureState state) {
        if (!sees(state)) return std::nullopt;
        const std::lock_guard lock(mutex);
        return *std::find_if(seen.begin(), seen.end(), [state](const auto &event) { return event.feed == 0 && event.state == state; });
    }
    bool sees(CaptureState state) {
        return eventually([&] { return count([&](const auto &event) { return event.feed == 0 && event.state == state; }) > 0; });
    }
    bool seesEnd(uint64_t feed, FeedEnd why) {
        return eventually([&] { return count([&](const auto &event) { return event.feed == feed && event.feedEnd == why; }) > 0; });
    }
};

} // namespace camera::test
