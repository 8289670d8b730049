#include "hub/frame_hub.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "awaiting.hpp"
#include "base/clock.hpp"
#include "base/fault_code.hpp"
#include "frame_support.hpp"

using namespace camera;
using namespace camera::test;

namespace {

struct Rig {
    std::shared_ptr<Courier> courier = std::make_shared<Courier>();
    std::shared_ptr<FrameHub> hub = FrameHub::create(courier);
    std::shared_ptr<FramePool> pool = FramePool::create(80);

    void publish(int64_t capturedUs) { hub->publish(makeFrame(*pool, std::vector<uint8_t>{1, 2, 3}, capturedUs)); }
    int64_t soon() const { return monotonicUs() + 10'000'000; }
};

struct CountingSink : FrameSink {
    int published = 0;
    void framePublished() override { ++published; }
};

} // namespace

TEST_CASE("a live reader skips to the newest and knows how many it missed") {
    Rig rig;
    CHECK_FALSE(rig.hub->newestAfter(0).frame);
    for (int64_t at : {10, 20, 30}) rig.publish(at);
    const FrameReading first = rig.hub->newestAfter(0);
    CHECK(first.frame->facts().capturedAtUs == 30);
    CHECK(first.skipped == 2);
    CHECK_FALSE(rig.hub->newestAfter(first.cursor).frame);
    rig.publish(40);
    const FrameReading second = rig.hub->newestAfter(first.cursor);
    CHECK(second.frame->facts().capturedAtUs == 40);
    CHECK(second.skipped == 0);
}

TEST_CASE("a reader of every frame gets each one, and gaps are told") {
    Rig rig;
    rig.hub->retain(8);
    for (int64_t at = 1; at <= 8; ++at) rig.publish(at);
    uint64_t cursor = 0;
    for (int64_t at = 1; at <= 8; ++at) {
        const FrameReading reading = rig.hub->nextAfter(cursor);
        REQUIRE(reading.frame);
        CHECK(reading.frame->facts().capturedAtUs == at);
        CHECK(reading.skipped == 0);
        cursor = reading.cursor;
    }
    CHECK_FALSE(rig.hub->nextAfter(cursor).frame);
    for (int64_t at = 9; at <= 20; ++at) rig.publish(at);
    const FrameReading late = rig.hub->nextAfter(cursor);
    CHECK(late.frame->facts().capturedAtUs == 13);
    CHECK(late.skipped == 4);
}

TEST_CASE("a full ring keeps its newest frame and as many others as were asked for") {
    for (const size_t kept : {size_t{1}, size_t{2}, size_t{63}, size_t{64}, size_t{1000}}) {
        CAPTURE(kept);
        Rig rig;
        rig.hub->retain(kept);
        for (int64_t at = 1; at <= 200; ++at) {
            rig.publish(at);
            REQUIRE(rig.hub->newest());
            REQUIRE(rig.hub->newest()->facts().capturedAtUs == at);
        }
        CHECK(rig.hub->nextAfter(0).skipped == 200 - std::min<size_t>(kept, 64));
        rig.hub->retain(1);
        rig.publish(201);
        CHECK(rig.hub->nextAfter(0).skipped == 200);
    }
}

TEST_CASE("a waiter gets the newest frame at once when it is young enough, else the first that is") {
    Rig rig;
    rig.publish(100);
    Awaited<Result<FramePtr>> now, later;
    rig.hub->wait(100, rig.soon(), now.callback());
    CHECK(now.get()->value()->facts().capturedAtUs == 100);
    CHECK_FALSE(rig.hub->wanted());
    rig.hub->wait(150, rig.soon(), later.callback());
    CHECK(rig.hub->wanted());
    rig.publish(149);
    rig.publish(151);
    rig.publish(152);
    CHECK(later.get()->value()->facts().capturedAtUs == 151);
    CHECK_FALSE(rig.hub->wanted());
    CHECK(later.count() == 1);
}

TEST_CASE("a waiter's deadline and the end of the capture answer it once") {
    Rig rig;
    Awaited<Result<FramePtr>> expired, ended;
    rig.hub->wait(100, monotonicUs() + 2000, expired.callback());
    rig.hub->wait(100, rig.soon(), ended.callback());
    CHECK(faultCode(expired.get()->error()) == "TIMEOUT");
    rig.publish(50);
    rig.hub->endCapture(Error{ENODEV, "capture", "x"});
    CHECK(faultCode(ended.get()->error()) == "CAMERA_GONE");
    CHECK_FALSE(rig.hub->newest());
    rig.publish(200);
    CHECK(rig.hub->newestAfter(0).frame->facts().capturedAtUs == 200);
    CHECK(expired.count() == 1);
    CHECK(ended.count() == 1);
}

TEST_CASE("who comes just after the end of the capture hears of it as those who waited did, and waits again once the next begins") {
    Rig rig;
    Awaited<Result<FramePtr>> late, again;
    rig.hub->endCapture(Error{ENODEV, "capture", "x"});
    rig.hub->wait(100, rig.soon(), late.callback());
    CHECK(faultCode(late.get()->error()) == "CAMERA_GONE");
    CHECK_FALSE(rig.hub->wanted());
    rig.hub->beginCapture();
    rig.hub->wait(100, rig.soon(), again.callback());
    CHECK(rig.hub->wanted());
    rig.publish(200);
    CHECK(again.get()->value()->facts().capturedAtUs == 200);
}

TEST_CASE("sinks and viewers make frames wanted, and a removed sink hears nothing more") {
    Rig rig;
    CountingSink sink;
    rig.hub->addSink(&sink);
    CHECK(rig.hub->wanted());
    rig.publish(1);
    rig.hub->removeSink(&sink);
    rig.publish(2);
    CHECK(sink.published == 1);
    CHECK_FALSE(rig.hub->wanted());
    rig.hub->keepEncoding(true);
    CHECK(rig.hub->wanted());
    rig.hub->keepEncoding(false);
    CHECK_FALSE(rig.hub->wanted());
    rig.hub->keepEncoding(false);
    rig.hub->keepEncoding(true);
    CHECK(rig.hub->wanted());
}

TEST_CASE("publishing takes less than 50 microseconds and allocates nothing in the long run") {
    Rig rig;
    CountingSink sink;
    rig.hub->addSink(&sink);
    std::vector<int64_t> tookUs;
    for (int i = 1; i <= 1000; ++i) {
        const int64_t beganUs = monotonicUs();
        rig.publish(i);
        tookUs.push_back(monotonicUs() - beganUs);
    }
    std::nth_element(tookUs.begin(), tookUs.begin() + 500, tookUs.end());
    CHECK(tookUs[500] < 50);
    CHECK(rig.pool->allocations() <= 4);
    rig.hub->removeSink(&sink);
}

TEST_CASE("readers, waiters and a producer get along on many threads") {
    Rig rig;
    std::vector<std::thread> threads;
    std::atomic<bool> over{false};
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] {
            uint64_t cursor = 0;
            int64_t last = 0;
            while (!over) {
                const FrameReading reading = rig.hub->newestAfter(cursor);
                cursor = reading.cursor;
                if (!reading.frame) continue;
                if (reading.frame->facts().capturedAtUs <= last) FAIL_CHECK("went back in time");
                last = reading.frame->facts().capturedAtUs;
            }
        });
    }
    std::vector<Awaited<Result<FramePtr>>> waiting(100);
    for (int64_t at = 1; at <= 2000; ++at) {
        if (at % 20 == 0) rig.hub->wait(at, rig.soon(), waiting[static_cast<size_t>(at / 20 - 1)].callback());
        rig.publish(at);
    }
    for (auto &each : waiting) CHECK(each.get()->ok());
    over = true;
    for (std::thread &thread : threads) thread.join();
}
