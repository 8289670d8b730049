// The two clocks of the core. Durations and frame times use the monotonic one, which stands still during suspend.
#pragma once

#include <time.h>

#include <cstdint>

namespace camera {

inline int64_t readClockUs(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

/// Microseconds of CLOCK_MONOTONIC.
inline int64_t monotonicUs() { return readClockUs(CLOCK_MONOTONIC); }

/// Microseconds since 1970.
inline int64_t wallUs() { return readClockUs(CLOCK_REALTIME); }

} // namespace camera
