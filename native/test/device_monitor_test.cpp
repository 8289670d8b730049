#include "devices/device_monitor.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <future>
#include <iterator>
#include <string>

#include "base/clock.hpp"
#include "watched_devices.hpp"

using namespace camera;
using namespace camera::test;

using Type = DeviceEventType;

TEST_CASE("a camera that is there at the start is told as present, then ready") {
    DeviceStage stage;
    stage.plugUsb(0, 0, ScriptedCamera::webcam());
    Watched watched(stage);

    const DeviceEvent present = watched.next(Type::Present);
    CHECK(present.device.source == stage.node(0) + "#1");
    CHECK(present.device.identity.id == "usb-046d:0825-A1B2C3D4-i0-x0");
    CHECK(present.device.report == nullptr);

    const DeviceEvent ready = watched.next(Type::Ready);
    REQUIRE(ready.device.report);
    CHECK(ready.device.report->kind == NodeKind::Camera);
    CHECK(ready.device.report->formats.size() == 2);
    CHECK(ready.device.source == present.device.source);
    CHECK(watched.monitor.devices().size() == 1);
    CHECK(watched.monitor.nodeOf(ready.device.source).value() == stage.node(0));
    CHECK(stage.sys().openDescriptors() == 0);
}

TEST_CASE("plugging and pulling is told at once, under a new source each time, with gap-free numbers") {
    DeviceStage stage;
    Watched watched(stage);
    for (int round = 1; round <= 3; ++round) {
        const int64_t pluggedUs = monotonicUs();
        stage.plugUsb(3, 0, ScriptedCamera::webcam());
        const DeviceEvent present = watched.next(Type::Present);
        CHECK(present.device.source == stage.node(3) + "#" + std::to_string(round));
        CHECK(present.atUs >= pluggedUs);
        watched.next(Type::Ready);
        stage.pull(3);
        CHECK(watched.next(Type::Gone).device.source == present.device.source);
        CHECK(watched.monitor.devices().empty());
        CHECK(watched.monitor.nodeOf(present.device.source).error().errnoValue == ENODEV);
    }
    CHECK(watched.log.gapFree());
}

TEST_CASE("polling alone finds what comes and goes") {
    DeviceStage stage;
    MonitorOptions options = stage.options();
    options.events = false;
    options.rescanMs = 10;
    options.siblingWaitMs = 5;
    Watched watched(stage, options);
    stage.plugUsb(0, 0, ScriptedCamera::webcam());
    watched.next(Type::Ready);
    stage.pull(0);
    watched.next(Type::Gone);
}

TEST_CASE("a node replaced within one moment is gone and present") {
    DeviceStage stage;
    stage.plugUsb(0, 0, ScriptedCamera::webcam());
    Watched watched(stage);
    const std::string first = watched.next(Type::Ready).device.source;
    stage.pull(0);
    stage.plugUsb(0, 0, ScriptedCamera::webcam(), {.devnum = 6});
    CHECK(watched.next(Type::Gone).device.source == first);
    CHECK(watched.next(Type::Ready).device.source == stage.node(0) + "#2");
}

TEST_CASE("a camera with a loose plug is told as flapping and asked rarely") {
    DeviceStage stage;
    Watched watched(stage);
    for (int round = 0; round < 6; ++round) {
        stage.plugUsb(0, 0, ScriptedCamera::webcam());
        watched.next(Type::Present);
        stage.pull(0);
        watched.next(Type::Gone);
    }
    CHECK(watched.log.count(Type::Flapping) == 1);
    CHECK(stage.sys().calls(stage.node(0), "open") <= 5);
}

TEST_CASE("a virtual camera is ready at once, answers probes, and has no node") {
    DeviceStage stage;
    Watched watched(stage);
    DeviceState device;
    device.source = "virtual:0";
    device.isVirtual = true;
    device.identity.id = "virtual-0";
    auto report = std::make_shared<DeviceReport>();
    report->kind = NodeKind::Virtual;
    device.report = report;
    watched.monitor.announce(device);
    CHECK(watched.next(Type::Ready).device.source == "virtual:0");
    CHECK(watched.log.types() == "ready");
    CHECK(probe(watched.monitor, "virtual:0").value()->kind == NodeKind::Virtual);
    CHECK(watched.monitor.nodeOf("virtual:0").value().empty());
}

TEST_CASE("events that no longer fit become one resync with everything that is present") {
    DeviceStage stage;
    stage.plugUsb(0, 0, ScriptedCamera::webcam());
    DeviceMonitor monitor(stage.sys().sys(), stage.options());
    EventLog log;
    std::promise<void> opener;
    std::shared_future<void> opened = opener.get_future().share();
    // The first event holds up the monitor thread while the directory changes thousands of times.
    monitor.setListener([&, keep = log.listener()](DeviceEvent event) {
        keep(std::move(event));
        opened.wait();
    });
    REQUIRE(monitor.start().ok());
    REQUIRE(log.next(Type::Present).has_value());
    stage.plugUsb(1, 1, ScriptedCamera::metadata());
    for (int i = 0; i < 6'000; ++i) {
        for (const int number : {0, 1}) REQUIRE(::chmod(stage.node(number).c_str(), i % 2 ? 0600 : 0640) == 0);
    }
    opener.set_value();
    const auto resync = log.next(Type::Resync);
    REQUIRE(resync.has_value());
    REQUIRE(resync->devices.size() == 1);
    CHECK(resync->devices[0].node == stage.node(0));
    CHECK(log.gapFree());
    monitor.stop(1'000);
}

TEST_CASE("many cycles leave no descriptor behind and lose no event") {
    const auto openFiles = [] { return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}); };
    constexpr int kCycles = 200;
    const auto before = openFiles();
    {
        DeviceStage stage;
        MonitorOptions options = stage.options();
        options.flapCycles = 2 * kCycles;
        Watched watched(stage, options);
        for (int cycle = 0; cycle < kCycles; ++cycle) {
            stage.plugUsb(0, 0, ScriptedCamera::webcam(), {.devnum = cycle});
            watched.next(Type::Present);
            stage.pull(0);
            watched.next(Type::Gone);
        }
        CHECK(watched.log.count(Type::Present) == kCycles);
        CHECK(watched.log.gapFree());
        CHECK(eventually([&] { return stage.sys().openDescriptors() == 0; }));
    }
    CHECK(openFiles() == before);
}
