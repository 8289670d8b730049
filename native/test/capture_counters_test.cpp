#include "hub/capture_counters.hpp"

#include <doctest/doctest.h>

using namespace camera;

TEST_CASE("the rate is that of the last two seconds, and none without two frames") {
    RateMeter meter;
    CHECK(meter.rate(0).fps == 0);
    meter.count(1'000'000, 500);
    CHECK(meter.rate(1'000'000).fps == 0);
    for (int i = 1; i <= 100; ++i) meter.count(1'000'000 + i * 33'333, 1000);
    const int64_t last = 1'000'000 + 100 * 33'333;
    CHECK(meter.rate(last).fps == doctest::Approx(30).epsilon(0.01));
    CHECK(meter.rate(last).bytesPerSecond == doctest::Approx(30'000).epsilon(0.01));
    CHECK(meter.rate(last + 1'500'000).fps == doctest::Approx(30).epsilon(0.01));
    CHECK(meter.rate(last + 2'000'000).fps == 0);
}

TEST_CASE("a slow camera's rate needs no full window, a fast one's all of it") {
    RateMeter slow;
    slow.count(1, 10);
    slow.count(1'000'001, 30);
    CHECK(slow.rate(1'000'001).fps == doctest::Approx(1));
    CHECK(slow.rate(1'000'001).bytesPerSecond == doctest::Approx(30));
    RateMeter fast;
    for (int i = 0; i < 2000; ++i) fast.count(i * 4167, 10);
    CHECK(fast.rate(1999 * 4167).fps == doctest::Approx(240).epsilon(0.01));
}

TEST_CASE("a snapshot of the counters holds each of them") {
    CaptureCounters counters;
    counters.goodFrame(500, 77);
    counters.reject(JpegReject::Truncated);
    counters.reject(JpegReject::Truncated);
    const CaptureStats stats = counters.snapshot(true, 100);
    CHECK(stats.frames == 1);
    CHECK(stats.bytes == 500);
    CHECK(stats.lastFrameAtUs == 77);
    CHECK(stats.lastFrameAgeUs == 23);
    CHECK(stats.invalidJpeg == 2);
    CHECK(stats.invalidReasons[static_cast<size_t>(JpegReject::Truncated)] == 2);
    CHECK(stats.running);
}

TEST_CASE("without a frame there is no age") { CHECK(CaptureCounters().snapshot(true, 100).lastFrameAgeUs == -1); }
