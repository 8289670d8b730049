#include "pictures/encoder_pool.hpp"

#include <doctest/doctest.h>
#include <linux/videodev2.h>

#include <vector>

#include "awaiting.hpp"
#include "base/clock.hpp"
#include "frame_support.hpp"
#include "jpeg_support.hpp"
#include "without_threads.hpp"

using namespace camera;
using namespace camera::test;

namespace {

constexpr RawFormat kFormat{.fourcc = V4L2_PIX_FMT_GREY, .width = 320, .height = 240};

struct Lane {
    std::shared_ptr<FrameHub> hub;
    std::shared_ptr<CaptureCounters> counters = std::make_shared<CaptureCounters>();
    std::shared_ptr<EncoderLane> lane;

    explicit Lane(const std::shared_ptr<Courier> &courier)
        : hub(FrameHub::create(courier)), lane(EncoderPool::lane(hub, counters, std::make_shared<CaptureDials>())) {}
};

} // namespace

TEST_CASE("a newer raw frame replaces the waiting one, and order is kept per camera") {
    const auto courier = std::make_shared<Courier>();
    const auto frames = FramePool::create();
    Lane lane(courier);
    lane.hub->retain(64);
    EncoderPool pool(2);
    const std::vector<uint8_t> raw(320 * 240, 90);
    constexpr uint64_t kSent = 200;
    for (uint64_t i = 1; i <= kSent; ++i) pool.submit(lane.lane, makeFrame(*frames, raw, static_cast<int64_t>(i)), kFormat);
    REQUIRE(eventually([&] {
        const FramePtr newest = lane.hub->newest();
        return newest && newest->facts().capturedAtUs == kSent;
    }));
    int64_t last = 0;
    uint64_t published = 0;
    for (FrameReading reading = lane.hub->nextAfter(0); reading.frame; reading = lane.hub->nextAfter(reading.cursor)) {
        CHECK(reading.frame->facts().capturedAtUs > last);
        last = reading.frame->facts().capturedAtUs;
        published = reading.cursor;
    }
    CHECK(published + lane.counters->encoderBusy == kSent);
    CHECK(lane.counters->encoderBusy > 0);
    CHECK(decode(lane.hub->newest()->bytes())->width == 320);
}

TEST_CASE("a small picture does not overtake a large one of the same camera") {
    const auto courier = std::make_shared<Courier>();
    const auto frames = FramePool::create();
    Lane lane(courier);
    lane.hub->retain(64);
    EncoderPool pool(2);
    constexpr RawFormat kLarge{.fourcc = V4L2_PIX_FMT_GREY, .width = 1920, .height = 1080};
    const std::vector<uint8_t> large(1920 * 1080, 90);
    const std::vector<uint8_t> small(320 * 240, 90);
    for (int64_t at = 1; at <= 9; at += 2) {
        const uint64_t encoded = lane.hub->newestAfter(0).cursor;
        pool.submit(lane.lane, makeFrame(*frames, large, at), kLarge);
        // As soon as the large one is being encoded, the small one waits for its turn.
        REQUIRE(eventually([&] {
            pool.submit(lane.lane, makeFrame(*frames, small, at + 1), kFormat);
            return lane.hub->newestAfter(0).cursor >= encoded + 2;
        }));
    }
    int64_t last = 0;
    for (FrameReading reading = lane.hub->nextAfter(0); reading.frame; reading = lane.hub->nextAfter(reading.cursor)) {
        CHECK(reading.frame->facts().capturedAtUs >= last);
        last = reading.frame->facts().capturedAtUs;
    }
}

TEST_CASE("cameras share the pool") {
    const auto courier = std::make_shared<Courier>();
    const auto frames = FramePool::create();
    EncoderPool pool(2);
    std::vector<Lane> lanes;
    for (int i = 0; i < 8; ++i) lanes.emplace_back(courier);
    const std::vector<uint8_t> raw(320 * 240, 90);
    for (Lane &lane : lanes) pool.submit(lane.lane, makeFrame(*frames, raw, 1), kFormat);
    for (Lane &lane : lanes) CHECK(eventually([&] { return static_cast<bool>(lane.hub->newest()); }));
}

TEST_CASE("a stopped pool takes nothing more") {
    const auto courier = std::make_shared<Courier>();
    const auto frames = FramePool::create();
    Lane lane(courier);
    EncoderPool pool(1);
    const std::vector<uint8_t> raw(320 * 240, 90);
    pool.submit(lane.lane, makeFrame(*frames, raw, 1), kFormat);
    CHECK(pool.stop(5000));
    const FramePtr before = lane.hub->newest();
    pool.submit(lane.lane, makeFrame(*frames, raw, 2), kFormat);
    CHECK(pool.stop(0));
    CHECK(lane.hub->newest() == before);
}

TEST_CASE("a pool that got no thread with the first frame gets one with a later frame") {
    const auto courier = std::make_shared<Courier>();
    const auto frames = FramePool::create();
    Lane lane(courier);
    EncoderPool pool(2);
    const std::vector<uint8_t> raw(320 * 240, 90);
    const FramePtr first = makeFrame(*frames, raw, 1);
    withoutThreads([&] { pool.submit(lane.lane, first, kFormat); });
    pool.submit(lane.lane, makeFrame(*frames, raw, 2), kFormat);
    REQUIRE(eventually([&] { return static_cast<bool>(lane.hub->newest()); }));
    CHECK(lane.hub->newest()->facts().capturedAtUs == 2);
}
