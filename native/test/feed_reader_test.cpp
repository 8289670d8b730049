#include "feeds/feed_reader.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "frame_support.hpp"

using namespace camera;
using namespace camera::test;

namespace {

struct Rig {
    std::shared_ptr<FramePool> pool = FramePool::create(80);
    FeedStats stats;
    std::vector<FeedGap> gaps;

    FramePtr frame(int64_t capturedUs, bool keyframe) {
        FrameDraft draft = pool->take(1);
        draft.setSize(1);
        draft.facts().capturedAtUs = capturedUs;
        draft.facts().keyframe = keyframe;
        return draft.finish();
    }
    /// Capture time of the next frame, 0 when there is none.
    int64_t take(QueueReader &queue) {
        const FramePtr next = queue.next();
        if (!next) return 0;
        if (const auto gap = queue.taken(stats)) gaps.push_back(*gap);
        return next->facts().capturedAtUs;
    }
};

} // namespace

TEST_CASE("a queue begins with a key frame; what came before is no gap") {
    Rig rig;
    QueueReader queue({.maxFrames = 4});
    queue.arrived(rig.frame(1, false));
    CHECK(rig.take(queue) == 0);
    queue.arrived(rig.frame(2, true));
    queue.arrived(rig.frame(3, false));
    CHECK(rig.take(queue) == 2);
    CHECK(rig.take(queue) == 3);
    CHECK(rig.take(queue) == 0);
    CHECK(rig.stats.gaps == 0);
    CHECK_FALSE(queue.takeWish());
}

TEST_CASE("a full queue of a recorder keeps what it has and goes on when half is taken and a key frame comes") {
    Rig rig;
    QueueReader queue({.maxFrames = 4});
    for (int64_t at = 1; at <= 6; ++at) queue.arrived(rig.frame(at, at == 1));
    CHECK(queue.takeWish());
    CHECK_FALSE(queue.takeWish());
    CHECK(rig.take(queue) == 1);
    queue.arrived(rig.frame(7, true)); // three still wait
    CHECK(rig.take(queue) == 2);
    queue.arrived(rig.frame(8, false)); // refers to what was left out
    queue.arrived(rig.frame(9, true));
    for (int64_t at : {3, 4, 9}) CHECK(rig.take(queue) == at);
    REQUIRE(rig.gaps.size() == 1);
    CHECK(rig.gaps[0].missed == 4);
    CHECK(rig.gaps[0].atUs == 5);
    CHECK(rig.stats.gaps == 1);
    CHECK(rig.stats.missed == 4);
}

TEST_CASE("a full queue of a live reader is thrown away: it goes on with the next key frame") {
    Rig rig;
    QueueReader queue({.maxFrames = 4, .live = true});
    for (int64_t at = 1; at <= 4; ++at) queue.arrived(rig.frame(at, at == 1));
    // Already shown: the reader may have begun with it.
    CHECK(queue.next()->facts().capturedAtUs == 1);
    for (int64_t at = 5; at <= 7; ++at) queue.arrived(rig.frame(at, false));
    queue.arrived(rig.frame(8, true));
    CHECK(rig.take(queue) == 1);
    CHECK(rig.take(queue) == 8);
    REQUIRE(rig.gaps.size() == 1);
    CHECK(rig.gaps[0].missed == 6);
    CHECK(rig.gaps[0].atUs == 2);
}

TEST_CASE("a second overflow adds to the gap that nobody has seen yet") {
    Rig rig;
    QueueReader queue({.maxFrames = 2, .live = true});
    for (int64_t at = 1; at <= 12; ++at) queue.arrived(rig.frame(at, at % 2 == 1));
    int64_t seen = 0;
    uint64_t frames = 0;
    for (int64_t at = rig.take(queue); at != 0; at = rig.take(queue)) {
        CHECK(at > seen);
        seen = at;
        ++frames;
    }
    CHECK(frames + rig.stats.missed == static_cast<uint64_t>(seen));
    CHECK(rig.gaps.front().atUs == 1);
}
