#include "capture/frame_clock.hpp"

#include <doctest/doctest.h>
#include <linux/videodev2.h>

#include <cstdint>
#include <initializer_list>

using namespace camera;

namespace {

constexpr uint32_t kMonotonic = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
constexpr int64_t kNow = 1'000'000'000;
constexpr int64_t kWall = 1'700'000'000'000'000;

} // namespace

TEST_CASE("a recent monotonic stamp is believed") {
    FrameClock clock;
    CHECK(clock.capturedUs(kNow - 33'000, kMonotonic, kNow, kWall) == kNow - 33'000);
}

TEST_CASE("wall time is converted, whatever the flags say") {
    FrameClock clock;
    CHECK(clock.capturedUs(kWall - 5000, 0, kNow, kWall) == kNow - 5000);
    CHECK(clock.capturedUs(kWall - 1000, kMonotonic, kNow, kWall) == kNow - 1000);
}

TEST_CASE("stamps from the future, from long ago and none at all mean now") {
    for (const int64_t stamp : {kNow + 1, kNow - 10'000'001, int64_t{0}, int64_t{-5}, INT64_MIN, INT64_MIN + kWall, INT64_MAX}) {
        FrameClock clock;
        CHECK(clock.capturedUs(stamp, kMonotonic, kNow, kWall) == kNow);
    }
    FrameClock clock;
    CHECK(clock.capturedUs(kNow - 33'000, 0, kNow, kWall) == kNow); // not said to be monotonic
    FrameClock booting;
    CHECK(booting.capturedUs(0, kMonotonic, 5'000'000, kWall) == 5'000'000);
}

TEST_CASE("repeated and backward stamps still give increasing times") {
    FrameClock clock;
    const int64_t first = clock.capturedUs(kNow - 100, kMonotonic, kNow, kWall);
    const int64_t second = clock.capturedUs(kNow - 100, kMonotonic, kNow, kWall);
    const int64_t third = clock.capturedUs(kNow - 5000, kMonotonic, kNow, kWall);
    CHECK(second == first + 1);
    CHECK(third == second + 1);
}
