#include "capture/capture_manager.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "awaiting.hpp"
#include "capture_support.hpp"
#include "base/clock.hpp"
#include "base/fault_code.hpp"
#include "jpeg_support.hpp"
#include "scratch_dir.hpp"
#include "base/unique_fd.hpp"

using namespace camera;
using namespace camera::test;

namespace {

const SourceAddress kVirtual{.source = "virtual:0", .node = "", .isVirtual = true, .label = "virtual0"};
constexpr CaptureRequest kMode{.width = 320, .height = 240, .fourcc = V4L2_PIX_FMT_MJPEG, .interval = {1, 60}};

} // namespace

TEST_CASE("a virtual camera starts, moves, and stops") {
    Events events;
    CaptureManager manager(kernel(), {});
    manager.setListener(events.listener());
    const auto info = start(manager, kVirtual, kMode);
    REQUIRE(info.ok());
    CHECK(info.value().width == 320);
    CHECK(info.value().interval == Interval{1, 60});

    const auto first = grab(manager, "virtual:0");
    const auto second = grab(manager, "virtual:0");
    REQUIRE(first.ok());
    REQUIRE(second.ok());
    CHECK(second.value()->facts().sequence > first.value()->facts().sequence);
    CHECK(second.value()->facts().capturedAtUs > first.value()->facts().capturedAtUs);
    const auto picture = decode(second.value()->bytes());
    REQUIRE(picture.has_value());
    CHECK(picture->width == 320);
    CHECK(picture->height == 240);
    CHECK(picture->warnings == 0);

    CHECK(manager.stats("virtual:0")->running);
    CHECK(manager.stats("virtual:0")->frames >= 2);
    CHECK(stop(manager, "virtual:0").ok());
    CHECK_FALSE(manager.stats("virtual:0")->running);
    CHECK(events.sees(CaptureState::Started));
    CHECK(events.sees(CaptureState::Stopped));
    CHECK(faultCode(grab(manager, "virtual:0").error()) == "NOT_STREAMING");
    CHECK_FALSE(manager.stats("virtual:9").has_value());
}

TEST_CASE("the rate of a virtual camera does not drift, however busy the machine") {
    CaptureManager manager(kernel(), {});
    constexpr double kFps = 125;
    REQUIRE(start(manager, kVirtual, {.width = 32, .height = 32, .fourcc = V4L2_PIX_FMT_MJPEG, .interval = {1, 125}}).ok());
    const FrameFacts first = grab(manager, "virtual:0").value()->facts();
    FrameFacts last = first;
    while (last.sequence < first.sequence + 60) last = grab(manager, "virtual:0").value()->facts();
    const double expected = static_cast<double>(last.capturedAtUs - first.capturedAtUs) * kFps / 1e6;
    // A frame is late by what the machine takes to wake up, never by what it was late before.
    CHECK(std::abs(static_cast<double>(last.sequence - first.sequence) - expected) < 3);
    CHECK(manager.stats("virtual:0")->frames + manager.stats("virtual:0")->lost >= 60);
}

TEST_CASE("an age limit takes the newest frame, zero waits for a later one") {
    CaptureManager manager(kernel(), {});
    REQUIRE(start(manager, kVirtual, kMode).ok());
    const int64_t beforeUs = monotonicUs();
    const auto next = grab(manager, "virtual:0");
    CHECK(next.value()->facts().capturedAtUs >= beforeUs);
    const auto newest = grab(manager, "virtual:0", {.maxAgeMs = 60'000, .timeoutMs = 0});
    REQUIRE(newest.ok());
    CHECK(newest.value()->facts().capturedAtUs >= next.value()->facts().capturedAtUs);
}

TEST_CASE("the same start twice answers the running mode, another mode changes it under a waiting reader") {
    CaptureManager manager(kernel(), {});
    REQUIRE(start(manager, kVirtual, kMode).ok());
    REQUIRE(start(manager, kVirtual, kMode).ok());
    CaptureRequest larger = kMode;
    larger.width = 640;
    larger.height = 480;
    const auto info = start(manager, kVirtual, larger);
    REQUIRE(info.ok());
    CHECK(info.value().width == 640);
    CHECK(grab(manager, "virtual:0").value()->facts().width == 640);
}

TEST_CASE("a start that is to be anew closes the device and opens it in the same mode, and who waits for a frame waits on") {
    CaptureManager manager(kernel(), {});
    uint64_t session = start(manager, kVirtual, kMode).value().session;
    CaptureRequest anew = kMode;
    anew.anew = true;
    for (int round = 0; round < 20; ++round) {
        Awaited<Result<FramePtr>> waiting;
        manager.grab("virtual:0", {.maxAgeMs = 0, .timeoutMs = 5000}, waiting.callback());
        const auto info = start(manager, kVirtual, anew);
        REQUIRE(info.ok());
        CHECK(info.value().session == session + 1);
        session = info.value().session;
        const auto frame = waiting.get();
        REQUIRE(frame.has_value());
        CHECK(frame->ok());
    }
    CHECK(start(manager, kVirtual, kMode).value().session == session);
}

TEST_CASE("a virtual camera refuses what it cannot do") {
    Events events;
    CaptureManager manager(kernel(), {});
    manager.setListener(events.listener());
    CaptureRequest odd = kMode;
    odd.width = 8;
    CHECK(faultCode(start(manager, kVirtual, odd).error()) == "UNSUPPORTED_FORMAT");
    odd = kMode;
    odd.fourcc = V4L2_PIX_FMT_YUYV;
    CHECK(faultCode(start(manager, kVirtual, odd).error()) == "UNSUPPORTED_FORMAT");
    CHECK(events.sees(CaptureState::Failed));
    CHECK(stop(manager, "virtual:0").ok());
}

TEST_CASE("a saved frame is on disk whole, unchanged and under its name") {
    const ScratchDir dir;
    CaptureManager manager(kernel(), {});
    REQUIRE(start(manager, kVirtual, kMode).ok());
    const auto save = [&](const std::string &to, const std::string &name) {
        Awaited<Result<SavedFrame>> answer;
        manager.save("virtual:0", {.maxAgeMs = 1000, .timeoutMs = 5000}, to, name, answer.callback());
        const auto result = answer.get();
        REQUIRE(result.has_value());
        return *result;
    };
    const auto saved = save(dir.path(), "a.jpg");
    REQUIRE(saved.ok());
    CHECK(saved.value().file == dir.path() + "/a.jpg");
    std::ifstream file(saved.value().file, std::ios::binary);
    const Bytes bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    CHECK(bytes.size() == saved.value().sizeBytes);
    CHECK(decode(bytes)->width == saved.value().facts.width);

    CHECK(save(dir.path(), "a.jpg").error().errnoValue == EEXIST);
    CHECK(faultCode(save(dir.path(), "../a.jpg").error()) == "INVALID_PATH");
    CHECK(faultCode(save(dir.path(), ".hidden").error()) == "INVALID_PATH");
    CHECK(save(dir.path() + "/none", "b.jpg").error().errnoValue == ENOENT);
    CHECK(dir.entries() == std::vector<std::string>{"a.jpg"});
}

TEST_CASE("a feed carries whole pictures through restarts of the capture until it is closed") {
    Events events;
    CaptureManager manager(kernel(), {});
    manager.setListener(events.listener());
    const auto feed = manager.openFeed("virtual:0", {});
    REQUIRE(feed.ok());
    UniqueFd reader(::dup(feed.value().readFd));
    manager.closeReadEnd(feed.value().id);
    Bytes received;
    const auto readPicture = [&] {
        std::array<uint8_t, 4096> chunk{};
        for (;;) {
            const ssize_t count = ::read(reader.get(), chunk.data(), chunk.size());
            REQUIRE(count > 0);
            received.insert(received.end(), chunk.begin(), chunk.begin() + count);
            const Bytes end{0xff, 0xd9};
            const auto found = std::search(received.begin(), received.end(), end.begin(), end.end());
            if (found == received.end()) continue;
            const Bytes picture(received.begin(), found + 2);
            received.erase(received.begin(), found + 2);
            return decode(picture);
        }
    };
    for (int round = 0; round < 2; ++round) {
        REQUIRE(start(manager, kVirtual, kMode).ok());
        const auto picture = readPicture();
        REQUIRE(picture.has_value());
        CHECK(picture->warnings == 0);
        REQUIRE(stop(manager, "virtual:0").ok());
    }
    CHECK(manager.feedStats(feed.value().id)->frames >= 2);
    manager.closeFeed(feed.value().id);
    CHECK(events.seesEnd(feed.value().id, FeedEnd::Closed));
    CHECK_FALSE(manager.feedStats(feed.value().id).has_value());
    std::array<uint8_t, 4096> rest{};
    while (::read(reader.get(), rest.data(), rest.size()) > 0) {}
}

TEST_CASE("shutdown answers everyone, ends feeds, and may come twice") {
    Events events;
    CaptureManager manager(kernel(), {});
    manager.setListener(events.listener());
    REQUIRE(start(manager, kVirtual, {.width = 64, .height = 64, .fourcc = V4L2_PIX_FMT_MJPEG, .interval = {10, 1}}).ok());
    const auto feed = manager.openFeed("virtual:0", {});
    REQUIRE(feed.ok());
    REQUIRE(eventually([&] { return manager.stats("virtual:0")->frames == 1; }));
    Awaited<Result<FramePtr>> waiting;
    manager.grab("virtual:0", {.maxAgeMs = 0, .timeoutMs = 60'000}, waiting.callback());
    const int64_t beganUs = monotonicUs();
    manager.shutdown(2000);
    CHECK(monotonicUs() - beganUs < 1'000'000);
    REQUIRE(waiting.count() == 1);
    CHECK_FALSE(waiting.get()->ok());
    CHECK(events.seesEnd(feed.value().id, FeedEnd::Closed));
    manager.shutdown(2000);
    CHECK(faultCode(start(manager, kVirtual, kMode).error()) == "ABORTED");
    CHECK(faultCode(grab(manager, "virtual:0").error()) == "ABORTED");
    CHECK_FALSE(manager.openFeed("virtual:0", {}).ok());
    CHECK(stop(manager, "virtual:0").ok());
}

TEST_CASE("sixty-four virtual cameras run side by side") {
    CaptureManager manager(kernel(), {});
    std::vector<Awaited<Result<CaptureInfo>>> answers(64);
    for (size_t i = 0; i < answers.size(); ++i) {
        const std::string name = "virtual:" + std::to_string(i);
        manager.start({.source = name, .node = "", .isVirtual = true, .label = name},
                      {.width = 64, .height = 64, .fourcc = V4L2_PIX_FMT_MJPEG, .interval = {1, 10}}, answers[i].callback());
    }
    for (size_t i = 0; i < answers.size(); ++i) {
        CHECK(answers[i].get()->ok());
        CHECK(grab(manager, "virtual:" + std::to_string(i)).ok());
    }
}
