// Waiting in tests: for one answer, for a condition, for events; always with a deadline, never for a fixed time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace camera::test {

inline constexpr auto kPatience = std::chrono::seconds(10);

/// One answer that comes on another thread.
template <typename T>
class Awaited {
public:
    std::function<void(T)> callback() {
        return [state = state_](T value) {
            const std::lock_guard lock(state->mutex);
            state->values.push_back(std::move(value));
            state->changed.notify_all();
        };
    }
    /// Empty when nothing came in time.
    std::optional<T> get(std::chrono::milliseconds patience = kPatience) {
        std::unique_lock lock(state_->mutex);
        state_->changed.wait_for(lock, patience, [this] { return !state_->values.empty(); });
        if (state_->values.empty()) return std::nullopt;
        return state_->values.front();
    }
    size_t count() const {
        const std::lock_guard lock(state_->mutex);
        return state_->values.size();
    }

private:
    struct State {
        mutable std::mutex mutex;
        std::condition_variable changed;
        std::vector<T> values;
    };
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

/// Looks every millisecond; false when the condition did not come true in time.
inline bool eventually(const std::function<bool()> &condition, std::chrono::milliseconds patience = kPatience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

} // namespace camera::test
