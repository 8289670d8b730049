#include "pipe_feed.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include "awaiting.hpp"
#include "fault_code.hpp"
#include "frame_support.hpp"
#include "unique_fd.hpp"

using namespace camera;
using namespace camera::test;

namespace {

/// A frame that says how long it is and what its bytes are, so that a torn one is seen.
std::vector<uint8_t> payload(uint32_t number, size_t bytes) {
    std::vector<uint8_t> content(bytes, static_cast<uint8_t>(number * 37 + 1));
    const auto size = static_cast<uint32_t>(bytes);
    std::memcpy(content.data(), &size, 4);
    std::memcpy(content.data() + 4, &number, 4);
    return content;
}

struct Rig {
    struct End {
        uint64_t feed;
        std::string source;
        FeedEnd why;
    };
    std::shared_ptr<Courier> courier = std::make_shared<Courier>();
    std::shared_ptr<FrameHub> hub = FrameHub::create(courier);
    std::shared_ptr<FramePool> pool = FramePool::create();
    Awaited<End> ended;
    PipeFeeds feeds{[tell = ended.callback()](uint64_t feed, const std::string &source, FeedEnd why) { tell({feed, source, why}); }};
    uint32_t published = 0;

    void publish(size_t bytes) {
        ++published;
        hub->publish(makeFrame(*pool, payload(published, bytes), published));
    }
    FeedInfo open(int stallMs = 60'000) {
        auto info = feeds.open("cam", hub, {.stallMs = stallMs});
        REQUIRE(info.ok());
        return info.value();
    }
    /// The child's end: ours is closed as after a spawn.
    UniqueFd reader(const FeedInfo &info) {
        UniqueFd copy(::fcntl(info.readFd, F_DUPFD_CLOEXEC, 0));
        feeds.closeReadEnd(info.id);
        return copy;
    }
    FeedStats stats(const FeedInfo &info) const { return feeds.stats(info.id).value(); }
};

/// Reads one whole frame and returns its number; 0 at the end of the stream.
uint32_t readFrame(const UniqueFd &fd) {
    const auto fill = [&](uint8_t *to, size_t bytes) {
        for (size_t at = 0; at < bytes;) {
            const ssize_t count = ::read(fd.get(), to + at, bytes - at);
            if (count <= 0) return false;
            at += static_cast<size_t>(count);
        }
        return true;
    };
    std::array<uint8_t, 8> head{};
    if (!fill(head.data(), head.size())) return 0;
    uint32_t bytes = 0;
    uint32_t number = 0;
    std::memcpy(&bytes, head.data(), 4);
    std::memcpy(&number, head.data() + 4, 4);
    std::vector<uint8_t> rest(bytes - 8);
    REQUIRE(fill(rest.data(), rest.size()));
    const auto expected = payload(number, bytes);
    CHECK(std::equal(rest.begin(), rest.end(), expected.begin() + 8));
    return number;
}

} // namespace

TEST_CASE("a reader that keeps up gets every frame, the newest one first") {
    Rig rig;
    rig.publish(1000);
    rig.publish(1000);
    const FeedInfo info = rig.open();
    const UniqueFd reader = rig.reader(info);
    CHECK(readFrame(reader) == 2);
    for (uint32_t number = 3; number < 50; ++number) {
        rig.publish(20'000 + number * 100);
        CHECK(readFrame(reader) == number);
    }
    REQUIRE(eventually([&] { return rig.stats(info).frames == 48; }));
    CHECK(rig.stats(info).dropped == 0);
    CHECK(rig.stats(info).bytes > 48 * 1000);
}

TEST_CASE("a slow reader gets whole frames and the newest ones; the others are counted") {
    Rig rig;
    const FeedInfo info = rig.open();
    const UniqueFd reader = rig.reader(info);
    rig.publish(100'000);
    REQUIRE(eventually([&] { return rig.stats(info).frames == 1; }));
    for (int i = 0; i < 100; ++i) rig.publish(100'000);
    // Nothing but whole frames lies in the pipe, although there is room for a part of one.
    const auto queued = [&] {
        int bytes = 0;
        ::ioctl(reader.get(), FIONREAD, &bytes);
        return static_cast<uint64_t>(bytes);
    };
    REQUIRE(eventually([&] { return queued() > 100'000 && queued() == rig.stats(info).bytes; }));
    CHECK(queued() % 100'000 == 0);
    uint32_t last = 0;
    uint32_t received = 0;
    while (last < 101) {
        const uint32_t number = readFrame(reader);
        REQUIRE(number > last);
        last = number;
        ++received;
    }
    CHECK(received < 40);
    REQUIRE(eventually([&] { return rig.stats(info).frames == received; }));
    CHECK(rig.stats(info).dropped == 101 - received);
}

TEST_CASE("frames larger than the pipe go through in pieces, whole for the reader") {
    Rig rig;
    const FeedInfo info = rig.open();
    const UniqueFd reader = rig.reader(info);
    for (uint32_t number = 1; number <= 3; ++number) {
        rig.publish(5'000'000);
        CHECK(readFrame(reader) == number);
    }
}

TEST_CASE("a reader that dies ends the feed, also when no frame comes") {
    Rig rig;
    const FeedInfo info = rig.open();
    {
        const UniqueFd reader = rig.reader(info);
    }
    const auto end = rig.ended.get();
    REQUIRE(end.has_value());
    CHECK(end->feed == info.id);
    CHECK(end->source == "cam");
    CHECK(end->why == FeedEnd::BrokenPipe);
    CHECK_FALSE(rig.feeds.stats(info.id).has_value());
    CHECK(rig.feeds.count("cam") == 0);
    rig.publish(1000);
    rig.feeds.close(info.id);
    CHECK(rig.ended.count() == 1);
    CHECK_FALSE(rig.hub->wanted());
}

TEST_CASE("a reader that takes nothing is given up, one that takes little is not") {
    Rig rig;
    const FeedInfo dead = rig.open(150);
    const UniqueFd unread = rig.reader(dead);
    const FeedInfo slow = rig.open(150);
    const UniqueFd reader = rig.reader(slow);
    std::array<uint8_t, 8192> chunk{};
    REQUIRE(eventually([&] {
        rig.publish(400'000);
        static_cast<void>(!::read(reader.get(), chunk.data(), chunk.size()));
        return rig.ended.count() > 0;
    }));
    CHECK(rig.ended.get()->feed == dead.id);
    CHECK(rig.ended.get()->why == FeedEnd::Stalled);
    CHECK(rig.feeds.stats(slow.id).has_value());
}

TEST_CASE("a feed without frames is not stalled") {
    Rig rig;
    const FeedInfo quiet = rig.open(1);
    const UniqueFd reader = rig.reader(quiet);
    rig.publish(1000);
    CHECK(readFrame(reader) == 1);
    const FeedInfo other = rig.open(60'000);
    const UniqueFd second = rig.reader(other);
    CHECK(readFrame(second) == 1);
    CHECK(rig.feeds.count("cam") == 2);
    CHECK(rig.ended.count() == 0);
}

TEST_CASE("closing tells once, ends the reader's stream, and stopping closes the rest") {
    Rig rig;
    const FeedInfo first = rig.open();
    const UniqueFd reader = rig.reader(first);
    const FeedInfo second = rig.open();
    rig.feeds.close(first.id);
    rig.feeds.close(first.id);
    CHECK(rig.ended.count() == 1);
    CHECK(rig.ended.get()->why == FeedEnd::Closed);
    CHECK(readFrame(reader) == 0);
    CHECK(rig.feeds.stop(5000));
    CHECK(rig.ended.count() == 2);
    CHECK_FALSE(rig.feeds.stats(second.id).has_value());
    CHECK(faultCode(rig.feeds.open("cam", rig.hub, {}).error()) == "ABORTED");
}

TEST_CASE("the child's end blocks, ours does not") {
    Rig rig;
    const FeedInfo info = rig.open();
    CHECK((::fcntl(info.readFd, F_GETFL) & O_NONBLOCK) == 0);
    CHECK((::fcntl(info.readFd, F_GETFD) & FD_CLOEXEC) != 0);
}
