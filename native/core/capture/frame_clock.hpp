// Turns the timestamps that drivers give into capture times one can trust: monotonic, recent, strictly increasing.
#pragma once

#include <cstdint>

namespace camera {

/// One per stream of frames; for one thread.
class FrameClock {
public:
    /// Capture time in microseconds of CLOCK_MONOTONIC. `stampUs` is the buffer's timestamp, `flags` its V4L2_BUF_FLAG_...;
    /// `nowUs` and `nowWallUs` are the two clocks at dequeue. A stamp that is neither monotonic nor wall time of the last
    /// 10 s is replaced by `nowUs`.
    int64_t capturedUs(int64_t stampUs, uint32_t flags, int64_t nowUs, int64_t nowWallUs);

private:
    int64_t lastUs_ = 0;
};

} // namespace camera
