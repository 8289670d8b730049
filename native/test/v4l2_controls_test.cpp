#include "controls/v4l2_controls.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <limits>
#include <string>

#include "scripted_sys.hpp"

using namespace camera;
using namespace camera::test;

namespace {

const std::string kNode = "/dev/video0";

ScriptedCamera cameraWithControls() {
    ScriptedCamera camera = ScriptedCamera::webcam();
    camera.controls = {
        {.id = V4L2_CID_USER_CLASS, .name = "User Controls", .type = V4L2_CTRL_TYPE_CTRL_CLASS, .flags = V4L2_CTRL_FLAG_READ_ONLY},
        {.id = V4L2_CID_BRIGHTNESS, .name = "Brightness", .flags = V4L2_CTRL_FLAG_SLIDER, .minimum = -64, .maximum = 64, .value = 7},
        {.id = V4L2_CID_CONTRAST, .name = "Contrast", .flags = V4L2_CTRL_FLAG_DISABLED},
        {.id = V4L2_CID_POWER_LINE_FREQUENCY,
         .name = "Power Line Frequency",
         .type = V4L2_CTRL_TYPE_MENU,
         .maximum = 2,
         .value = 1,
         .menu = {"Disabled", "", "60 Hz"}},
        {.id = V4L2_CID_PRIVATE_BASE,
         .name = "Link rate",
         .type = V4L2_CTRL_TYPE_INTEGER_MENU,
         .maximum = 1,
         .menu = {"456000000", "912000000"}},
        {.id = V4L2_CID_PRIVATE_BASE + 1, .name = "Label", .type = V4L2_CTRL_TYPE_STRING, .maximum = 31, .text = "door\n"},
        {.id = V4L2_CID_PRIVATE_BASE + 2, .name = "Big", .type = V4L2_CTRL_TYPE_INTEGER64, .value = int64_t{1} << 40},
        {.id = V4L2_CID_PRIVATE_BASE + 3, .name = "Reset", .type = V4L2_CTRL_TYPE_BUTTON, .flags = V4L2_CTRL_FLAG_WRITE_ONLY},
        {.id = V4L2_CID_PRIVATE_BASE + 4, .name = "Regions", .type = V4L2_CTRL_TYPE_AREA},
    };
    return camera;
}

const DeviceControl *find(const std::vector<DeviceControl> &controls, const std::string &name) {
    for (const DeviceControl &control : controls) {
        if (control.name == name) return &control;
    }
    return nullptr;
}

} // namespace

TEST_CASE("controls are listed with ranges, flags, menus and values") {
    ScriptedSys sys;
    sys.plug(kNode, cameraWithControls());
    const auto controls = probeControls(sys.sys(), kNode, {}).take();
    CHECK(controls.size() == 7); // no heading, nothing disabled
    const DeviceControl *brightness = find(controls, "Brightness");
    REQUIRE(brightness);
    CHECK(brightness->minimum == -64);
    CHECK(brightness->value == 7);
    CHECK(brightness->flags == std::vector<std::string>{"slider"});
    const DeviceControl *menu = find(controls, "Power Line Frequency");
    REQUIRE(menu);
    REQUIRE(menu->menu.size() == 2); // the hole at 1 is not the end
    CHECK(menu->menu[1].value == 2);
    CHECK(menu->menu[1].label == "60 Hz");
    CHECK(find(controls, "Link rate")->menu[1].label == "912000000");
    CHECK(find(controls, "Label")->text == "door");
    CHECK(find(controls, "Big")->value == int64_t{1} << 40);
    CHECK_FALSE(find(controls, "Reset")->value.has_value());
    CHECK(find(controls, "Regions")->type == "compound");
    CHECK(sys.calls(kNode, "VIDIOC_G_EXT_CTRLS") == 1);
    CHECK(sys.calls(kNode, "VIDIOC_S_CTRL") + sys.calls(kNode, "VIDIOC_S_EXT_CTRLS") == 0);
    CHECK(sys.openDescriptors() == 0);
}

TEST_CASE("one control that cannot be read does not hide the others") {
    ScriptedCamera camera = cameraWithControls();
    for (ScriptedControl &control : camera.controls) {
        if (control.name == "Brightness") control.readErrno = ETIMEDOUT;
        if (control.name == "Big") control.readErrno = EACCES;
    }
    ScriptedSys sys;
    sys.plug(kNode, camera);
    const auto controls = probeControls(sys.sys(), kNode, {}).take();
    const DeviceControl *stalled = find(controls, "Brightness");
    CHECK_FALSE(stalled->value.has_value());
    CHECK(stalled->flags.back() == "broken");
    CHECK_FALSE(find(controls, "Big")->value.has_value());
    CHECK(find(controls, "Big")->flags.empty());
    CHECK(find(controls, "Power Line Frequency")->value == 1);
}

TEST_CASE("drivers without extended controls are asked in the classic way") {
    ScriptedCamera camera = cameraWithControls();
    camera.extendedControls = false;
    ScriptedSys sys;
    sys.plug(kNode, camera);
    SUBCASE("with the next flag") {}
    SUBCASE("id by id") { sys.failAt(kNode, "VIDIOC_QUERYCTRL", 1, EINVAL); }
    const auto controls = probeControls(sys.sys(), kNode, {}).take();
    REQUIRE(find(controls, "Brightness"));
    CHECK(find(controls, "Brightness")->value == 7);
    CHECK(find(controls, "Power Line Frequency")->menu.size() == 2);
    CHECK(find(controls, "Link rate") != nullptr);
}

TEST_CASE("a menu whose bounds are nonsense is not walked beyond what can be asked for") {
    constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
    ScriptedCamera camera = cameraWithControls();
    for (ScriptedControl &control : camera.controls) {
        if (control.name == "Power Line Frequency") control.minimum = control.maximum = kMost;
        if (control.name == "Link rate") control.maximum = kMost;
    }
    ScriptedSys sys;
    sys.plug(kNode, camera);
    const auto controls = probeControls(sys.sys(), kNode, {}).take();
    CHECK(find(controls, "Power Line Frequency")->menu.empty());
    CHECK(find(controls, "Link rate")->menu.size() == 2);
}

TEST_CASE("a camera without controls has none; one that is gone is an error") {
    ScriptedSys sys;
    ScriptedCamera camera = ScriptedCamera::webcam();
    sys.plug(kNode, camera);
    CHECK(probeControls(sys.sys(), kNode, {}).value().empty());
    sys.failAt(kNode, "VIDIOC_QUERY_EXT_CTRL", 1, ENODEV);
    const auto gone = probeControls(sys.sys(), kNode, {});
    REQUIRE_FALSE(gone.ok());
    CHECK(gone.error().errnoValue == ENODEV);
    CHECK(gone.error().step == "VIDIOC_QUERY_EXT_CTRL");
}
