// The H.264 side of one source: whole access units in order, and apart from them the pictures that a decoder can start with.
#pragma once

#include <atomic>
#include <memory>

#include "base/courier.hpp"
#include "hub/frame_hub.hpp"

namespace camera {

/// Any thread; one producer at a time. Outlives captures.
class H264Hub {
public:
    explicit H264Hub(const std::shared_ptr<Courier> &courier);

    /// `unit` says in its facts whether it is a key frame, which then has its parameter sets.
    void publish(const FramePtr &unit);
    void beginCapture();
    void endCapture(const Error &reason);

    /// Access units; about two seconds are kept.
    const std::shared_ptr<FrameHub> &units() const { return units_; }
    /// Key frames only.
    const std::shared_ptr<FrameHub> &keys() const { return keys_; }

    /// The camera is asked for a key frame with the next unit that comes, if it can be asked.
    void wantKeyFrame() { wanted_.store(true, std::memory_order_relaxed); }
    /// True once per wish.
    bool takeWish() { return wanted_.exchange(false, std::memory_order_relaxed); }

private:
    const std::shared_ptr<FrameHub> units_;
    const std::shared_ptr<FrameHub> keys_;
    std::atomic<bool> wanted_{false};
};

} // namespace camera
