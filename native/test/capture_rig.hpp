// One scripted webcam, captured.
#pragma once

#include <doctest/doctest.h>
#include <linux/videodev2.h>

#include <functional>
#include <string>
#include <utility>

#include "capture_support.hpp"
#include "jpeg_support.hpp"
#include "scripted_sys.hpp"

namespace camera::test {

inline const std::string kNode = "/dev/video0";
inline const SourceAddress kCamera{.source = "/dev/video0#1", .node = kNode, .isVirtual = false, .label = ""};
inline constexpr CaptureRequest kMjpeg{.width = 640, .height = 480, .fourcc = V4L2_PIX_FMT_MJPEG, .interval = {1, 30}};
inline constexpr CaptureRequest kYuyv{.width = 640, .height = 480, .fourcc = V4L2_PIX_FMT_YUYV, .interval = {1, 30}};

inline const Bytes &jpeg640() {
    static const Bytes jpeg = makeJpeg(640, 480);
    return jpeg;
}

/// One scripted webcam and a manager with deadlines that suit a test.
struct CaptureRig {
    ScriptedSys scripted;
    Events events;
    CaptureManager manager;

    explicit CaptureRig(CaptureOptions options = {}, ScriptedCamera camera = ScriptedCamera::webcam())
        : manager(scripted.sys(), options) {
        scripted.plug(kNode, std::move(camera));
        manager.setListener(events.listener());
    }
    ~CaptureRig() { manager.shutdown(2000); }

    Result<CaptureInfo> start(const CaptureRequest &mode = kMjpeg) { return camera::test::start(manager, kCamera, mode); }
    Result<Done> stop() { return camera::test::stop(manager, kCamera.source); }
    CaptureStats stats() const { return manager.stats(kCamera.source).value(); }
    bool push(const ScriptedFrame &frame) { return scripted.pushFrame(kNode, frame); }
    bool pushGood() { return push({.bytes = jpeg640()}); }
    /// Waits for a frame that is pushed after the request.
    Result<FramePtr> grabOf(const ScriptedFrame &frame) {
        Awaited<Result<FramePtr>> answer;
        manager.grab(kCamera.source, {.maxAgeMs = 0, .timeoutMs = 5000}, answer.callback());
        REQUIRE(push(frame));
        const auto result = answer.get();
        REQUIRE(result.has_value());
        return *result;
    }
    bool released() {
        return eventually([this] { return scripted.openDescriptors() == 0 && scripted.mappings() == 0; });
    }
};

/// Deadlines that a test can wait for.
constexpr CaptureOptions quick() {
    return {.startTimeoutMs = 300, .firstFrameMs = 60, .stallMs = 60, .stopTimeoutMs = 300};
}

/// The scripted camera, with its answers to DQBUF changed on the way.
inline Sys lying(const ScriptedSys &scripted, std::function<void(v4l2_buffer &)> lie) {
    Sys sys = scripted.sys();
    sys.ioctl = [inner = sys.ioctl, lie = std::move(lie)](int fd, unsigned long request, void *argument) {
        const int result = inner(fd, request, argument);
        if (result == 0 && request == VIDIOC_DQBUF) lie(*static_cast<v4l2_buffer *>(argument));
        return result;
    };
    return sys;
}

} // namespace camera::test
