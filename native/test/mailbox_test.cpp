#include "mailbox.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

using namespace camera;
using namespace camera::binding;

namespace {

std::shared_ptr<const CoreEvent> numbered(uint64_t seq) {
    auto event = std::make_shared<CoreEvent>();
    event->seq = seq;
    return event;
}

} // namespace

TEST_CASE("a mailbox wakes its owner once for all that gathers before it looks") {
    int wakeUps = 0;
    Mailbox<int> mailbox(8, [&] { ++wakeUps; });
    mailbox.post(1, numbered(1));
    mailbox.post(1, numbered(2));
    mailbox.post(42);
    CHECK(wakeUps == 1);

    const auto batch = mailbox.take();
    REQUIRE(batch.events.size() == 2);
    CHECK(batch.events[0].event->seq == 1);
    CHECK(batch.events[1].event->seq == 2);
    CHECK(batch.outcomes == std::vector{42});

    mailbox.post(1, numbered(3));
    CHECK(wakeUps == 2);
}

TEST_CASE("a full mailbox replaces what waits for a view by one event that says so, and keeps the rest") {
    Mailbox<int> mailbox(3, [] {});
    mailbox.post(7);
    mailbox.post(2, numbered(1));
    mailbox.post(1, numbered(1));
    mailbox.post(1, numbered(2));
    mailbox.post(1, numbered(3));
    mailbox.post(1, numbered(4));

    const auto batch = mailbox.take();
    REQUIRE(batch.events.size() == 3);
    CHECK(batch.events[0].view == 2);
    CHECK_FALSE(batch.events[0].lost);
    CHECK(batch.events[1].event->seq == 3);
    CHECK(batch.events[1].lost);
    CHECK(batch.events[2].event->seq == 4);
    CHECK_FALSE(batch.events[2].lost);
    CHECK(batch.outcomes == std::vector{7});
}

TEST_CASE("a full mailbox keeps what tells of the end of a viewer or a feed, since no list shows that later") {
    const auto viewerEnd = [](uint64_t viewer) {
        auto event = std::make_shared<CoreEvent>();
        ViewerEvent fact;
        fact.viewer = viewer;
        event->fact = fact;
        return event;
    };
    const auto ofFeed = [](uint64_t feed, std::optional<FeedGap> gap) {
        auto event = std::make_shared<CoreEvent>();
        CaptureEvent fact;
        fact.feed = feed;
        fact.gap = gap;
        event->fact = fact;
        return event;
    };
    Mailbox<int> mailbox(2, [] {});
    for (uint64_t viewer = 1; viewer <= 4; ++viewer) mailbox.post(1, viewerEnd(viewer));
    mailbox.post(1, numbered(1));
    mailbox.post(1, ofFeed(5, FeedGap{}));
    mailbox.post(1, ofFeed(5, {}));
    mailbox.post(1, numbered(2));

    const auto batch = mailbox.take();
    REQUIRE(batch.events.size() == 6);
    for (size_t at = 0; at < 4; ++at) CHECK(std::get<ViewerEvent>(batch.events[at].event->fact).viewer == at + 1);
    CHECK(std::get<CaptureEvent>(batch.events[4].event->fact).feed == 5);
    CHECK_FALSE(std::get<CaptureEvent>(batch.events[4].event->fact).gap);
    CHECK(batch.events[5].event->seq == 2);
    for (size_t at = 0; at < 6; ++at) CHECK(batch.events[at].lost == (at == 5));

    mailbox.post(1, numbered(3));
    mailbox.post(1, numbered(4));
    CHECK(mailbox.take().events.size() == 2);
}

TEST_CASE("a closed mailbox forgets what waits and never wakes anybody again") {
    int wakeUps = 0;
    auto held = std::make_shared<int>(1);
    Mailbox<std::shared_ptr<int>> mailbox(3, [&] { ++wakeUps; });
    mailbox.post(held);
    mailbox.close();
    CHECK(held.use_count() == 1);
    mailbox.post(held);
    mailbox.post(1, numbered(1));
    CHECK(wakeUps == 1);
    CHECK(held.use_count() == 1);
    CHECK(mailbox.take().outcomes.empty());
}

TEST_CASE("a mailbox loses no outcome between many threads that post and one that takes") {
    constexpr int kThreads = 4;
    constexpr int kEach = 2000;
    std::atomic<int> wakeUps = 0;
    Mailbox<int> mailbox(8, [&] {
        ++wakeUps;
        wakeUps.notify_one();
    });
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
        threads.emplace_back([&mailbox] {
            for (int count = 0; count < kEach; ++count) mailbox.post(1);
        });
    }
    int taken = 0;
    for (int seen = 0; taken < kThreads * kEach;) {
        wakeUps.wait(seen);
        seen = wakeUps.load();
        taken += static_cast<int>(mailbox.take().outcomes.size());
    }
    for (auto &thread : threads) thread.join();
    CHECK(taken == kThreads * kEach);
}
