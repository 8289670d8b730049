// Faults of a running or starting capture that come rarely, one by one (v4l2-native §15).
#include <doctest/doctest.h>
#include <linux/videodev2.h>
#include <poll.h>

#include <atomic>
#include <cerrno>
#include <string>

#include "capture_rig.hpp"
#include "base/fault_code.hpp"

using namespace camera;
using namespace camera::test;

namespace {

constexpr CaptureOptions shortDeadlines() {
    return {.startTimeoutMs = 300, .firstFrameMs = 60, .stallMs = 60, .stalledMs = 50, .stopTimeoutMs = 300};
}

bool delivers(ScriptedSys &scripted, CaptureManager &manager) {
    const uint64_t before = manager.stats(kCamera.source)->frames;
    return eventually([&] {
        scripted.pushFrame(kNode, {.bytes = jpeg640()});
        return manager.stats(kCamera.source)->frames > before;
    });
}

/// The scripted camera, whose next poll answers these events instead of its own once `armed`.
Sys polling(const ScriptedSys &scripted, short events, std::atomic<int> &armed) {
    Sys sys = scripted.sys();
    sys.poll = [inner = sys.poll, events, &armed](pollfd *fds, nfds_t count, int timeoutMs) {
        if (armed.load() <= 0) return inner(fds, count, timeoutMs < 0 ? 20 : std::min(timeoutMs, 20));
        --armed;
        for (nfds_t i = 0; i < count; ++i) fds[i].revents = 0;
        fds[0].revents = events;
        return 1;
    };
    return sys;
}

} // namespace

TEST_CASE("a stream that sends nothing but damage after good frames is cured like a silent one") {
    for (const ScriptedFrame &damage : {ScriptedFrame{.bytes = Bytes(5000, 0x42)},
                                        ScriptedFrame{.bytes = jpeg640(), .flags = V4L2_BUF_FLAG_ERROR}}) {
        CAPTURE(damage.flags);
        ScriptedSys scripted;
        Events events;
        CaptureManager manager(scripted.sys(), shortDeadlines());
        scripted.plug(kNode, ScriptedCamera::webcam());
        manager.setListener(events.listener());
        REQUIRE(start(manager, kCamera, kMjpeg).ok());
        REQUIRE(delivers(scripted, manager));
        CHECK(eventually([&] {
            scripted.pushFrame(kNode, damage);
            return events.count(CaptureState::Failed) == 1;
        }));
        CHECK(events.count(CaptureState::Stalled) == 1);
        CHECK(faultCode(*events.waitFor(CaptureState::Failed)->fault) == "STALLED");
        CHECK(scripted.calls(kNode, "VIDIOC_STREAMON") == 2);
        manager.shutdown(2000);
    }
}

TEST_CASE("the last buffer of a codec, a full pipe and what else stops a queue restart the stream") {
    for (const int failure : {EPIPE, EPROTO, EILSEQ, EINVAL}) {
        CAPTURE(failure);
        ScriptedSys scripted;
        CaptureManager manager(scripted.sys(), {});
        scripted.plug(kNode, ScriptedCamera::webcam());
        REQUIRE(start(manager, kCamera, kMjpeg).ok());
        REQUIRE(delivers(scripted, manager));
        scripted.failAt(kNode, "VIDIOC_DQBUF", 1, failure);
        CHECK(eventually([&] {
            scripted.pushFrame(kNode, {.bytes = jpeg640()});
            return manager.stats(kCamera.source)->restarts == 1;
        }));
        CHECK(delivers(scripted, manager));
        CHECK(scripted.calls(kNode, "VIDIOC_STREAMON") == 2);
        manager.shutdown(2000);
    }
}

TEST_CASE("an error without a hang-up restarts the stream, a second one without a frame between fails it") {
    std::atomic<int> armed{0};
    ScriptedSys scripted;
    Events events;
    CaptureManager manager(polling(scripted, POLLERR, armed), {});
    scripted.plug(kNode, ScriptedCamera::webcam());
    manager.setListener(events.listener());
    REQUIRE(start(manager, kCamera, kMjpeg).ok());
    REQUIRE(delivers(scripted, manager));
    armed = 1;
    CHECK(eventually([&] { return manager.stats(kCamera.source)->restarts == 1; }));
    CHECK(delivers(scripted, manager));
    armed = 2;
    const auto failed = events.waitFor(CaptureState::Failed);
    REQUIRE(failed.has_value());
    CHECK(failed->fault->errnoValue == EIO);
    manager.shutdown(2000);
}

TEST_CASE("a hang-up ends the capture without another call to the stream") {
    std::atomic<int> armed{0};
    ScriptedSys scripted;
    Events events;
    CaptureManager manager(polling(scripted, POLLHUP | POLLERR | POLLIN, armed), {});
    scripted.plug(kNode, ScriptedCamera::webcam());
    manager.setListener(events.listener());
    REQUIRE(start(manager, kCamera, kMjpeg).ok());
    REQUIRE(delivers(scripted, manager));
    armed = 1;
    CHECK(events.sees(CaptureState::Gone));
    CHECK(scripted.calls(kNode, "VIDIOC_STREAMOFF") == 0);
    CHECK(eventually([&] { return scripted.openDescriptors() == 0 && scripted.mappings() == 0; }));
    manager.shutdown(2000);
}

TEST_CASE("a signal during the wait is nothing, another failure of the wait restarts the stream") {
    ScriptedSys scripted;
    CaptureManager manager(scripted.sys(), {});
    scripted.plug(kNode, ScriptedCamera::webcam());
    REQUIRE(start(manager, kCamera, kMjpeg).ok());
    REQUIRE(delivers(scripted, manager));
    scripted.failAt(kNode, "poll", 1, EINTR, 3);
    CHECK(delivers(scripted, manager));
    CHECK(manager.stats(kCamera.source)->restarts == 0);
    scripted.failAt(kNode, "poll", 1, ENOMEM);
    CHECK(eventually([&] {
        scripted.pushFrame(kNode, {.bytes = jpeg640()});
        return manager.stats(kCamera.source)->restarts == 1;
    }));
    CHECK(delivers(scripted, manager));
    manager.shutdown(2000);
}

TEST_CASE("a format refused in the one planarity is asked for in the other, once") {
    ScriptedSys scripted;
    ScriptedCamera camera = ScriptedCamera::webcam();
    // Claims both; its queue has planes.
    camera.capabilities |= V4L2_CAP_VIDEO_CAPTURE_MPLANE;
    scripted.plug(kNode, camera);
    Sys sys = scripted.sys();
    std::atomic<int> asked{0};
    sys.ioctl = [&, inner = sys.ioctl](int fd, unsigned long request, void *argument) {
        if (request == VIDIOC_S_FMT) ++asked;
        if (request == VIDIOC_QUERYCAP) {
            const int result = inner(fd, request, argument);
            scripted.alter(kNode, [](ScriptedCamera &now) { now.deviceCaps |= V4L2_CAP_VIDEO_CAPTURE_MPLANE; });
            return result;
        }
        return inner(fd, request, argument);
    };
    CaptureManager manager(sys, {});
    CHECK(start(manager, kCamera, kMjpeg).ok());
    CHECK(asked == 2);
    CHECK(delivers(scripted, manager));
    manager.shutdown(2000);

    ScriptedSys refusing;
    refusing.plug(kNode, ScriptedCamera::webcam());
    refusing.failAt(kNode, "VIDIOC_S_FMT", 1, EINVAL, 5);
    CaptureManager second(refusing.sys(), {});
    const auto info = start(second, kCamera, kMjpeg);
    REQUIRE_FALSE(info.ok());
    CHECK(info.error().errnoValue == EINVAL);
    CHECK(refusing.calls(kNode, "VIDIOC_S_FMT") == 2);
    CHECK(refusing.openDescriptors() == 0);
    second.shutdown(2000);
}

TEST_CASE("what a start may fail with keeps its errno, leaves nothing open, and the next start works") {
    struct Case {
        const char *call;
        int errnoValue;
        const char *code;
    };
    for (const Case &given :
         {Case{"open", EMFILE, "IO"}, Case{"open", ENFILE, "IO"}, Case{"open", EPERM, "NO_PERMISSION"},
          Case{"open", ENOENT, "CAMERA_GONE"}, Case{"VIDIOC_STREAMON", EINVAL, "IO"}, Case{"VIDIOC_STREAMON", EIO, "IO"},
          Case{"VIDIOC_STREAMON", ENOLINK, "NO_SIGNAL"}, Case{"VIDIOC_STREAMON", ENOLCK, "NO_SIGNAL"}, Case{"VIDIOC_STREAMON", ENODEV, "CAMERA_GONE"}}) {
        CAPTURE(given.call);
        CAPTURE(given.errnoValue);
        ScriptedSys scripted;
        CaptureManager manager(scripted.sys(), {});
        scripted.plug(kNode, ScriptedCamera::webcam());
        scripted.failAt(kNode, given.call, 1, given.errnoValue);
        const auto info = start(manager, kCamera, kMjpeg);
        REQUIRE_FALSE(info.ok());
        CHECK(info.error().errnoValue == given.errnoValue);
        CHECK(faultCode(info.error()) == given.code);
        CHECK(eventually([&] { return scripted.openDescriptors() == 0 && scripted.mappings() == 0; }));
        CHECK(start(manager, kCamera, kMjpeg).ok());
        manager.shutdown(2000);
    }
}

TEST_CASE("a transfer that fails at the start is tried a second time at once, and not a third time") {
    for (const char *call : {"VIDIOC_S_FMT", "VIDIOC_STREAMON"}) {
        for (const int failure : {EPROTO, ETIMEDOUT, EILSEQ, EPIPE}) {
            CAPTURE(call);
            CAPTURE(failure);
            ScriptedSys scripted;
            CaptureManager manager(scripted.sys(), {});
            scripted.plug(kNode, ScriptedCamera::webcam());
            scripted.failAt(kNode, call, 1, failure);
            REQUIRE(start(manager, kCamera, kMjpeg).ok());
            CHECK(scripted.calls(kNode, call) == 2);
            CHECK(scripted.calls(kNode, "open") == 1);
            CHECK(delivers(scripted, manager));
            CHECK(incidents(*manager.stats(kCamera.source), Incident::StartRetry) == 1);
            REQUIRE(stop(manager, kCamera.source).ok());

            scripted.failAt(kNode, call, 1, failure, 2);
            const auto refused = start(manager, kCamera, kMjpeg);
            REQUIRE_FALSE(refused.ok());
            CHECK(refused.error().errnoValue == failure);
            CHECK(faultCode(refused.error()) == (failure == ETIMEDOUT ? "TIMEOUT" : "IO"));
            CHECK(scripted.calls(kNode, call) == 4);
            CHECK(eventually([&] { return scripted.openDescriptors() == 0 && scripted.mappings() == 0; }));
            CHECK(start(manager, kCamera, kMjpeg).ok());
            manager.shutdown(2000);
        }
    }
}

TEST_CASE("other failures of the start are not tried twice") {
    for (const int failure : {EBUSY, ENOSPC, EIO, ENOLINK}) {
        CAPTURE(failure);
        ScriptedSys scripted;
        CaptureManager manager(scripted.sys(), {});
        scripted.plug(kNode, ScriptedCamera::webcam());
        scripted.failAt(kNode, "VIDIOC_STREAMON", 1, failure);
        CHECK_FALSE(start(manager, kCamera, kMjpeg).ok());
        CHECK(scripted.calls(kNode, "VIDIOC_STREAMON") == 1);
        manager.shutdown(2000);
    }
}

TEST_CASE("each restart in the open device has its cause") {
    std::atomic<int> armed{0};
    ScriptedSys scripted;
    CaptureManager manager(polling(scripted, POLLERR, armed), shortDeadlines());
    scripted.plug(kNode, ScriptedCamera::webcam());
    REQUIRE(start(manager, kCamera, kMjpeg).ok());
    REQUIRE(delivers(scripted, manager));
    const auto count = [&](Incident incident) { return incidents(*manager.stats(kCamera.source), incident); };
    CHECK(eventually([&] { return count(Incident::RestartSilence) == 1; }));
    REQUIRE(delivers(scripted, manager));
    const uint64_t polled = count(Incident::RestartPoll);
    armed = 1;
    CHECK(eventually([&] { return count(Incident::RestartPoll) == polled + 1; }));
    REQUIRE(delivers(scripted, manager));
    const uint64_t queued = count(Incident::RestartQueue);
    scripted.failAt(kNode, "VIDIOC_QBUF", 1, EINVAL);
    CHECK(eventually([&] {
        scripted.pushFrame(kNode, {.bytes = jpeg640()});
        return count(Incident::RestartQueue) == queued + 1;
    }));
    const CaptureStats stats = *manager.stats(kCamera.source);
    uint64_t sum = 0;
    for (const Incident each : {Incident::RestartSilence, Incident::RestartPoll, Incident::RestartDequeue, Incident::RestartQueue}) {
        sum += incidents(stats, each);
    }
    CHECK(sum == stats.restarts);
    manager.shutdown(2000);
}

TEST_CASE("a start that hangs in any of its calls is told at its deadline") {
    for (const char *call : {"open", "VIDIOC_QUERYCAP", "VIDIOC_S_FMT", "VIDIOC_G_PARM", "VIDIOC_S_PARM", "VIDIOC_REQBUFS",
                             "VIDIOC_QUERYBUF", "mmap", "VIDIOC_QBUF", "VIDIOC_STREAMON"}) {
        CAPTURE(call);
        ScriptedSys scripted;
        CaptureManager manager(scripted.sys(), {.startTimeoutMs = 100, .stopTimeoutMs = 100});
        scripted.plug(kNode, ScriptedCamera::webcam());
        scripted.hangAt(kNode, call, 1);
        const auto info = start(manager, kCamera, kMjpeg);
        REQUIRE_FALSE(info.ok());
        CHECK(faultCode(info.error()) == "TIMEOUT");
        scripted.release();
        CHECK(eventually([&] { return scripted.openDescriptors() == 0; }));
        manager.shutdown(2000);
    }
}
