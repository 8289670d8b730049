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

    /// The frame is sent. The due times form a grid that does not move with the frames taken; half an interval of credit lets
    /// a source that is as fast as the cap be early now and then without losing a frame.
    void take(int64_t frameUs) {
        const auto us = static_cast<double>(frameUs);
        dueUs_ = std::max(dueUs_ + intervalUs_, us - intervalUs_ / 2);
        // A grid that begins now, or that a pause has left far behind, begins at this frame.
        if (dueUs_ <= us - intervalUs_ / 2) dueUs_ = us + intervalUs_ / 2;
    }

private:
    double intervalUs_;
    double dueUs_ = 0;
};

} // namespace camera
