// A camera that gives H.264, from its buffers to the hub.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "capture_support.hpp"
#include "base/clock.hpp"
#include "base/fault_code.hpp"
#include "h264_support.hpp"
#include "scripted_sys.hpp"
#include "base/unique_fd.hpp"

using namespace camera;
using namespace camera::test;

namespace {

const std::string kNode = "/dev/video0";
const SourceAddress kCamera{.source = "/dev/video0#1", .node = kNode, .isVirtual = false, .label = ""};
constexpr CaptureRequest kH264{.width = 640, .height = 480, .fourcc = V4L2_PIX_FMT_H264, .interval = {1, 30}};

ScriptedControl control(uint32_t id, uint32_t type, int64_t maximum, int64_t value) {
    return {.id = id, .name = "encoder", .type = type, .minimum = 0, .maximum = maximum, .value = value};
}

ScriptedCamera h264Camera() {
    ScriptedCamera camera;
    camera.formats = {{.pixelformat = V4L2_PIX_FMT_H264,
                       .description = "H.264",
                       .flags = V4L2_FMT_FLAG_COMPRESSED,
                       .sizes = {{640, 480, {{1, 30}}}}}};
    camera.controls = {control(V4L2_CID_MPEG_VIDEO_GOP_SIZE, V4L2_CTRL_TYPE_INTEGER, 600, 250),
                       control(V4L2_CID_MPEG_VIDEO_B_FRAMES, V4L2_CTRL_TYPE_INTEGER, 2, 2),
                       control(V4L2_CID_MPEG_VIDEO_REPEAT_SEQ_HEADER, V4L2_CTRL_TYPE_BOOLEAN, 1, 0),
                       control(V4L2_CID_MPEG_VIDEO_H264_I_PERIOD, V4L2_CTRL_TYPE_INTEGER, 600, 15),
                       control(V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME, V4L2_CTRL_TYPE_BUTTON, 1, 0)};
    return camera;
}

struct Rig {
    ScriptedSys scripted;
    Events events;
    CaptureManager manager{scripted.sys(), {}};

    explicit Rig(ScriptedCamera camera = h264Camera()) {
        scripted.plug(kNode, std::move(camera));
        manager.setListener(events.listener());
        REQUIRE(start(manager, kCamera, kH264).ok());
    }
    ~Rig() { manager.shutdown(2000); }

    void push(const Unit &unit) { REQUIRE(scripted.pushFrame(kNode, {.bytes = unit})); }
    CaptureStats stats() const { return manager.stats(kCamera.source).value(); }
    Result<FramePtr> keyFrame(int timeoutMs = 5000) {
        Awaited<Result<FramePtr>> answer;
        manager.grabKeyFrame(kCamera.source, {.maxAgeMs = 60'000, .timeoutMs = timeoutMs}, answer.callback());
        return *answer.get();
    }
    int64_t valueOf(uint32_t id) {
        int64_t value = -1;
        scripted.alter(kNode, [&](ScriptedCamera &camera) {
            for (const ScriptedControl &each : camera.controls) {
                if (each.id == id) value = each.value;
            }
        });
        return value;
    }
};

/// Reads until `bytes` are there.
Unit readAll(int fd, size_t bytes) {
    Unit got(bytes);
    for (size_t at = 0; at < bytes;) {
        const ssize_t count = ::read(fd, got.data() + at, bytes - at);
        REQUIRE(count > 0);
        at += static_cast<size_t>(count);
    }
    return got;
}

} // namespace

TEST_CASE("key frames are marked, and parameter sets that came before stand in front of a bare one") {
    Rig rig;
    rig.push(joined({kSpsUnit, kPpsUnit}));
    rig.push(slice(1));
    rig.push(idrSlice(2));
    const auto frame = rig.keyFrame();
    REQUIRE(frame.ok());
    CHECK(frame.value()->facts().codec == FrameCodec::H264);
    CHECK(frame.value()->facts().keyframe);
    CHECK(frame.value()->facts().width == 640);
    const auto bytes = frame.value()->bytes();
    CHECK(std::search(bytes.begin(), bytes.end(), kSpsUnit.begin() + 1, kSpsUnit.end()) != bytes.end());
    const Unit picture = idrSlice(2);
    CHECK(std::equal(picture.begin() + 1, picture.end(), bytes.end() - static_cast<ptrdiff_t>(picture.size() - 1)));
    CHECK(std::ranges::equal(frame.value()->trailer(), kDelimiterUnit));
    CHECK(rig.stats().frames == 2); // parameter sets alone are no frame
    CHECK(rig.stats().invalidUnits == 0);
}

TEST_CASE("damaged and foreign units are counted and never published") {
    Rig rig;
    rig.push(idrSlice(1)); // nobody knows its parameter sets
    rig.push({0xff, 0xd8, 0xff, 0xe0, 1, 2, 3});
    rig.push(Unit(40, 0));
    rig.push(nal(0xe5, {1, 2, 3}));
    REQUIRE(eventually([&] { return rig.stats().invalidUnits == 4; }));
    rig.push(wholeIdr(2));
    REQUIRE(rig.keyFrame().ok());
    CHECK(rig.stats().invalidUnits == 4);
    CHECK(rig.stats().frames == 1);
}

TEST_CASE("the camera's encoder is set up for viewers who join") {
    Rig rig;
    CHECK(rig.valueOf(V4L2_CID_MPEG_VIDEO_GOP_SIZE) == 30);
    CHECK(rig.valueOf(V4L2_CID_MPEG_VIDEO_B_FRAMES) == 0);
    CHECK(rig.valueOf(V4L2_CID_MPEG_VIDEO_REPEAT_SEQ_HEADER) == 1);
    CHECK(rig.valueOf(V4L2_CID_MPEG_VIDEO_H264_I_PERIOD) == 15); // more often than needed: left alone
}

TEST_CASE("who joins without a key frame at hand makes the camera send one") {
    Rig rig;
    const int before = rig.scripted.calls(kNode, "VIDIOC_S_CTRL");
    const auto feed = rig.manager.openFeed(kCamera.source, {.codec = FrameCodec::H264});
    REQUIRE(feed.ok());
    const UniqueFd reader(::fcntl(feed.value().readFd, F_DUPFD_CLOEXEC, 0));
    rig.manager.closeReadEnd(feed.value().id);
    rig.push(slice(1));
    CHECK(eventually([&] { return rig.scripted.calls(kNode, "VIDIOC_S_CTRL") == before + 1; }));
    rig.push(wholeIdr(2));
    rig.push(slice(3));
    const Unit expected = joined({wholeIdr(2), kDelimiterUnit, slice(3), kDelimiterUnit});
    CHECK(readAll(reader.get(), expected.size()) == expected);
}

TEST_CASE("a camera that takes no wishes streams all the same") {
    ScriptedCamera camera = h264Camera();
    camera.controls.clear();
    Rig rig(std::move(camera));
    const auto feed = rig.manager.openFeed(kCamera.source, {.codec = FrameCodec::H264});
    REQUIRE(feed.ok());
    rig.push(slice(1));
    rig.push(wholeIdr(2));
    CHECK(rig.keyFrame().ok());
}

TEST_CASE("whoever waits for a JPEG of such a camera is told of, until nobody does") {
    Rig rig;
    rig.push(wholeIdr(1));
    REQUIRE(rig.keyFrame().ok());
    CHECK(rig.events.count([](const auto &event) { return event.state == CaptureState::JpegWanted; }) == 0);
    Awaited<Result<FramePtr>> answer;
    rig.manager.grab(kCamera.source, {.maxAgeMs = 0, .timeoutMs = 200}, answer.callback());
    rig.push(slice(2));
    CHECK(rig.events.sees(CaptureState::JpegWanted));
    REQUIRE(answer.get().has_value()); // nobody decodes here: it times out
    rig.push(slice(3));
    CHECK(rig.events.sees(CaptureState::JpegUnwanted));
}

TEST_CASE("a key frame of a camera that stopped, or of one that gives JPEG, is an error in time") {
    Rig rig;
    CHECK(faultCode(rig.keyFrame(20).error()) == "TIMEOUT");
    REQUIRE(stop(rig.manager, kCamera.source).ok());
    CHECK(faultCode(rig.keyFrame().error()) == "NOT_STREAMING");
}
