#include "h264/h264_intake.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/videodev2.h>

#include "base/courier.hpp"
#include "h264_support.hpp"
#include "scripted_sys.hpp"

using namespace camera;
using namespace camera::test;

namespace {

constexpr int64_t kSecondUs = 1'000'000;

struct Sink : FrameSink {
    void framePublished() override {}
};

struct Rig {
    std::shared_ptr<Courier> courier = std::make_shared<Courier>();
    std::shared_ptr<FrameHub> jpegs = FrameHub::create(courier);
    std::shared_ptr<H264Hub> hub = std::make_shared<H264Hub>(courier);
    std::shared_ptr<CaptureCounters> counters = std::make_shared<CaptureCounters>();
    H264Intake intake{hub, jpegs, counters};
};

} // namespace

TEST_CASE("demand for JPEGs is told when it changes, and again now and then") {
    Rig rig;
    Sink sink;
    int64_t nowUs = kSecondUs;
    CHECK_FALSE(rig.intake.demandNews(nowUs));
    rig.jpegs->addSink(&sink);
    CHECK(rig.intake.demandNews(nowUs).value() == true);
    nowUs += 9 * kSecondUs;
    CHECK_FALSE(rig.intake.demandNews(nowUs));
    nowUs += kSecondUs;
    CHECK(rig.intake.demandNews(nowUs).value() == true);
    rig.jpegs->removeSink(&sink);
    CHECK(rig.intake.demandNews(nowUs).value() == false);
    CHECK_FALSE(rig.intake.demandNews(nowUs));
    nowUs += 10 * kSecondUs;
    CHECK(rig.intake.demandNews(nowUs).value() == false);
}

TEST_CASE("key frames are asked for when one is wanted, twice a second at most, and no more once the camera refused") {
    Rig rig;
    ScriptedSys scripted;
    ScriptedCamera camera = ScriptedCamera::webcam();
    camera.controls = {{.id = V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME, .name = "key frame", .type = V4L2_CTRL_TYPE_BUTTON}};
    scripted.plug("/dev/video0", camera);
    const Sys sys = scripted.sys();
    const DeviceFd device(sys, sys.open("/dev/video0", O_RDWR));
    const auto tend = [&](int64_t nowUs) {
        rig.intake.tend(H264Controls(sys, device.get()), nowUs);
        return scripted.calls("/dev/video0", "VIDIOC_S_CTRL");
    };
    CHECK(tend(kSecondUs) == 0);
    rig.intake.lost();
    CHECK(tend(kSecondUs) == 1);
    CHECK(tend(2 * kSecondUs) == 1);
    rig.hub->wantKeyFrame();
    CHECK(tend(3 * kSecondUs) == 2);
    rig.hub->wantKeyFrame();
    CHECK(tend(3 * kSecondUs + 400'000) == 2);
    CHECK(tend(3 * kSecondUs + 500'000) == 3); // the wish was kept
    scripted.alter("/dev/video0", [](ScriptedCamera &now) { now.controls.clear(); });
    rig.hub->wantKeyFrame();
    CHECK(tend(5 * kSecondUs) == 4);
    rig.hub->wantKeyFrame();
    CHECK(tend(7 * kSecondUs) == 4);
}

TEST_CASE("damage makes a wish for a key frame, parameter sets alone do not") {
    Rig rig;
    CHECK_FALSE(rig.intake.accept(joined({kSpsUnit, kPpsUnit}), {}));
    CHECK_FALSE(rig.hub->takeWish());
    CHECK_FALSE(rig.intake.accept(nal(0xe5, {1}), {}));
    CHECK(rig.hub->takeWish());
    CHECK(rig.counters->invalidUnits == 1);
    FrameDraft draft = rig.intake.accept(slice(1), {.sequence = 7});
    REQUIRE(draft);
    CHECK(draft.facts().sequence == 7);
    CHECK_FALSE(draft.facts().keyframe);
    CHECK(draft.facts().codec == FrameCodec::H264);
}
