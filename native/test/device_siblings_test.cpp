// Nodes of one camera, and cameras of one device, are told apart.
#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "watched_devices.hpp"

using namespace camera;
using namespace camera::test;

using Type = DeviceEventType;

TEST_CASE("the metadata node joins its camera and is no camera itself") {
    DeviceStage stage;
    Watched watched(stage, patient(stage));
    // Answered after the first scan: what comes now is plugged in, and siblings are waited for.
    CHECK_FALSE(probe(watched.monitor, "unknown").ok());
    stage.plugUsb(0, 0, ScriptedCamera::webcam());
    stage.plugUsb(1, 1, ScriptedCamera::metadata());
    const DeviceEvent ready = watched.next(Type::Ready);
    CHECK(ready.device.report->companions == std::vector<std::string>{stage.node(1)});
    CHECK(watched.monitor.devices().size() == 1);
    CHECK(watched.log.types() == "present ready");
}

TEST_CASE("a sibling that comes late changes the camera") {
    DeviceStage stage;
    MonitorOptions options = stage.options();
    options.siblingWaitMs = 1;
    Watched watched(stage, options);
    stage.plugUsb(0, 0, ScriptedCamera::webcam());
    CHECK(watched.next(Type::Ready).device.report->companions.empty());
    stage.plugUsb(1, 1, ScriptedCamera::metadata());
    CHECK(watched.next(Type::Changed).device.report->companions.size() == 1);
}

TEST_CASE("of a function with two capture nodes the lower index is the camera, whatever came first") {
    DeviceStage stage;
    stage.plugUsb(5, 0, ScriptedCamera::webcam());
    stage.plugUsb(2, 2, ScriptedCamera::webcam());
    Watched watched(stage, patient(stage));
    CHECK(watched.next(Type::Ready).device.node == stage.node(5));
    const auto devices = watched.monitor.devices();
    REQUIRE(devices.size() == 1);
    CHECK(devices[0].report->companions == std::vector<std::string>{stage.node(2)});
}

TEST_CASE("two cameras below one platform device are two cameras with different ids") {
    DeviceStage stage;
    for (int i = 0; i < 2; ++i) {
        ScriptedCamera camera = ScriptedCamera::webcam();
        camera.driver = "vivid";
        camera.card = "vivid-00" + std::to_string(i);
        camera.busInfo = "platform:vivid-00" + std::to_string(i);
        stage.plugPlatform(2 * i, 0, camera, "vivid.0");
        camera.deviceCaps = V4L2_CAP_VIDEO_OUTPUT | V4L2_CAP_STREAMING;
        stage.plugPlatform(2 * i + 1, 1, camera, "vivid.0");
    }
    Watched watched(stage);
    watched.next(Type::Ready);
    watched.next(Type::Ready);
    const auto devices = watched.monitor.devices();
    REQUIRE(devices.size() == 2);
    // They are asked side by side, so either may be told first.
    const std::set<std::string> ids{devices[0].identity.id, devices[1].identity.id};
    CHECK(ids == std::set<std::string>{"plat-vivid.0-vivid-000-x0", "plat-vivid.0-vivid-001-x0"});
    CHECK(watched.log.count(Type::Gone) == 0); // the output nodes were never told
}

TEST_CASE("a codec below a platform device is never told") {
    DeviceStage stage;
    ScriptedCamera codec = ScriptedCamera::webcam();
    codec.deviceCaps = V4L2_CAP_VIDEO_M2M | V4L2_CAP_STREAMING;
    stage.plugPlatform(10, 0, codec, "codec.0");
    stage.plugPlatform(0, 0, ScriptedCamera::webcam(), "csi.0");
    Watched watched(stage);
    CHECK(watched.next(Type::Ready).device.node == stage.node(0));
    CHECK(eventually([&] { return stage.sys().calls(stage.node(10), "close") == 1; }));
    CHECK(watched.log.types() == "ready");
}

TEST_CASE("an exclusive loopback is a camera from the moment somebody feeds it") {
    DeviceStage stage;
    ScriptedCamera loopback = ScriptedCamera::webcam();
    loopback.driver = "v4l2 loopback";
    loopback.capabilities = loopback.deviceCaps = V4L2_CAP_VIDEO_OUTPUT | V4L2_CAP_STREAMING;
    loopback.capabilities |= V4L2_CAP_DEVICE_CAPS;
    stage.plugPlatform(9, 0, loopback, "");
    Watched watched(stage, impatient(stage));
    REQUIRE(eventually([&] { return stage.sys().calls(stage.node(9), "VIDIOC_QUERYCAP") >= 2; }));
    CHECK(watched.monitor.devices().empty());
    stage.sys().alter(stage.node(9), [](ScriptedCamera &c) { c.deviceCaps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING; });
    CHECK(watched.next(Type::Ready).device.report->kind == NodeKind::Virtual);
}
