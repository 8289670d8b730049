// What is asked of a camera: its report and its controls.
#include <doctest/doctest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "watched_devices.hpp"

using namespace camera;
using namespace camera::test;

using Type = DeviceEventType;

TEST_CASE("an asked probe tells what changed and completes its answer") {
    DeviceStage stage;
    stage.plugUsb(0, 0, ScriptedCamera::webcam());
    stage.plugUsb(1, 1, ScriptedCamera::metadata());
    Watched watched(stage, patient(stage));
    const std::string source = watched.next(Type::Ready).device.source;
    CHECK(probe(watched.monitor, source).value()->companions.size() == 1);
    stage.sys().alter(stage.node(0), [](ScriptedCamera &camera) { camera.formats.pop_back(); });
    CHECK(probe(watched.monitor, source).value()->formats.size() == 1);
    CHECK(watched.next(Type::Changed).device.report->formats.size() == 1);
    CHECK(probe(watched.monitor, "/dev/video99#1").error().errnoValue == ENODEV);
}

TEST_CASE("a control that the camera stalled on is not asked again") {
    DeviceStage stage;
    ScriptedCamera camera = ScriptedCamera::webcam();
    camera.controls = {{.id = V4L2_CID_BRIGHTNESS, .name = "Brightness", .maximum = 255, .value = 10},
                       {.id = V4L2_CID_CONTRAST, .name = "Contrast", .maximum = 255, .readErrno = EIO}};
    stage.plugUsb(0, 0, camera);
    Watched watched(stage);
    const std::string source = watched.next(Type::Ready).device.source;
    for (int round = 0; round < 2; ++round) {
        Awaited<Result<std::vector<DeviceControl>>> answer;
        watched.monitor.probeControls(source, answer.callback());
        const auto controls = answer.get();
        REQUIRE(controls.has_value());
        REQUIRE(controls->ok());
        REQUIRE(controls->value().size() == 2);
        CHECK(controls->value()[0].value == 10);
        CHECK_FALSE(controls->value()[1].value.has_value());
    }
    // First round: the batch fails, then one by one. Second round: a batch without the broken one.
    CHECK(stage.sys().calls(stage.node(0), "VIDIOC_G_EXT_CTRLS") == 4);
}

TEST_CASE("controls are set on the camera's own thread; one that stalled is not asked again until the camera is plugged in anew") {
    DeviceStage stage;
    ScriptedCamera camera = ScriptedCamera::webcam();
    camera.controls = {{.id = V4L2_CID_BRIGHTNESS, .name = "Brightness", .maximum = 255, .value = 10},
                       {.id = V4L2_CID_CONTRAST, .name = "Contrast", .maximum = 255, .writeErrno = EPIPE}};
    stage.plugUsb(0, 0, camera);
    Watched watched(stage);
    const std::string source = watched.next(Type::Ready).device.source;
    for (int round = 0; round < 2; ++round) {
        Awaited<Result<std::vector<ControlResult>>> answer;
        watched.monitor.setControls(source, {{V4L2_CID_CONTRAST, 1}, {V4L2_CID_BRIGHTNESS, 20 + round}}, answer.callback());
        const auto results = answer.get();
        REQUIRE(results.has_value());
        REQUIRE(results->ok());
        CHECK(results->value()[0].outcome == ControlOutcome::Broken);
        CHECK(results->value()[1].value == 20 + round);
    }
    // Once, and once more since a single transfer may be lost; in the second round not at all.
    CHECK(stage.sys().calls(stage.node(0), "VIDIOC_S_EXT_CTRLS") == 4);
    Awaited<Result<std::vector<ControlResult>>> nobody;
    watched.monitor.setControls("/dev/video9#1", {{V4L2_CID_BRIGHTNESS, 1}}, nobody.callback());
    CHECK(nobody.get()->error().errnoValue == ENODEV);
}

TEST_CASE("a camera that hangs while a control is set is a timeout") {
    DeviceStage stage;
    ScriptedCamera camera = ScriptedCamera::webcam();
    camera.controls = {{.id = V4L2_CID_BRIGHTNESS, .name = "Brightness", .maximum = 255}};
    stage.plugUsb(0, 0, camera);
    MonitorOptions options = stage.options();
    options.controlsDeadlineMs = 30;
    Watched watched(stage, options);
    const std::string source = watched.next(Type::Ready).device.source;
    stage.sys().hangAt(stage.node(0), "VIDIOC_S_EXT_CTRLS", 1);
    Awaited<Result<std::vector<ControlResult>>> answer;
    watched.monitor.setControls(source, {{V4L2_CID_BRIGHTNESS, 1}}, answer.callback());
    REQUIRE(answer.get().has_value());
    CHECK(answer.get()->error().errnoValue == ETIMEDOUT);
    stage.sys().release();
}
