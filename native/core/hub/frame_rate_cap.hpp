// Lets frames through at a mean rate: exactly the wanted one over time, whatever the jitter of the source.
#pragma once

#include <algorithm>
#include <cstdint>

namespace camera {

/// One per viewer; for one thread. Times are those of the frames (capture), in microseconds.
class FrameRateCap {
public:
    /// 0: no cap.
    explicit FrameRateCap(double maxFps) : intervalUs_(maxFps > 0 ? 1'000'000.0 / maxFps : 0) {}

    bool isDue(int64_t frameUs) const { return static_cast<double>(frameUs) >= dueUs_; }

    /// The frame is sent. The due times form a grid that does not move with the frames taken, which is what makes the mean
    /// exact; some credit lets a source that is as fast as the cap be early or late now and then without losing a frame.
    void take(int64_t frameUs) {
        if (intervalUs_ <= 0) return;
        const auto us = static_cast<double>(frameUs);
        dueUs_ += intervalUs_;
        const bool paused = dueUs_ < us - 2 * intervalUs_;
        dueUs_ = paused ? us + intervalUs_ / 2 : std::max(dueUs_, us - intervalUs_ / 2);
    }

private:
    double intervalUs_;
    double dueUs_ = 0;
};

} // namespace camera
