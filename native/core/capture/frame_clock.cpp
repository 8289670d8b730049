#include "capture/frame_clock.hpp"

#include <linux/videodev2.h>

#include <algorithm>

namespace camera {

namespace {

constexpr int64_t kOldestUs = 10'000'000;

/// A zero stamp is "none", also on a machine that has just booted.
bool recent(int64_t stampUs, int64_t nowUs) { return stampUs > 0 && stampUs <= nowUs && nowUs - stampUs <= kOldestUs; }

} // namespace

int64_t FrameClock::capturedUs(int64_t stampUs, uint32_t flags, int64_t nowUs, int64_t nowWallUs) {
    const bool claimsMonotonic = (flags & V4L2_BUF_FLAG_TIMESTAMP_MASK) == V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    int64_t captured = nowUs;
    if (claimsMonotonic && recent(stampUs, nowUs)) {
        captured = stampUs;
    } else if (recent(stampUs, nowWallUs)) {
        captured = nowUs - (nowWallUs - stampUs); // uvcvideo stamps with wall time when its `clock` option says so
    }
    lastUs_ = std::max(captured, lastUs_ + 1);
    return lastUs_;
}

} // namespace camera
