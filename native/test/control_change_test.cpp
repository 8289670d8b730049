#include "controls/control_change.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <limits>
#include <string>

#include "controls/control_order.hpp"
#include "scripted_sys.hpp"

using namespace camera;
using namespace camera::test;

namespace {

const std::string kWebcam = "/dev/video0";
constexpr uint32_t kLabel = V4L2_CID_PRIVATE_BASE + 1;
constexpr uint32_t kBig = V4L2_CID_PRIVATE_BASE + 2;
constexpr uint32_t kMask = V4L2_CID_PRIVATE_BASE + 3;
constexpr uint32_t kArea = V4L2_CID_PRIVATE_BASE + 4;

ScriptedCamera settableCamera() {
    ScriptedCamera camera = ScriptedCamera::webcam();
    camera.controls = {
        {.id = V4L2_CID_BRIGHTNESS, .name = "Brightness", .minimum = -64, .maximum = 64},
        {.id = V4L2_CID_AUTO_WHITE_BALANCE,
         .name = "White Balance, Automatic",
         .type = V4L2_CTRL_TYPE_BOOLEAN,
         .flags = V4L2_CTRL_FLAG_UPDATE,
         .maximum = 1,
         .defaultValue = 1,
         .value = 1},
        {.id = V4L2_CID_POWER_LINE_FREQUENCY,
         .name = "Power Line Frequency",
         .type = V4L2_CTRL_TYPE_MENU,
         .maximum = 2,
         .value = 0,
         .menu = {"Disabled", "", "60 Hz"}},
        {.id = V4L2_CID_WHITE_BALANCE_TEMPERATURE,
         .name = "White Balance Temperature",
         .flags = V4L2_CTRL_FLAG_INACTIVE,
         .minimum = 2'800,
         .maximum = 6'500,
         .step = 100,
         .defaultValue = 4'000,
         .value = 4'000,
         .automatic = V4L2_CID_AUTO_WHITE_BALANCE},
        {.id = kLabel, .name = "Label", .type = V4L2_CTRL_TYPE_STRING, .maximum = 7},
        {.id = kBig,
         .name = "Big",
         .type = V4L2_CTRL_TYPE_INTEGER64,
         .minimum = std::numeric_limits<int64_t>::min(),
         .maximum = std::numeric_limits<int64_t>::max()},
        {.id = kMask, .name = "Mask", .type = V4L2_CTRL_TYPE_BITMASK, .maximum = 0x8000'0003},
        {.id = kArea, .name = "Area", .type = V4L2_CTRL_TYPE_AREA},
    };
    return camera;
}

ScriptedControl &controlOf(ScriptedCamera &camera, uint32_t id) {
    for (ScriptedControl &control : camera.controls) {
        if (control.id == id) return control;
    }
    FAIL("no such control");
    return camera.controls.front();
}

std::vector<ControlResult> apply(ScriptedSys &sys, const std::vector<WantedControl> &wanted) {
    Result<std::vector<ControlResult>> results = setControls(sys.sys(), kWebcam, wanted, {});
    REQUIRE(results.ok());
    CHECK(sys.openDescriptors() == 0);
    REQUIRE(results.value().size() == wanted.size());
    return results.take();
}

ControlResult applyOne(ScriptedSys &sys, uint32_t id, ControlValue value) {
    return apply(sys, {{id, std::move(value)}}).front();
}

} // namespace

TEST_CASE("what was set is read back: as wanted, clamped to the range, rounded to the step") {
    ScriptedSys sys;
    sys.plug(kWebcam, settableCamera());
    sys.alter(kWebcam, [](ScriptedCamera &camera) { controlOf(camera, V4L2_CID_AUTO_WHITE_BALANCE).value = 0; });
    const auto results = apply(sys, {{V4L2_CID_BRIGHTNESS, 12}, {V4L2_CID_WHITE_BALANCE_TEMPERATURE, 3'150}});
    CHECK(results[0].outcome == ControlOutcome::Applied);
    CHECK(results[0].value == 12);
    CHECK(results[1].outcome == ControlOutcome::Clamped);
    CHECK(results[1].value == 3'100);
    const ControlResult below = applyOne(sys, V4L2_CID_BRIGHTNESS, -1'000);
    CHECK(below.outcome == ControlOutcome::Clamped);
    CHECK(below.value == -64);
    // Beyond 32 bits too, which the kernel's structure would cut.
    CHECK(applyOne(sys, V4L2_CID_BRIGHTNESS, int64_t{1} << 33).value == 64);
}

TEST_CASE("the automatic switch is set before what depends on it, whatever the caller's order") {
    ScriptedSys sys;
    ScriptedCamera camera = settableCamera();
    camera.refusesInactive = true;
    sys.plug(kWebcam, camera);
    const auto results = apply(sys, {{V4L2_CID_WHITE_BALANCE_TEMPERATURE, 5'000}, {V4L2_CID_AUTO_WHITE_BALANCE, 0}});
    CHECK(results[0].id == V4L2_CID_WHITE_BALANCE_TEMPERATURE);
    CHECK(results[0].outcome == ControlOutcome::Applied);
    CHECK(results[0].value == 5'000);
    CHECK_FALSE(results[0].inactive);
    CHECK(results[1].value == 0);
}

TEST_CASE("ranks: modes, switches, values, buttons") {
    const int mode = controlRank(V4L2_CID_SCENE_MODE, V4L2_CTRL_TYPE_MENU, 0);
    const int value = controlRank(V4L2_CID_BRIGHTNESS, V4L2_CTRL_TYPE_INTEGER, 0);
    for (const uint32_t id : {V4L2_CID_AUTO_WHITE_BALANCE, V4L2_CID_EXPOSURE_AUTO, V4L2_CID_FOCUS_AUTO, V4L2_CID_AUTOGAIN,
                              V4L2_CID_HUE_AUTO}) {
        CHECK(mode < controlRank(id, V4L2_CTRL_TYPE_BOOLEAN, 0));
        CHECK(controlRank(id, V4L2_CTRL_TYPE_BOOLEAN, 0) < value);
    }
    CHECK(controlRank(V4L2_CID_PRIVATE_BASE, V4L2_CTRL_TYPE_BOOLEAN, V4L2_CTRL_FLAG_UPDATE) < value);
    for (const uint32_t id : {V4L2_CID_EXPOSURE_ABSOLUTE, V4L2_CID_FOCUS_ABSOLUTE, V4L2_CID_WHITE_BALANCE_TEMPERATURE}) {
        CHECK(controlRank(id, V4L2_CTRL_TYPE_INTEGER, 0) == value);
    }
    CHECK(value < controlRank(V4L2_CID_DO_WHITE_BALANCE, V4L2_CTRL_TYPE_BUTTON, V4L2_CTRL_FLAG_UPDATE));
}

TEST_CASE("a control that an automatic one has: set without effect, or refused by the device") {
    ScriptedSys sys;
    sys.plug(kWebcam, settableCamera());
    const ControlResult taken = applyOne(sys, V4L2_CID_WHITE_BALANCE_TEMPERATURE, 5'000);
    CHECK(taken.outcome == ControlOutcome::Applied);
    CHECK(taken.inactive);
    sys.alter(kWebcam, [](ScriptedCamera &camera) { camera.refusesInactive = true; });
    const ControlResult refused = applyOne(sys, V4L2_CID_WHITE_BALANCE_TEMPERATURE, 6'000);
    CHECK(refused.outcome == ControlOutcome::Inactive);
    CHECK(refused.errnoValue == EACCES);
    CHECK(refused.value == 5'000);
}

TEST_CASE("each errno of setting has its outcome, and one that fails does not keep the others from being set") {
    struct Case {
        int errnoValue;
        ControlOutcome outcome;
        int calls;
    };
    const Case kCases[] = {{ERANGE, ControlOutcome::Rejected, 1},  {EINVAL, ControlOutcome::Rejected, 1},
                           {EBUSY, ControlOutcome::Grabbed, 1},    {EACCES, ControlOutcome::ReadOnly, 1},
                           {EPROTO, ControlOutcome::Broken, 2},    {ETIMEDOUT, ControlOutcome::Broken, 2},
                           {EILSEQ, ControlOutcome::Broken, 2},    {EPIPE, ControlOutcome::Broken, 2},
                           {EIO, ControlOutcome::Broken, 2},       {ENOMEM, ControlOutcome::Failed, 1},
                           {ENOSPC, ControlOutcome::Rejected, 1}};
    for (const Case &expected : kCases) {
        CAPTURE(expected.errnoValue);
        ScriptedSys sys;
        sys.plug(kWebcam, settableCamera());
        sys.alter(kWebcam, [&](ScriptedCamera &camera) {
            controlOf(camera, V4L2_CID_BRIGHTNESS).writeErrno = expected.errnoValue;
        });
        const auto results = apply(sys, {{V4L2_CID_BRIGHTNESS, 1}, {V4L2_CID_POWER_LINE_FREQUENCY, 2}});
        CHECK(results[0].outcome == expected.outcome);
        CHECK(results[0].errnoValue == expected.errnoValue);
        CHECK(results[1].outcome == ControlOutcome::Applied);
        CHECK(results[1].value == 2);
        CHECK(sys.calls(kWebcam, "VIDIOC_S_EXT_CTRLS") == expected.calls + 1);
    }
}

TEST_CASE("a single lost transfer is made again") {
    ScriptedSys sys;
    sys.plug(kWebcam, settableCamera());
    sys.failAt(kWebcam, "VIDIOC_S_EXT_CTRLS", 1, EPROTO);
    sys.failAt(kWebcam, "VIDIOC_QUERY_EXT_CTRL", 1, ETIMEDOUT);
    CHECK(applyOne(sys, V4L2_CID_BRIGHTNESS, 5).outcome == ControlOutcome::Applied);
}

TEST_CASE("a broken control is not asked again") {
    ScriptedSys sys;
    sys.plug(kWebcam, settableCamera());
    const auto results = setControls(sys.sys(), kWebcam, {{V4L2_CID_BRIGHTNESS, 5}}, {V4L2_CID_BRIGHTNESS}).take();
    CHECK(results[0].outcome == ControlOutcome::Broken);
    CHECK_FALSE(results[0].value.has_value());
    CHECK(sys.calls(kWebcam, "VIDIOC_QUERY_EXT_CTRL") + sys.calls(kWebcam, "VIDIOC_S_EXT_CTRLS") == 0);
}

TEST_CASE("what cannot be set says so without a call") {
    ScriptedSys sys;
    ScriptedCamera camera = settableCamera();
    controlOf(camera, V4L2_CID_BRIGHTNESS).flags = V4L2_CTRL_FLAG_READ_ONLY;
    controlOf(camera, V4L2_CID_POWER_LINE_FREQUENCY).flags = V4L2_CTRL_FLAG_DISABLED;
    sys.plug(kWebcam, camera);
    const auto results = apply(sys, {{V4L2_CID_BRIGHTNESS, 1},
                                     {V4L2_CID_POWER_LINE_FREQUENCY, 1},
                                     {V4L2_CID_CONTRAST, 1},
                                     {kArea, 1},
                                     {V4L2_CID_AUTO_WHITE_BALANCE, std::string("on")},
                                     {kLabel, 5}});
    CHECK(results[0].outcome == ControlOutcome::ReadOnly);
    CHECK(results[1].outcome == ControlOutcome::Unknown);
    CHECK(results[2].outcome == ControlOutcome::Unknown);
    CHECK(results[3].outcome == ControlOutcome::Rejected);
    CHECK(results[4].outcome == ControlOutcome::Rejected);
    CHECK(results[5].outcome == ControlOutcome::Rejected);
    CHECK(sys.calls(kWebcam, "VIDIOC_S_EXT_CTRLS") == 0);
}

TEST_CASE("menus have holes and ends") {
    ScriptedSys sys;
    sys.plug(kWebcam, settableCamera());
    CHECK(applyOne(sys, V4L2_CID_POWER_LINE_FREQUENCY, 1).outcome == ControlOutcome::Rejected);
    CHECK(applyOne(sys, V4L2_CID_POWER_LINE_FREQUENCY, 3).outcome == ControlOutcome::Rejected);
    CHECK(applyOne(sys, V4L2_CID_POWER_LINE_FREQUENCY, 2).outcome == ControlOutcome::Applied);
}

TEST_CASE("texts, bit masks and 64-bit numbers keep every bit") {
    ScriptedSys sys;
    sys.plug(kWebcam, settableCamera());
    CHECK(applyOne(sys, kLabel, std::string("door")).text == "door");
    const ControlResult tooLong = applyOne(sys, kLabel, std::string("12345678"));
    CHECK(tooLong.outcome == ControlOutcome::Rejected);
    CHECK(tooLong.text == "door");

    CHECK(applyOne(sys, kMask, int64_t{0x8000'0001}).value == int64_t{0x8000'0001});
    CHECK(applyOne(sys, kMask, -1).outcome == ControlOutcome::Rejected);

    const ControlResult big = applyOne(sys, kBig, std::string("-9223372036854775808"));
    CHECK(big.outcome == ControlOutcome::Applied);
    CHECK(big.value == std::numeric_limits<int64_t>::min());
    CHECK(applyOne(sys, kBig, std::string("9223372036854775808")).outcome == ControlOutcome::Rejected);
    CHECK_FALSE(decimalNumber("").has_value());
    CHECK_FALSE(decimalNumber("12x").has_value());
    CHECK_FALSE(decimalNumber(" 1").has_value());
}

TEST_CASE("buttons are pressed and write-only controls set without being read") {
    ScriptedSys sys;
    ScriptedCamera camera = settableCamera();
    controlOf(camera, V4L2_CID_BRIGHTNESS).flags = V4L2_CTRL_FLAG_WRITE_ONLY;
    controlOf(camera, V4L2_CID_POWER_LINE_FREQUENCY).type = V4L2_CTRL_TYPE_BUTTON;
    sys.plug(kWebcam, camera);
    const auto results = apply(sys, {{V4L2_CID_BRIGHTNESS, 3}, {V4L2_CID_POWER_LINE_FREQUENCY, 1}});
    for (const ControlResult &result : results) {
        CHECK(result.outcome == ControlOutcome::Applied);
        CHECK_FALSE(result.value.has_value());
    }
    CHECK(sys.calls(kWebcam, "VIDIOC_G_EXT_CTRLS") == 0);
}

TEST_CASE("drivers without extended controls are set in the classic way") {
    ScriptedSys sys;
    ScriptedCamera camera = settableCamera();
    camera.extendedControls = false;
    sys.plug(kWebcam, camera);
    const ControlResult result = applyOne(sys, V4L2_CID_BRIGHTNESS, -9);
    CHECK(result.outcome == ControlOutcome::Applied);
    CHECK(result.value == -9);
    CHECK(sys.calls(kWebcam, "VIDIOC_S_CTRL") == 1);
}

TEST_CASE("a camera that goes meanwhile is an error, at each step") {
    for (const char *call : {"open", "VIDIOC_QUERY_EXT_CTRL", "VIDIOC_S_EXT_CTRLS", "VIDIOC_G_EXT_CTRLS"}) {
        CAPTURE(call);
        ScriptedSys sys;
        sys.plug(kWebcam, settableCamera());
        sys.unplugAt(kWebcam, call, 1);
        const auto results = setControls(sys.sys(), kWebcam, {{V4L2_CID_BRIGHTNESS, 1}, {V4L2_CID_AUTO_WHITE_BALANCE, 0}}, {});
        REQUIRE_FALSE(results.ok());
        CHECK((results.error().errnoValue == ENODEV || results.error().errnoValue == ENOENT));
        CHECK(sys.openDescriptors() == 0);
    }
}

TEST_CASE("a camera that stalls every request is given up after the limit, not asked for ever") {
    ScriptedSys sys;
    sys.plug(kWebcam, settableCamera());
    const auto results =
        setControls(sys.sys(), kWebcam, {{V4L2_CID_BRIGHTNESS, 1}, {kBig, 1}}, {}, NodeCheck::CharacterDevice, {2, 10'000'000}).take();
    CHECK(results[0].outcome == ControlOutcome::Failed);
    CHECK(results[1].outcome == ControlOutcome::Failed);
    CHECK(sys.calls(kWebcam, "VIDIOC_S_EXT_CTRLS") == 0);
}
