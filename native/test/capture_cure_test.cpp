// Streams that fall silent or fail are restarted in the open device, then given up.
#include <doctest/doctest.h>

#include "capture_rig.hpp"
#include "base/fault_code.hpp"

using namespace camera;
using namespace camera::test;

TEST_CASE("a stream that never delivers is restarted in place once, then it fails") {
    CaptureRig rig(quick());
    REQUIRE(rig.start().ok());
    const auto failed = rig.events.waitFor(CaptureState::Failed);
    REQUIRE(failed.has_value());
    CHECK(faultCode(*failed->fault) == "STALLED");
    CHECK(rig.scripted.calls(kNode, "VIDIOC_STREAMON") == 2);
    CHECK(rig.scripted.calls(kNode, "VIDIOC_S_FMT") == 1);
    CHECK(rig.released());
    CHECK_FALSE(rig.stats().running);
}

TEST_CASE("frames that are all damaged do not pass for a stream") {
    CaptureRig rig(quick());
    REQUIRE(rig.start().ok());
    CHECK(eventually([&] {
        rig.push({.bytes = Bytes(5000, 0x42)});
        return rig.events.count(CaptureState::Failed) == 1;
    }));
    CHECK(rig.events.count(CaptureState::Delivering) == 0);
}

TEST_CASE("a silence is cured in place before it is told, and a stall that frames end is told too") {
    CaptureOptions options = quick();
    options.firstFrameMs = 5000;
    options.stalledMs = 200;
    CaptureRig rig(options);
    REQUIRE(rig.start().ok());
    REQUIRE(rig.pushGood());
    const auto stalled = rig.events.waitFor(CaptureState::Stalled);
    REQUIRE(stalled.has_value());
    CHECK(faultCode(*stalled->fault) == "STALLED");
    CHECK(rig.events.count(CaptureState::Delivering) == 1);
    CHECK(rig.scripted.calls(kNode, "VIDIOC_STREAMON") == 2);
    REQUIRE(rig.pushGood());
    CHECK(rig.events.sees(CaptureState::Restarted));
    CHECK(rig.events.count(CaptureState::Delivering) == 1);
    CHECK(rig.stats().restarts == 1);
    CHECK(rig.stop().ok());
    CHECK(rig.released());
}

TEST_CASE("a stall that the cure in place does not end fails the stream") {
    CaptureOptions options = quick();
    options.stalledMs = 100;
    CaptureRig rig(options);
    REQUIRE(rig.start().ok());
    REQUIRE(rig.pushGood());
    CHECK(rig.events.sees(CaptureState::Stalled));
    CHECK(rig.events.sees(CaptureState::Failed));
    CHECK(rig.scripted.calls(kNode, "VIDIOC_S_FMT") == 1);
    CHECK(rig.released());
}

TEST_CASE("one EIO is waited out, a second in a row restarts the stream") {
    CaptureRig rig;
    REQUIRE(rig.start().ok());
    REQUIRE(rig.grabOf({.bytes = jpeg640()}).ok());
    rig.scripted.failAt(kNode, "VIDIOC_DQBUF", 1, EIO);
    CHECK(rig.grabOf({.bytes = jpeg640()}).ok());
    CHECK(rig.stats().restarts == 0);
    CHECK(incidents(rig.stats(), Incident::DequeueRetry) == 1);
    rig.scripted.failAt(kNode, "VIDIOC_DQBUF", 1, EIO, 2);
    REQUIRE(rig.pushGood());
    REQUIRE(eventually([&] { return rig.stats().restarts == 1; }));
    CHECK(incidents(rig.stats(), Incident::RestartDequeue) == 1);
    REQUIRE(rig.scripted.waitForStreaming(kNode, true, 5000));
    REQUIRE(eventually([&] { return rig.scripted.calls(kNode, "VIDIOC_STREAMON") == 2; }));
    CHECK(rig.grabOf({.bytes = jpeg640()}).ok());
    CHECK(rig.events.count(CaptureState::Failed) == 0);
}

TEST_CASE("a driver that names a buffer it does not have is restarted") {
    ScriptedSys scripted;
    scripted.plug(kNode, ScriptedCamera::webcam());
    CaptureManager manager(lying(scripted, [](v4l2_buffer &buffer) { buffer.index = 77; }), {});
    REQUIRE(start(manager, kCamera, kMjpeg).ok());
    REQUIRE(scripted.pushFrame(kNode, {.bytes = jpeg640()}));
    CHECK(eventually([&] { return manager.stats(kCamera.source)->restarts == 1; }));
}
