#include "fanout/fanout_server.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/fault_code.hpp"
#include "viewer_support.hpp"

using namespace camera;
using namespace camera::test;

namespace {

/// Keeps how viewers ended.
class EndLog {
public:
    FanoutServer::Ended listener() {
        return [this](const ViewerEvent &event) {
            const std::lock_guard lock(mutex_);
            events_[event.viewer] = event;
        };
    }
    size_t count() const {
        const std::lock_guard lock(mutex_);
        return events_.size();
    }
    std::optional<ViewerEvent> of(uint64_t viewer) {
        eventually([&] {
            const std::lock_guard lock(mutex_);
            return events_.contains(viewer);
        });
        const std::lock_guard lock(mutex_);
        const auto found = events_.find(viewer);
        return found == events_.end() ? std::nullopt : std::optional(found->second);
    }

private:
    mutable std::mutex mutex_;
    std::map<uint64_t, ViewerEvent> events_;
};

struct Studio {
    explicit Studio(FanoutOptions options = {}) : server(options, ends.listener()) {}

    void publish(size_t bytes = 2000, int64_t capturedUs = monotonicUs()) { publishIn(*hub, bytes, capturedUs); }
    void publishIn(FrameHub &to, size_t bytes, int64_t capturedUs) {
        to.publish(makeFrame(*pool, numberedJpeg(++published, bytes), capturedUs));
    }
    Client add(const ViewerOptions &wish = {}, int receiveBytes = 0) {
        auto [socket, other] = connectedPair(receiveBytes);
        ViewerOptions options = wish;
        options.head = kHead;
        const auto added = server.addViewer(socket.get(), "camera0", options);
        REQUIRE(added.ok());
        lastViewer = added.value();
        return Client(std::move(other));
    }
    ViewerCounts counts(uint64_t viewer) {
        for (const ViewerStats &stats : server.viewers("camera0")) {
            if (stats.viewer == viewer) return stats.counts;
        }
        return {};
    }
    /// Until the viewer has been sent so many frames: only then the next is no race with the last.
    bool sent(uint64_t viewer, uint64_t frames) {
        return eventually([&] { return counts(viewer).frames >= frames; });
    }

    EndLog ends;
    std::shared_ptr<Courier> courier = std::make_shared<Courier>();
    std::shared_ptr<FrameHub> hub = FrameHub::create(courier);
    std::shared_ptr<FramePool> pool = FramePool::create(64);
    FanoutServer server;
    uint32_t published = 0;
    uint64_t lastViewer = 0;
};

bool isOnline(const Part &part) { return part.header("X-Frame-Online") != "false"; }

} // namespace

TEST_CASE("every viewer that keeps up gets every frame, on one thread and on several") {
    for (const int threads : {1, 3}) {
        Studio studio({.threads = threads});
        REQUIRE(studio.server.showSource("camera0", studio.hub).ok());
        std::vector<Client> clients;
        std::vector<uint64_t> viewers;
        for (int i = 0; i < 8; ++i) {
            clients.push_back(studio.add());
            viewers.push_back(studio.lastViewer);
            REQUIRE(clients.back().readUntil([&] { return !clients.back().reader.head.empty(); }));
        }
        for (uint32_t frame = 1; frame <= 20; ++frame) {
            studio.publish();
            for (const uint64_t viewer : viewers) REQUIRE(studio.sent(viewer, frame));
        }
        for (Client &client : clients) {
            REQUIRE(client.readParts(20));
            CHECK(client.reader.fault.empty());
            for (uint32_t i = 0; i < 20; ++i) CHECK(numberOf(client.reader.parts[i].jpeg) == i + 1);
        }
    }
}

TEST_CASE("who comes later gets the newest frame at once if it is young enough") {
    Studio studio;
    REQUIRE(studio.server.setMaxFrameAge("camera0", 1000).ok());
    REQUIRE(studio.server.showSource("camera0", studio.hub).ok());
    studio.publish();
    Client first = studio.add();
    REQUIRE(first.readParts(1));
    Client second = studio.add();
    REQUIRE(second.readParts(1));
    CHECK(numberOf(second.last().jpeg) == 1);
    CHECK(isOnline(second.last()));
}

TEST_CASE("a hub is asked for frames only while somebody watches") {
    Studio studio;
    REQUIRE(studio.server.showSource("camera0", studio.hub).ok());
    CHECK_FALSE(studio.hub->wanted());
    Client client = studio.add();
    CHECK(eventually([&] { return studio.hub->wanted(); }));
    client.close();
    CHECK(eventually([&] { return !studio.hub->wanted(); }));
    Client again = studio.add();
    CHECK(eventually([&] { return studio.hub->wanted(); }));
    REQUIRE(studio.server.showPlaceholder("camera0", {}).ok());
    CHECK(eventually([&] { return !studio.hub->wanted(); }));
}

TEST_CASE("the peer's close is seen at once, without a frame") {
    Studio studio;
    Client client = studio.add();
    const uint64_t viewer = studio.lastViewer;
    CHECK(studio.server.viewerCount("camera0") == 1);
    const int64_t fromUs = monotonicUs();
    client.close();
    const auto end = studio.ends.of(viewer);
    REQUIRE(end);
    CHECK(end->why == ViewerEnd::Closed);
    CHECK(end->channel == "camera0");
    CHECK(end->atUs - fromUs < 1'000'000);
    CHECK(studio.server.viewerCount("camera0") == 0);
}

TEST_CASE("what viewers were sent is summed up over those that are there and those that have gone") {
    Studio studio;
    REQUIRE(studio.server.showPlaceholder("camera0", {.width = 64, .height = 48, .text = "NO DEVICE"}).ok());
    Client first = studio.add();
    const uint64_t gone = studio.lastViewer;
    REQUIRE(first.readParts(1));
    first.close();
    const auto end = studio.ends.of(gone);
    REQUIRE(end);
    REQUIRE(end->counts.frames >= 1);
    CHECK(studio.server.totals().frames == end->counts.frames);
    Client second = studio.add();
    REQUIRE(second.readParts(1));
    CHECK(eventually([&] { return studio.server.totals().frames > end->counts.frames; }));
    CHECK(studio.server.totals().bytes > end->counts.bytes);
}

TEST_CASE("a placeholder comes at once and then once per second, marked as such; live frames follow on the same connection") {
    Studio studio;
    REQUIRE(studio.server.showPlaceholder("camera0", {.width = 64, .height = 48, .text = "NO DEVICE"}).ok());
    Client client = studio.add();
    REQUIRE(client.readParts(3));
    CHECK(client.reader.fault.empty());
    for (const Part &part : client.reader.parts) CHECK_FALSE(isOnline(part));
    for (size_t i = 1; i < 3; ++i) {
        const double gap = client.reader.parts[i].timestamp() - client.reader.parts[i - 1].timestamp();
        CHECK(gap > 0.8);
        CHECK(gap < 1.5);
    }
    REQUIRE(studio.server.showSource("camera0", studio.hub).ok());
    studio.publish();
    REQUIRE(client.readUntil([&] { return isOnline(client.last()); }));
    CHECK(numberOf(client.last().jpeg) == 1);
    // Another reason is another picture, at once.
    REQUIRE(studio.server.showPlaceholder("camera0", {.width = 64, .height = 48, .text = "BUSY"}).ok());
    REQUIRE(client.readUntil([&] { return !isOnline(client.last()); }));
    CHECK(client.last().jpeg != client.reader.parts[0].jpeg);
    CHECK(client.reader.fault.empty());
}

TEST_CASE("when nothing fresh comes for the age limit the placeholder is shown, until something does") {
    Studio studio;
    REQUIRE(studio.server.setMaxFrameAge("camera0", 300).ok());
    REQUIRE(studio.server.showSource("camera0", studio.hub).ok());
    Client client = studio.add();
    studio.publish();
    REQUIRE(client.readParts(1));
    CHECK(isOnline(client.last()));
    studio.publish(2000, monotonicUs() - 400'000); // too old when it comes
    REQUIRE(client.readParts(2));
    CHECK_FALSE(isOnline(client.last()));
    const double gap = client.reader.parts[1].timestamp() - client.reader.parts[0].timestamp();
    CHECK(gap > 0.28);
    CHECK(gap < 1.0);
    studio.publish();
    REQUIRE(client.readUntil([&] { return isOnline(client.last()); }));
    CHECK(numberOf(client.last().jpeg) == 3);
}

TEST_CASE("viewers stay when their channel shows another source") {
    Studio studio;
    const auto other = FrameHub::create(studio.courier);
    REQUIRE(studio.server.showSource("camera0", studio.hub).ok());
    Client client = studio.add();
    studio.publish();
    REQUIRE(client.readParts(1));
    REQUIRE(studio.server.showSource("camera0", other).ok());
    CHECK(eventually([&] { return other->wanted() && !studio.hub->wanted(); }));
    studio.publish(); // nobody looks at this one any more
    studio.publishIn(*other, 3000, monotonicUs());
    REQUIRE(client.readParts(2));
    CHECK(numberOf(client.last().jpeg) == 3);
    CHECK(studio.counts(studio.lastViewer).skipped == 0);
}

TEST_CASE("13.13 a slow viewer leaves the others alone, holds one frame, and its next one is the newest") {
    Studio studio;
    REQUIRE(studio.server.showSource("camera0", studio.hub).ok());
    Client fast = studio.add();
    const uint64_t fastViewer = studio.lastViewer;
    Client slow = studio.add({}, 8192);
    const uint64_t slowViewer = studio.lastViewer;
    size_t settled = 0;
    for (uint32_t frame = 1; frame <= 300; ++frame) {
        studio.publish(100'000);
        REQUIRE(fast.readParts(frame));
        REQUIRE(studio.sent(fastViewer, frame));
        slow.read(std::chrono::milliseconds(0), 1000);
        if (frame == 100) settled = studio.pool->allocations();
    }
    CHECK(fast.reader.fault.empty());
    CHECK(studio.counts(fastViewer).skipped == 0);
    CHECK(studio.pool->allocations() == settled);
    const size_t complete = slow.reader.parts.size();
    REQUIRE(slow.readUntil([&] { return slow.reader.parts.size() > complete && numberOf(slow.last().jpeg) == 300; }));
    CHECK(slow.reader.fault.empty());
    CHECK(studio.counts(slowViewer).skipped > 200);
}

TEST_CASE("a viewer that takes nothing is dropped after the limit, the others are not") {
    Studio studio({.stallMs = 300});
    REQUIRE(studio.server.showSource("camera0", studio.hub).ok());
    Client reader = studio.add();
    Client stuck = studio.add({}, 8192);
    const uint64_t stuckViewer = studio.lastViewer;
    CHECK(reader.readUntil([&] {
        studio.publish(1'000'000);
        return studio.ends.count() > 0;
    }));
    const auto end = studio.ends.of(stuckViewer);
    REQUIRE(end);
    CHECK(end->why == ViewerEnd::Stalled);
    CHECK(studio.ends.count() == 1);
}

TEST_CASE("a final picture is sent twice to who wants that") {
    Studio studio;
    REQUIRE(studio.server.showSource("camera0", studio.hub).ok());
    ViewerOptions wish;
    wish.dualFinalFrames = true;
    Client twice = studio.add(wish);
    Client once = studio.add();
    studio.publish();
    REQUIRE(twice.readParts(2));
    CHECK(twice.reader.parts[0].jpeg == twice.reader.parts[1].jpeg);
    once.read(std::chrono::milliseconds(100));
    CHECK(once.reader.parts.size() == 1);
}

TEST_CASE("what was final for a viewer that has gone is not sent to the next one") {
    Studio studio;
    REQUIRE(studio.server.showSource("camera0", studio.hub).ok());
    ViewerOptions wish;
    wish.dualFinalFrames = true;
    Client leaving = studio.add(wish);
    studio.publish();
    REQUIRE(leaving.readParts(1));
    leaving.close();
    REQUIRE(studio.ends.of(studio.lastViewer));
    studio.hub->endCapture(Error{0, kStepNotStreaming, {}});
    Client next = studio.add(wish);
    REQUIRE(next.readUntil([&] { return !next.reader.head.empty(); }));
    next.read(std::chrono::milliseconds(300));
    CHECK(next.reader.parts.empty());
    studio.publish();
    REQUIRE(next.readParts(2));
    CHECK(numberOf(next.reader.parts[0].jpeg) == 2);
    CHECK(numberOf(next.reader.parts[1].jpeg) == 2);
    CHECK(next.reader.fault.empty());
}

TEST_CASE("an ended viewer gets the closing boundary and then the end, the others go on") {
    Studio studio;
    REQUIRE(studio.server.showSource("camera0", studio.hub).ok());
    Client leaving = studio.add();
    const uint64_t viewer = studio.lastViewer;
    Client staying = studio.add();
    studio.publish();
    REQUIRE(leaving.readParts(1));
    studio.server.endViewer(viewer);
    REQUIRE(leaving.readToEnd());
    CHECK(leaving.reader.closed);
    CHECK(leaving.reader.fault.empty());
    leaving.close();
    CHECK(studio.ends.of(viewer)->why == ViewerEnd::Ended);
    studio.publish();
    REQUIRE(staying.readParts(2));
    studio.server.endViewers("camera1");
    studio.server.endViewer(4711);
    studio.server.endViewers("camera0");
    REQUIRE(staying.readToEnd());
    CHECK(staying.reader.closed);
}

TEST_CASE("a viewer that does not close after the end is cut off") {
    Studio studio({.lingerMs = 100});
    Client client = studio.add();
    studio.server.endViewers({});
    CHECK(studio.ends.of(studio.lastViewer)->why == ViewerEnd::Ended);
    CHECK(client.readToEnd());
}

TEST_CASE("limits hold per channel and in all, and a place is free again when a viewer has gone") {
    Studio studio({.max = 3, .maxPerChannel = 2});
    Client first = studio.add();
    const uint64_t firstViewer = studio.lastViewer;
    Client second = studio.add();
    auto [socket, other] = connectedPair();
    const auto refused = studio.server.addViewer(socket.get(), "camera0", {});
    REQUIRE_FALSE(refused.ok());
    CHECK(faultCode(refused.error()) == "TOO_MANY_VIEWERS");
    REQUIRE(studio.server.addViewer(socket.get(), "camera1", {}).ok());
    CHECK_FALSE(studio.server.addViewer(socket.get(), "camera2", {}).ok());
    first.close();
    REQUIRE(studio.ends.of(firstViewer));
    CHECK(studio.server.addViewer(socket.get(), "camera0", {}).ok());
}

TEST_CASE("what is no socket is refused, and the caller's descriptor stays open") {
    Studio studio;
    const auto closed = studio.server.addViewer(-1, "camera0", {});
    CHECK(closed.error().step == "dup");
    UniqueFd file(::open("/dev/null", O_RDWR | O_CLOEXEC));
    CHECK(studio.server.addViewer(file.get(), "camera0", {}).error().step == "socket");
    CHECK(::fcntl(file.get(), F_GETFD) >= 0);
    CHECK(studio.server.viewerCount("camera0") == 0);
}

TEST_CASE("stop ends every viewer in order and cuts off who hangs; afterwards all is aborted") {
    Studio studio;
    REQUIRE(studio.server.showSource("camera0", studio.hub).ok());
    Client reading = studio.add();
    Client stuck = studio.add({}, 8192);
    studio.publish(4'000'000);
    std::jthread reader([&] {
        reading.readToEnd();
        reading.close();
    });
    const int64_t fromUs = monotonicUs();
    studio.server.stop(500);
    CHECK(monotonicUs() - fromUs < 2'000'000);
    reader.join();
    CHECK(reading.reader.closed);
    CHECK(studio.ends.count() == 2);
    CHECK_FALSE(studio.hub->wanted());
    CHECK(studio.server.showSource("camera0", studio.hub).error().step == kStepAborted);
    CHECK(studio.server.addViewer(0, "camera0", {}).error().step == kStepAborted);
    studio.server.stop(500);
}

TEST_CASE("viewers come and go while sources, placeholders and frames do") {
    Studio studio({.threads = 2});
    const auto other = FrameHub::create(studio.courier);
    std::atomic<bool> over{false};
    std::jthread publisher([&] {
        const auto pool = FramePool::create(16);
        for (uint32_t number = 1; !over; ++number) {
            const FramePtr frame = makeFrame(*pool, numberedJpeg(number, 20'000), monotonicUs());
            studio.hub->publish(frame);
            other->publish(frame);
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    });
    std::jthread director([&] {
        for (int turn = 0; !over; ++turn) {
            if (turn % 3 == 0) static_cast<void>(studio.server.showSource("camera0", studio.hub));
            if (turn % 3 == 1) static_cast<void>(studio.server.showSource("camera0", other));
            if (turn % 3 == 2) static_cast<void>(studio.server.showPlaceholder("camera0", {.width = 64, .height = 48, .text = "BUSY"}));
            for (const ViewerStats &stats : studio.server.viewers("camera0")) CHECK(stats.viewer > 0);
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
    });
    for (int round = 0; round < 200; ++round) {
        Client client = studio.add({}, round % 4 == 0 ? 8192 : 0);
        REQUIRE(client.readParts(round % 3 == 0 ? 0 : 2));
        CHECK(client.reader.fault.empty());
        if (round % 5 == 0) studio.server.endViewer(studio.lastViewer);
    }
    over = true;
    publisher.join();
    director.join();
    CHECK(eventually([&] { return studio.ends.count() == 200; }));
    CHECK(studio.server.viewerCount("camera0") == 0);
}
