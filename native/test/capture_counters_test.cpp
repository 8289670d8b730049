#include "capture_counters.hpp"

#include <doctest/doctest.h>

using namespace camera;

TEST_CASE("the rate is that of the last second or so, and none without two frames") {
    RateMeter meter;
    CHECK(meter.fps(0) == 0);
    meter.count(1'000'000);
    CHECK(meter.fps(1'000'000) == 0);
    for (int i = 1; i <= 100; ++i) meter.count(1'000'000 + i * 33'333);
    const int64_t last = 1'000'000 + 100 * 33'333;
    CHECK(meter.fps(last) == doctest::Approx(30).epsilon(0.01));
    CHECK(meter.fps(last + 1'000'000) == doctest::Approx(30).epsilon(0.01));
    CHECK(meter.fps(last + 2'000'000) == 0);
}

TEST_CASE("a slow camera's rate needs no full window") {
    RateMeter meter;
    meter.count(0);
    meter.count(1'000'000);
    CHECK(meter.fps(1'000'000) == doctest::Approx(1));
}

TEST_CASE("a snapshot of the counters holds each of them") {
    CaptureCounters counters;
    counters.goodFrame(500, 77);
    counters.reject(JpegReject::Truncated);
    counters.reject(JpegReject::Truncated);
    const CaptureStats stats = counters.snapshot(true, 77);
    CHECK(stats.frames == 1);
    CHECK(stats.bytes == 500);
    CHECK(stats.lastFrameAtUs == 77);
    CHECK(stats.invalidJpeg == 2);
    CHECK(stats.invalidReasons[static_cast<size_t>(JpegReject::Truncated)] == 2);
    CHECK(stats.running);
}
