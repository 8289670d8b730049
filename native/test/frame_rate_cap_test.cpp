#include "hub/frame_rate_cap.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

using namespace camera;

namespace {

/// Frames that pass in `seconds` of a source of `sourceFps` whose frames come up to `jitterUs` early or late.
int passed(double maxFps, double sourceFps, int seconds, int64_t jitterUs = 0) {
    FrameRateCap cap(maxFps);
    std::minstd_rand random(7);
    std::uniform_int_distribution<int64_t> jitter(-jitterUs, jitterUs);
    int count = 0;
    for (int frame = 0; frame < sourceFps * seconds; ++frame) {
        const int64_t at = 1'000'000'000 + std::llround(frame * 1e6 / sourceFps) + jitter(random);
        if (!cap.isDue(at)) continue;
        cap.take(at);
        ++count;
    }
    return count;
}

} // namespace

TEST_CASE("no cap lets everything through") {
    CHECK(passed(0, 30, 100) == 3000);
    // Of another camera, say, which captured it a moment before the last one.
    FrameRateCap cap(0);
    cap.take(1'000'000);
    CHECK(cap.isDue(999'000));
}

TEST_CASE("a cap below the source's rate is met exactly, without drift") {
    CHECK(std::abs(passed(10, 30, 1000) - 10'000) <= 1);
    CHECK(std::abs(passed(7, 30, 1000) - 7'000) <= 1);
    CHECK(std::abs(passed(29, 30, 1000) - 29'000) <= 1);
    CHECK(std::abs(passed(0.5, 30, 1000) - 500) <= 1);
    CHECK(std::abs(passed(12.5, 29.97, 1000) - 12'500) <= 1);
}

TEST_CASE("a source as fast as the cap or slower loses nothing, though its frames jitter") {
    CHECK(passed(30, 30, 1000, 10'000) == 30'000);
    CHECK(passed(30, 29.97, 1000, 10'000) == static_cast<int>(std::ceil(29.97 * 1000)));
    CHECK(passed(60, 30, 1000, 10'000) == 30'000);
}

TEST_CASE("a pause earns no burst") {
    FrameRateCap cap(10);
    cap.take(1'000'000);
    int count = 0;
    for (int64_t at = 60'000'000; at < 61'000'000; at += 10'000) {
        if (!cap.isDue(at)) continue;
        cap.take(at);
        ++count;
    }
    CHECK(count <= 11);
}
