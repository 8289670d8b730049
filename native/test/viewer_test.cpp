#include "fanout/viewer.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "fanout/multipart.hpp"
#include "viewer_support.hpp"

using namespace camera;
using namespace camera::test;

namespace {

constexpr int64_t kAnyAge = 1'000'000'000;

/// A viewer without a thread, and its client.
struct Stand {
    explicit Stand(ViewerOptions options = {}, int receiveBytes = 0, int sendBytes = 0) {
        auto [server, other] = connectedPair(receiveBytes);
        if (sendBytes > 0) ::setsockopt(server.get(), SOL_SOCKET, SO_SNDBUF, &sendBytes, sizeof sendBytes);
        options.head = kHead;
        client = std::make_unique<Client>(std::move(other));
        viewer = std::make_unique<Viewer>(1, "camera0", std::move(server), options);
        REQUIRE(viewer->open(monotonicUs()) == Viewer::Outcome::Idle);
    }

    FrameOffer make(size_t bytes, int64_t capturedUs = monotonicUs()) {
        ++published;
        FrameDraft draft = pool->take(bytes);
        const auto content = numberedJpeg(static_cast<uint32_t>(published), bytes);
        std::copy(content.begin(), content.end(), draft.room().begin());
        draft.setSize(bytes);
        draft.facts() = {.width = 640, .height = 480, .sequence = static_cast<uint32_t>(published), .capturedAtUs = capturedUs};
        const FramePtr frame = draft.finish();
        return {.frame = frame, .wire = frame->wire(dressAsPart), .number = published};
    }
    Viewer::Outcome offer(size_t bytes) { return viewer->offer(make(bytes), monotonicUs(), kAnyAge); }
    /// As the thread does when the socket says that it has room.
    bool drain(const FrameOffer &newest) {
        return client->readUntil([&] {
            if (viewer->resume(monotonicUs()) == Viewer::Outcome::Idle) viewer->offer(newest, monotonicUs(), kAnyAge);
            return !client->reader.parts.empty() && numberOf(client->last().jpeg) == newest.number;
        });
    }

    std::shared_ptr<FramePool> pool = FramePool::create(64);
    uint64_t published = 0;
    std::unique_ptr<Client> client;
    std::unique_ptr<Viewer> viewer;
};

ViewerOptions wishing(void (*wish)(ViewerOptions &)) {
    ViewerOptions options;
    wish(options);
    return options;
}

} // namespace

TEST_CASE("13.12 pictures that hold line ends, dashes and the boundary itself arrive whole, in parts of the wire form") {
    Stand stand;
    for (int i = 0; i < 3; ++i) CHECK(stand.offer(5000) == Viewer::Outcome::Idle);
    REQUIRE(stand.client->readParts(3));
    CHECK(stand.client->reader.fault.empty());
    CHECK(stand.client->reader.head == kHead);
    for (uint32_t i = 0; i < 3; ++i) {
        const Part &part = stand.client->reader.parts[i];
        CHECK(part.headers.size() == 3);
        CHECK(numberOf(part.jpeg) == i + 1);
        CHECK(part.jpeg.size() == 5000);
    }
    CHECK(stand.viewer->counts().frames == 3);
    CHECK(stand.viewer->counts().bytes == stand.client->bytes);
    CHECK(stand.viewer->counts().skipped == 0);
}

TEST_CASE("a picture is begun once") {
    Stand stand;
    const FrameOffer offer = stand.make(100);
    CHECK(stand.viewer->offer(offer, monotonicUs(), kAnyAge) == Viewer::Outcome::Idle);
    CHECK(stand.viewer->offer(offer, monotonicUs(), kAnyAge) == Viewer::Outcome::Idle);
    CHECK(stand.viewer->counts().frames == 1);
}

TEST_CASE("what was begun is finished, what comes meanwhile is skipped for the newest") {
    Stand stand({}, 4096, 4096);
    REQUIRE(stand.offer(600'000) == Viewer::Outcome::Waiting);
    CHECK(stand.viewer->stats().state == ViewerState::Behind);
    for (int i = 0; i < 4; ++i) CHECK(stand.offer(1000) == Viewer::Outcome::Waiting);
    CHECK(stand.viewer->counts().skipped == 3); // the newest may still be sent
    const FrameOffer newest = stand.make(1000);
    REQUIRE(stand.drain(newest));
    CHECK(stand.client->reader.fault.empty());
    REQUIRE(stand.client->reader.parts.size() == 2);
    CHECK(stand.client->reader.parts[0].jpeg.size() == 600'000);
    CHECK(stand.viewer->counts().skipped == 4);
    CHECK(stand.viewer->counts().frames == 2);
    CHECK(stand.viewer->stats().state == ViewerState::KeepingUp);
}

TEST_CASE("only a viewer that is behind holds a frame") {
    Stand stand({}, 4096, 4096);
    std::weak_ptr<FramePool> pool = stand.pool;
    stand.offer(1000);
    CHECK(stand.pool->allocations() == 1);
    stand.offer(1000);
    CHECK(stand.pool->allocations() == 1);
    REQUIRE(stand.offer(600'000) == Viewer::Outcome::Waiting);
    stand.offer(600'000);
    CHECK(stand.pool->allocations() >= 3);
}

TEST_CASE("a picture of which no byte went out makes room for a newer one") {
    Stand stand({}, 4096, 4096);
    // Fills the socket to the last byte, so that the next picture cannot even begin.
    const std::string filling(1 << 20, 'x');
    while (::send(stand.viewer->socket(), filling.data(), filling.size(), MSG_DONTWAIT) > 0) {
    }
    CHECK(stand.offer(1000) == Viewer::Outcome::Waiting);
    CHECK(stand.viewer->counts().skipped == 0);
    CHECK(stand.viewer->counts().frames == 0);
}

TEST_CASE("a limit of the server counts beside the wish, and ends when it is taken back") {
    Stand stand(wishing([](ViewerOptions &wish) { wish.maxFps = 10; }));
    const int64_t baseUs = monotonicUs();
    // 50 frames per second of a camera, `seconds` long.
    int at = 0;
    const auto taken = [&](int seconds) {
        const uint64_t before = stand.viewer->counts().frames;
        for (const int end = at + seconds * 50; at < end; ++at) {
            stand.viewer->offer(stand.make(100, baseUs + at * 20'000), monotonicUs(), kAnyAge);
        }
        return stand.viewer->counts().frames - before;
    };
    CHECK(taken(10) >= 99);
    stand.viewer->limitRate(1);
    const uint64_t limited = taken(10);
    CHECK(limited >= 9);
    CHECK(limited <= 11);
    CHECK(stand.viewer->counts().skipped == 0);
    stand.viewer->limitRate(0);
    CHECK(taken(10) >= 99);
}

TEST_CASE("a viewer whose rate is capped gets that many, and none of the rest counts as skipped") {
    Stand stand(wishing([](ViewerOptions &wish) { wish.maxFps = 10; }));
    for (int i = 0; i < 90; ++i) {
        stand.viewer->offer(stand.make(100, 1'000'000 + i * 33'333), 1'000'000 + i * 33'333, kAnyAge);
    }
    CHECK(stand.viewer->counts().frames == 31); // the first, then ten a second
    CHECK(stand.viewer->counts().skipped == 0);
}

TEST_CASE("pictures that are too old for the channel or for the viewer are not begun; a placeholder has no age") {
    Stand stand(wishing([](ViewerOptions &wish) { wish.maxAgeMs = 100; }));
    const int64_t nowUs = monotonicUs();
    stand.viewer->offer(stand.make(100, nowUs - 50'000), nowUs, 40'000);
    stand.viewer->offer(stand.make(100, nowUs - 150'000), nowUs, kAnyAge);
    CHECK(stand.viewer->counts().frames == 0);
    stand.viewer->offer(stand.make(100, nowUs - 50'000), nowUs, kAnyAge);
    CHECK(stand.viewer->counts().frames == 1);
    FrameOffer placeholder = stand.make(100, nowUs - 500'000);
    placeholder.online = false;
    stand.viewer->offer(placeholder, nowUs, kAnyAge);
    CHECK(stand.viewer->counts().frames == 2);
}

TEST_CASE("extra headers tell what this viewer missed") {
    Stand stand(wishing([](ViewerOptions &wish) { wish.extraHeaders = true; }));
    stand.offer(100);
    stand.make(100);
    stand.make(100);
    const int64_t nowUs = monotonicUs();
    stand.viewer->offer(stand.make(100, nowUs - 25'000), nowUs, kAnyAge);
    REQUIRE(stand.client->readParts(2));
    CHECK(stand.client->reader.fault.empty());
    const Part &part = stand.client->last();
    CHECK(part.header("X-Frame-Sequence") == "4");
    CHECK(part.header("X-Frame-Online") == "true");
    CHECK(part.header("X-Frame-Width") == "640");
    CHECK(part.header("X-Frame-Height") == "480");
    CHECK(part.header("X-Frame-Dropped") == "2");
    CHECK(part.header("X-Frame-Age-Ms") == "25");
    CHECK(part.jpeg.size() == 100);
}

TEST_CASE("a half sent part with headers of its own goes on where it stopped") {
    Stand stand(wishing([](ViewerOptions &wish) { wish.extraHeaders = true; }), 4096, 4096);
    REQUIRE(stand.offer(600'000) == Viewer::Outcome::Waiting);
    REQUIRE(stand.drain(stand.make(50'000)));
    CHECK(stand.client->reader.fault.empty());
    CHECK(stand.client->reader.parts.size() == 2);
}

TEST_CASE("with advance headers each picture is followed by the boundary and the headers of the next") {
    Stand stand(wishing([](ViewerOptions &wish) { wish.advanceHeaders = wish.extraHeaders = true; }));
    const std::string jpeg = [&] {
        const auto bytes = numberedJpeg(1, 200);
        return std::string(bytes.begin(), bytes.end());
    }();
    stand.offer(200);
    const std::string next = "--frame\r\nContent-Type: image/jpeg\r\n\r\n";
    CHECK(stand.viewer->finish(monotonicUs()) == Viewer::Outcome::Idle);
    const std::string expected = kHead + next + jpeg + "\r\n" + next + "\r\n--frame--\r\n";
    std::string got(expected.size() + 1, '\0');
    ::shutdown(stand.viewer->socket(), SHUT_WR);
    got.resize(static_cast<size_t>(::recv(stand.client->fd(), got.data(), got.size(), MSG_WAITALL)));
    CHECK(got == expected);
}

TEST_CASE("the last picture can be sent a second time, once it is out") {
    Stand stand(wishing([](ViewerOptions &wish) { wish.dualFinalFrames = true; }));
    const FrameOffer offer = stand.make(100);
    CHECK(stand.viewer->repeat(offer, monotonicUs()) == Viewer::Outcome::Idle); // not begun yet: nothing to repeat
    stand.viewer->offer(offer, monotonicUs(), kAnyAge);
    stand.viewer->repeat(offer, monotonicUs());
    REQUIRE(stand.client->readParts(2));
    CHECK(numberOf(stand.client->reader.parts[0].jpeg) == 1);
    CHECK(numberOf(stand.client->reader.parts[1].jpeg) == 1);
    CHECK(stand.viewer->counts().skipped == 0);
}

TEST_CASE("the end comes after the picture that was begun, and nothing after it") {
    Stand stand({}, 4096, 4096);
    REQUIRE(stand.offer(600'000) == Viewer::Outcome::Waiting);
    REQUIRE(stand.viewer->finish(monotonicUs()) == Viewer::Outcome::Waiting);
    CHECK(stand.viewer->stats().state == ViewerState::Ending);
    CHECK(stand.client->readUntil([&] {
        stand.viewer->resume(monotonicUs());
        return stand.client->reader.closed;
    }));
    CHECK(stand.offer(100) == Viewer::Outcome::Idle);
    CHECK(stand.client->reader.fault.empty());
    CHECK(stand.client->reader.parts.size() == 1);
}

TEST_CASE("a connection that is gone is told at the next send") {
    Stand stand;
    stand.client->close();
    CHECK(eventually([&] { return stand.offer(100'000) == Viewer::Outcome::Broken; }));
}

TEST_CASE("a viewer that takes nothing stalls; one that takes a little does not") {
    Stand stand({}, 4096, 4096);
    const int64_t startUs = monotonicUs();
    CHECK(stand.viewer->stalledUs(startUs) == 0);
    REQUIRE(stand.viewer->offer(stand.make(4'000'000), startUs, kAnyAge) == Viewer::Outcome::Waiting);
    // A while passes until the kernels have settled what they take by themselves; then a long one without a byte.
    int64_t atUs = startUs;
    const auto stalled = [&](int64_t longerUs) { return stand.viewer->stalledUs(atUs += longerUs); };
    CHECK(eventually([&] { return stalled(1000) > 100'000; }));
    CHECK(stalled(5'000'000) > 5'000'000);
    CHECK(stand.client->readUntil([&] {
        stand.viewer->resume(atUs);
        return stalled(1000) < 100'000;
    }));
}

TEST_CASE("what the core keeps for a viewer is far below 4 KiB") { CHECK(sizeof(Viewer) + 2048 < 4096); }
