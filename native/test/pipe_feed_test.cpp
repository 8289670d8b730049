#include "feeds/pipe_feed.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include "awaiting.hpp"
#include "base/fault_code.hpp"
#include "frame_support.hpp"
#include "h264_support.hpp"
#include "jpeg_support.hpp"
#include "base/unique_fd.hpp"

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
    std::shared_ptr<H264Hub> h264 = std::make_shared<H264Hub>(courier);
    const FeedHubs hubs{hub, h264};
    std::shared_ptr<FramePool> pool = FramePool::create();
    Awaited<End> ended;
    Awaited<FeedGap> gapped;
    PipeFeeds feeds{[tell = ended.callback()](uint64_t feed, const std::string &source, FeedEnd why) { tell({feed, source, why}); },
                    [tell = gapped.callback()](uint64_t, const std::string &, const FeedGap &gap) { tell(gap); }};
    uint32_t published = 0;

    void publish(size_t bytes) {
        ++published;
        hub->publish(makeFrame(*pool, payload(published, bytes), published));
    }
    FeedInfo open(int stallMs = 60'000) { return open(FeedOptions{.stallMs = stallMs}); }
    FeedInfo open(const FeedOptions &options) {
        auto info = feeds.open("cam", hubs, options);
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

TEST_CASE("a feed may go on in the pipe of one that ended") {
    Rig rig;
    const FeedInfo first = rig.open();
    const UniqueFd child = rig.reader(first);
    rig.publish(1'000);
    CHECK(readFrame(child) == 1);
    const std::string end = "/proc/self/fd/" + std::to_string(child.get());
    const UniqueFd kept(::open(end.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    rig.feeds.close(first.id);

    const FeedInfo second = rig.open({.stallMs = 60'000, .intoFd = kept.get()});
    CHECK(second.readFd == -1);
    CHECK(readFrame(child) == 1); // the newest there is
    rig.publish(200'000);
    CHECK(readFrame(child) == 2);
    CHECK(rig.stats(second).frames == 2);
}

TEST_CASE("a feed into a pipe whose child is gone ends like one whose child dies") {
    Rig rig;
    const FeedInfo first = rig.open();
    UniqueFd child = rig.reader(first);
    const std::string end = "/proc/self/fd/" + std::to_string(child.get());
    const UniqueFd kept(::open(end.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    child.reset();
    rig.feeds.close(first.id);
    const FeedInfo second = rig.open({.stallMs = 60'000, .intoFd = kept.get()});
    rig.publish(100);
    CHECK(eventually([&] { return !rig.feeds.stats(second.id).has_value(); }));
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
    CHECK(faultCode(rig.feeds.open("cam", rig.hubs, {}).error()) == "ABORTED");
}

TEST_CASE("the child's end blocks, ours does not") {
    Rig rig;
    const FeedInfo info = rig.open();
    CHECK((::fcntl(info.readFd, F_GETFL) & O_NONBLOCK) == 0);
    CHECK((::fcntl(info.readFd, F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("a recorder gets every frame in order, and an overflow is one gap that is told") {
    Rig rig;
    const FeedInfo info = rig.open(FeedOptions{.stallMs = 60'000, .policy = FeedPolicy::Every});
    const UniqueFd reader = rig.reader(info);
    constexpr size_t kBytes = 300'000;
    // Some go into the pipe, 64 wait, the rest is left out.
    for (int i = 0; i < 100; ++i) rig.publish(kBytes);
    REQUIRE(eventually([&] { return rig.stats(info).frames > 0; }));
    uint32_t last = 0;
    while (last < 66) {
        const uint32_t number = readFrame(reader);
        REQUIRE(number == last + 1);
        last = number;
        if (rig.stats(info).frames + 64 <= last) break;
    }
    while (rig.stats(info).frames < last + 1 && readFrame(reader) == last + 1) ++last;
    CHECK(last >= 64);
    // Room again: the stream goes on after the gap.
    rig.publish(1000);
    uint32_t next = readFrame(reader);
    while (next == last + 1) {
        last = next;
        rig.publish(1000);
        next = readFrame(reader);
    }
    REQUIRE(next > last + 1);
    const auto gap = rig.gapped.get();
    REQUIRE(gap.has_value());
    CHECK(gap->missed == next - last - 1);
    CHECK(gap->atUs == last + 1);
    CHECK(rig.stats(info).gaps == 1);
    CHECK(rig.stats(info).missed == gap->missed);
}

TEST_CASE("a feed of H.264 begins with the newest key frame that is kept, and delimiters go along") {
    Rig rig;
    const auto publish = [&](uint8_t mark, bool keyframe) {
        const Unit bytes = keyframe ? wholeIdr(mark) : slice(mark);
        FrameDraft draft = rig.pool->take(bytes.size());
        std::copy(bytes.begin(), bytes.end(), draft.room().begin());
        draft.setSize(bytes.size());
        draft.setTrailer(kDelimiterUnit);
        draft.facts() = {.capturedAtUs = mark, .codec = FrameCodec::H264, .keyframe = keyframe};
        rig.h264->publish(draft.finish());
        return joined({bytes, kDelimiterUnit});
    };
    publish(1, true);
    publish(2, false);
    Unit expected = publish(3, true);
    const auto more = [&](const Unit &bytes) { expected.insert(expected.end(), bytes.begin(), bytes.end()); };
    more(publish(4, false));
    CHECK_FALSE(rig.h264->takeWish());
    const FeedInfo info = rig.open(FeedOptions{.codec = FrameCodec::H264});
    const UniqueFd reader = rig.reader(info);
    more(publish(5, false));
    Unit got(expected.size());
    for (size_t at = 0; at < got.size();) {
        const ssize_t count = ::read(reader.get(), got.data() + at, got.size() - at);
        REQUIRE(count > 0);
        at += static_cast<size_t>(count);
    }
    CHECK(got == expected);
    CHECK_FALSE(rig.h264->takeWish());
}

TEST_CASE("a feed of H.264 without a key frame at hand wishes for one") {
    Rig rig;
    const FeedInfo info = rig.open(FeedOptions{.codec = FrameCodec::H264});
    CHECK(rig.h264->takeWish());
    CHECK(info.writeFd == -1);
}

TEST_CASE("what a decoder writes becomes JPEG frames with the times of what it read") {
    Rig rig;
    const FeedInfo info = rig.open(FeedOptions{.codec = FrameCodec::H264, .decodes = true});
    REQUIRE(info.writeFd >= 0);
    UniqueFd output(::fcntl(info.writeFd, F_DUPFD_CLOEXEC, 0));
    const UniqueFd reader = rig.reader(info);
    const Unit unit = wholeIdr(1);
    rig.h264->publish([&] {
        FrameDraft draft = rig.pool->take(unit.size());
        std::copy(unit.begin(), unit.end(), draft.room().begin());
        draft.setSize(unit.size());
        draft.facts() = {.sequence = 77, .capturedAtUs = 4711, .codec = FrameCodec::H264};
        return draft.finish();
    }());
    std::array<uint8_t, 256> input{};
    REQUIRE(::read(reader.get(), input.data(), input.size()) == static_cast<ssize_t>(unit.size()));
    REQUIRE(eventually([&] { return rig.stats(info).frames == 1; }));

    const Bytes jpeg = makeJpeg(64, 48);
    const std::string head = "--ffmpeg\r\nContent-type: image/jpeg\r\nContent-length: " + std::to_string(jpeg.size()) + "\r\n\r\n";
    std::string part = head + std::string(jpeg.begin(), jpeg.end()) + "\r\n";
    REQUIRE(::write(output.get(), part.data(), 20) == 20);
    REQUIRE(::write(output.get(), part.data() + 20, part.size() - 20) == static_cast<ssize_t>(part.size() - 20));
    REQUIRE(eventually([&] { return static_cast<bool>(rig.hub->newest()); }));
    const FramePtr frame = rig.hub->newest();
    CHECK(std::ranges::equal(frame->bytes(), jpeg));
    CHECK(frame->facts().capturedAtUs == 4711);
    CHECK(frame->facts().sequence == 77);
    CHECK(frame->facts().width == 64);
    CHECK(frame->facts().codec == FrameCodec::Jpeg);

    SUBCASE("nonsense ends it") {
        const std::string nonsense(500, 'x');
        REQUIRE(::write(output.get(), nonsense.data(), nonsense.size()) > 0);
    }
    SUBCASE("its end ends it") { output.reset(); }
    const auto end = rig.ended.get();
    REQUIRE(end.has_value());
    CHECK(end->why == FeedEnd::BrokenPipe);
}
