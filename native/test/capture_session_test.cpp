#include "capture/capture_session.hpp"

#include <doctest/doctest.h>

#include <atomic>

#include "capture_rig.hpp"
#include "base/clock.hpp"
#include "base/fault_code.hpp"

using namespace camera;
using namespace camera::test;

TEST_CASE("a camera's bare JPEG arrives completed, with its facts") {
    CaptureRig rig;
    const auto info = rig.start();
    REQUIRE(info.ok());
    CHECK(info.value().width == 640);
    CHECK(info.value().buffers == 4);
    CHECK(info.value().interval == Interval{1, 30});
    const int64_t beforeUs = monotonicUs();
    const auto frame = rig.grabOf({.bytes = asCameraSends(jpeg640())});
    REQUIRE(frame.ok());
    const FrameFacts &facts = frame.value()->facts();
    CHECK(facts.width == 640);
    CHECK(facts.height == 480);
    CHECK(facts.capturedAtUs >= beforeUs);
    CHECK(facts.dequeuedAtUs >= facts.capturedAtUs);
    CHECK(std::abs(facts.capturedWallMs - wallUs() / 1000) < 5000);
    const auto picture = decode(frame.value()->bytes());
    REQUIRE(picture.has_value());
    CHECK(picture->rgb == decode(jpeg640())->rgb);
    CHECK(rig.stats().frames == 1);
    REQUIRE(rig.stop().ok());
    CHECK(rig.released());
    CHECK(rig.scripted.calls(kNode, "VIDIOC_STREAMOFF") == 1);
    CHECK(rig.scripted.calls(kNode, "VIDIOC_REQBUFS") == 2);
}

TEST_CASE("damage is counted by kind and never published") {
    CaptureRig rig;
    REQUIRE(rig.start().ok());
    REQUIRE(rig.push({.bytes = jpeg640(), .flags = V4L2_BUF_FLAG_ERROR}));
    REQUIRE(eventually([&] { return rig.stats().errorFlag == 1; }));
    ScriptedFrame empty;
    empty.bytes.reserve(1); // memcpy wants an address even for nothing
    REQUIRE(rig.push(empty));
    REQUIRE(rig.push({.bytes = makeJpeg(320, 240)}));
    REQUIRE(eventually([&] { return rig.stats().invalidJpeg == 1; }));
    Bytes cut = jpeg640();
    cut.resize(cut.size() - 100);
    REQUIRE(rig.push({.bytes = cut}));
    REQUIRE(eventually([&] { return rig.stats().invalidJpeg == 2; }));
    REQUIRE(rig.push({.bytes = Bytes(5000, 0x42)}));
    REQUIRE(eventually([&] { return rig.stats().invalidJpeg == 3; }));
    const CaptureStats stats = rig.stats();
    CHECK(stats.frames == 0);
    CHECK(stats.invalidReasons[static_cast<size_t>(JpegReject::WrongSize)] == 1);
    CHECK(stats.invalidReasons[static_cast<size_t>(JpegReject::Truncated)] == 1);
    CHECK(stats.invalidReasons[static_cast<size_t>(JpegReject::NoStart)] == 1);
    CHECK(rig.grabOf({.bytes = jpeg640()}).ok());
}

TEST_CASE("gaps of the driver's counter are lost frames, its first value is not") {
    CaptureRig rig;
    REQUIRE(rig.start().ok());
    REQUIRE(rig.push({.bytes = jpeg640(), .sequenceStep = 10}));
    REQUIRE(rig.push({.bytes = jpeg640(), .sequenceStep = 1}));
    REQUIRE(rig.push({.bytes = jpeg640(), .sequenceStep = 4}));
    REQUIRE(eventually([&] { return rig.stats().frames == 3; }));
    CHECK(rig.stats().lost == 3);
    REQUIRE(rig.push({.bytes = jpeg640(), .sequenceStep = 2}));
    REQUIRE(eventually([&] { return rig.stats().frames == 4; }));
    CHECK(rig.stats().lost == 4);
}

TEST_CASE("another owner is said to be one, whatever call tells it") {
    for (const char *call : {"open", "VIDIOC_S_FMT", "VIDIOC_REQBUFS", "VIDIOC_QBUF", "VIDIOC_STREAMON"}) {
        CAPTURE(call);
        CaptureRig rig;
        rig.scripted.failAt(kNode, call, 1, EBUSY);
        const auto info = rig.start();
        REQUIRE_FALSE(info.ok());
        CHECK(faultCode(info.error()) == "CAMERA_BUSY");
        CHECK(rig.events.sees(CaptureState::Failed));
        CHECK(rig.released());
        CHECK(rig.start().ok());
    }
}

TEST_CASE("each failing step of a start has its code and leaves nothing open") {
    struct Case {
        const char *call;
        int errnoValue;
        const char *code;
    };
    for (const Case &given : {Case{"VIDIOC_STREAMON", ENOSPC, "NO_BANDWIDTH"}, Case{"VIDIOC_STREAMON", EIO, "IO"},
                              Case{"open", EACCES, "NO_PERMISSION"}, Case{"open", ENXIO, "CAMERA_GONE"},
                              Case{"VIDIOC_QUERYCAP", ENOTTY, "NOT_A_CAMERA"}, Case{"VIDIOC_QUERYBUF", EIO, "IO"},
                              Case{"mmap", EINVAL, "IO"}, Case{"VIDIOC_REQBUFS", ENODEV, "CAMERA_GONE"}}) {
        CAPTURE(given.call);
        CAPTURE(given.errnoValue);
        CaptureRig rig;
        rig.scripted.failAt(kNode, given.call, 1, given.errnoValue);
        const auto info = rig.start();
        REQUIRE_FALSE(info.ok());
        CHECK(faultCode(info.error()) == given.code);
        CHECK(rig.released());
    }
}

TEST_CASE("scarce memory means fewer buffers, not no capture") {
    CaptureRig rig;
    rig.scripted.failAt(kNode, "mmap", 4, ENOMEM);
    const auto info = rig.start();
    REQUIRE(info.ok());
    CHECK(info.value().buffers == 3);
    CHECK(rig.grabOf({.bytes = jpeg640()}).ok());
}

TEST_CASE("a mode that the driver changes is followed and reported, a foreign format is refused") {
    CaptureRig rig;
    CaptureRequest odd = kMjpeg;
    odd.width = 800;
    odd.height = 600;
    const auto info = rig.start(odd);
    REQUIRE(info.ok());
    CHECK(info.value().width == 1280);
    CHECK(info.value().height == 720);
    CHECK(rig.grabOf({.bytes = makeJpeg(1280, 720)}).value()->facts().width == 1280);

    ScriptedCamera hevc;
    hevc.formats = {{.pixelformat = V4L2_PIX_FMT_HEVC, .description = "HEVC", .sizes = {{640, 480, {{1, 30}}}}}};
    CaptureRig other({}, hevc);
    CHECK(faultCode(other.start().error()) == "UNSUPPORTED_FORMAT");
    CHECK(other.released());
}

TEST_CASE("raw frames become JPEG only when somebody wants one") {
    CaptureRig rig;
    REQUIRE(rig.start(kYuyv).ok());
    Bytes gray(640 * 480 * 2);
    for (size_t i = 0; i < gray.size(); ++i) gray[i] = i % 2 == 0 ? 126 : 128;
    REQUIRE(rig.push({.bytes = gray}));
    REQUIRE(eventually([&] { return rig.stats().frames == 1; }));
    const auto frame = rig.grabOf({.bytes = gray});
    REQUIRE(frame.ok());
    CHECK(frame.value()->facts().sequence == 1);
    const auto picture = decode(frame.value()->bytes());
    REQUIRE(picture.has_value());
    // The scripted driver leaves the range open, which means limited: 126 is the middle.
    CHECK(std::abs(picture->at(320, 240)[0] - 128) <= 2);
    REQUIRE(rig.push({.bytes = Bytes(1000)}));
    CHECK(eventually([&] { return rig.stats().errorFlag == 1; }));
}

TEST_CASE("a multi-planar camera with padded lines works alike") {
    ScriptedCamera camera;
    camera.deviceCaps = V4L2_CAP_VIDEO_CAPTURE_MPLANE | V4L2_CAP_STREAMING;
    camera.capabilities = camera.deviceCaps | V4L2_CAP_DEVICE_CAPS;
    camera.linePadding = 64;
    camera.formats = {{.pixelformat = V4L2_PIX_FMT_NV12, .description = "NV12", .sizes = {{64, 48, {{1, 30}}}}}};
    CaptureRig rig({}, camera);
    REQUIRE(rig.start({.width = 64, .height = 48, .fourcc = V4L2_PIX_FMT_NV12, .interval = {1, 30}}).ok());
    Bytes raw(128 * 48 * 3 / 2, 128);
    const auto frame = rig.grabOf({.bytes = raw});
    REQUIRE(frame.ok());
    CHECK(decode(frame.value()->bytes())->width == 64);
    CHECK(rig.stop().ok());
    CHECK(rig.released());
}

TEST_CASE("the events of a capture carry the number of its start") {
    CaptureRig rig;
    const auto first = rig.start();
    REQUIRE(first.ok());
    REQUIRE(rig.pushGood());
    CHECK(rig.events.waitFor(CaptureState::Delivering)->session == first.value().session);
    REQUIRE(rig.stop().ok());
    const auto second = rig.start();
    CHECK(second.value().session > first.value().session);
    rig.scripted.unplug(kNode);
    CHECK(rig.events.waitFor(CaptureState::Gone)->session == second.value().session);
}

TEST_CASE("frames are kept as many as wanted, and counted while they are young; counters go on over restarts") {
    CaptureRig rig;
    rig.manager.setRetained(kCamera.source, 3);
    REQUIRE(rig.start().ok());
    CHECK(rig.stats().retained == 0);
    CHECK(rig.stats().lastFrameAgeUs == -1);
    for (uint64_t i = 1; i <= 5; ++i) {
        REQUIRE(rig.pushGood());
        REQUIRE(eventually([&] { return rig.stats().frames == i; }));
    }
    CHECK(rig.stats().retained == 3);
    CHECK(rig.manager.stats(kCamera.source, 0)->retained == 0);
    CHECK(rig.stats().lastFrameAgeUs >= 0);
    REQUIRE(rig.stop().ok());
    CHECK(rig.stats().retained == 0);
    REQUIRE(rig.start().ok());
    REQUIRE(rig.pushGood());
    CHECK(eventually([&] { return rig.stats().frames == 6; }));
}

TEST_CASE("13.21 frames that nobody asks for are not dropped ones, JPEG or raw") {
    for (const CaptureRequest &mode : {kMjpeg, kYuyv}) {
        CaptureRig rig;
        REQUIRE(rig.start(mode).ok());
        const Bytes bytes = mode == kMjpeg ? jpeg640() : Bytes(640 * 480 * 2, 128);
        // A minute at 30 frames a second.
        for (uint64_t i = 1; i <= 1800; ++i) {
            REQUIRE(rig.push({.bytes = bytes}));
            REQUIRE(eventually([&] { return rig.stats().frames == i; }));
        }
        const CaptureStats stats = rig.stats();
        CHECK(stats.lost + stats.invalidJpeg + stats.errorFlag + stats.encoderBusy == 0);
    }
}

TEST_CASE("the quality of our own JPEGs changes while the capture runs") {
    CaptureRig rig;
    REQUIRE(rig.start(kYuyv).ok());
    Bytes noise(640 * 480 * 2);
    uint32_t seed = 1;
    for (uint8_t &byte : noise) byte = static_cast<uint8_t>((seed = seed * 1664525 + 1013904223) >> 24);
    const size_t fine = rig.grabOf({.bytes = noise}).value()->bytes().size();
    rig.manager.setJpegQuality(kCamera.source, 10);
    const size_t coarse = rig.grabOf({.bytes = noise}).value()->bytes().size();
    CHECK(coarse * 2 < fine);
}

TEST_CASE("a driver that lies about sizes is not believed") {
    ScriptedSys scripted;
    scripted.plug(kNode, ScriptedCamera::webcam());
    CaptureManager manager(lying(scripted, [](v4l2_buffer &buffer) { buffer.bytesused = 0x7fff'ffff; }), {});
    REQUIRE(start(manager, kCamera, kMjpeg).ok());
    REQUIRE(scripted.pushFrame(kNode, {.bytes = jpeg640()}));
    CHECK(eventually([&] { return manager.stats(kCamera.source)->errorFlag == 1; }));
    CHECK(manager.stats(kCamera.source)->frames == 0);
}

TEST_CASE("a driver whose clock tells what cannot be is not believed: the frame is of now") {
    for (const timeval stamp : {timeval{INT64_MAX, 0}, timeval{INT64_MIN, 0}, timeval{0, INT64_MIN}, timeval{1, INT64_MAX},
                                timeval{INT64_MAX / 1'000'000, 999'999}}) {
        CAPTURE(stamp.tv_sec);
        ScriptedSys scripted;
        scripted.plug(kNode, ScriptedCamera::webcam());
        CaptureManager manager(lying(scripted, [stamp](v4l2_buffer &buffer) { buffer.timestamp = stamp; }), {});
        REQUIRE(start(manager, kCamera, kMjpeg).ok());
        const int64_t beforeUs = monotonicUs();
        REQUIRE(scripted.pushFrame(kNode, {.bytes = jpeg640()}));
        const auto frame = grab(manager, kCamera.source, {.maxAgeMs = 60'000, .timeoutMs = 5000});
        REQUIRE(frame.ok());
        CHECK(frame.value()->facts().capturedAtUs >= beforeUs);
        CHECK(frame.value()->facts().capturedAtUs <= monotonicUs());
    }
}

TEST_CASE("buffers are given back only when nothing is mapped any more") {
    ScriptedSys scripted;
    scripted.plug(kNode, ScriptedCamera::webcam());
    std::atomic<int> mappedAtRelease{-1};
    Sys sys = scripted.sys();
    sys.ioctl = [&, inner = sys.ioctl](int fd, unsigned long request, void *argument) {
        const bool release = request == VIDIOC_REQBUFS && static_cast<v4l2_requestbuffers *>(argument)->count == 0;
        if (release) mappedAtRelease = scripted.mappings();
        return inner(fd, request, argument);
    };
    CaptureManager manager(sys, {});
    REQUIRE(start(manager, kCamera, kMjpeg).ok());
    CHECK(scripted.mappings() == 4);
    REQUIRE(stop(manager, kCamera.source).ok());
    CHECK(mappedAtRelease == 0);
}
