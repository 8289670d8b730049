#include "device_monitor.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <future>
#include <iterator>
#include <set>
#include <string>

#include "clock.hpp"
#include "device_stage.hpp"
#include "event_log.hpp"
#include "fault_code.hpp"

using namespace camera;
using namespace camera::test;

namespace {

using Type = DeviceEventType;

/// A monitor of a stage, listened to.
struct Watched {
    explicit Watched(DeviceStage &stage) : Watched(stage, stage.options()) {}
    Watched(DeviceStage &stage, const MonitorOptions &options) : monitor(stage.sys().sys(), options) {
        monitor.setListener(log.listener());
        REQUIRE(monitor.start().ok());
    }
    ~Watched() { monitor.stop(1'000); }

    DeviceEvent next(Type type) {
        const auto event = log.next(type);
        REQUIRE_MESSAGE(event.has_value(), "waited for ", deviceEventName(type), ", saw: ", log.types());
        return *event;
    }

    EventLog log;
    DeviceMonitor monitor;
};

Result<std::shared_ptr<const DeviceReport>> probe(DeviceMonitor &monitor, const std::string &source) {
    Awaited<Result<std::shared_ptr<const DeviceReport>>> answer;
    monitor.probe(source, answer.callback());
    const auto result = answer.get();
    REQUIRE(result.has_value());
    return *result;
}

/// Short times, for tests that wait for the end of a schedule.
MonitorOptions impatient(const DeviceStage &stage) {
    MonitorOptions options = stage.options();
    options.retryMs = {2, 5, 10};
    options.slowRetryMs = 20;
    return options;
}

/// Waits for siblings as long as a busy machine may need to make them.
MonitorOptions patient(const DeviceStage &stage) {
    MonitorOptions options = stage.options();
    options.siblingWaitMs = 10'000;
    return options;
}

} // namespace

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
    CHECK(watched.log.types() == "present ready");
}

TEST_CASE("a node without permission is told as present and becomes ready on the attribute event") {
    DeviceStage stage;
    stage.sys().failAt(stage.node(0), "open", 1, EACCES);
    MonitorOptions options = stage.options();
    options.retryMs = {60'000};
    Watched watched(stage, options);
    stage.plugUsb(0, 0, ScriptedCamera::webcam());
    watched.next(Type::Present);
    REQUIRE(eventually([&] { return stage.sys().calls(stage.node(0), "open") == 1; }));
    REQUIRE(::chmod(stage.node(0).c_str(), 0640) == 0);
    watched.next(Type::Ready);
}

TEST_CASE("a fault that stays is told once, after the last retry, and cured by an attribute event") {
    DeviceStage stage;
    stage.sys().failAt(stage.node(0), "open", 1, EACCES, 4);
    Watched watched(stage, impatient(stage));
    stage.plugUsb(0, 0, ScriptedCamera::webcam());
    watched.next(Type::Present);
    const DeviceEvent faulty = watched.next(Type::Present);
    REQUIRE(faulty.device.fault.has_value());
    CHECK(faultCode(*faulty.device.fault) == "NO_PERMISSION");
    CHECK(stage.sys().calls(stage.node(0), "open") == 4);
    REQUIRE(::chmod(stage.node(0).c_str(), 0600) == 0);
    CHECK_FALSE(watched.next(Type::Ready).device.fault.has_value());
}

TEST_CASE("transient failures of the first tries lead to ready all the same") {
    for (const int failure : {EACCES, EPERM, ENOENT, ENXIO, ENODEV, EBUSY, EIO}) {
        CAPTURE(failure);
        DeviceStage stage;
        stage.sys().failAt(stage.node(0), "open", 1, failure, 2);
        Watched watched(stage, impatient(stage));
        stage.plugUsb(0, 0, ScriptedCamera::webcam());
        watched.next(Type::Ready);
        CHECK(watched.log.types() == "present ready");
    }
}

TEST_CASE("a node with no driver behind it ends as gone, and revives when it answers") {
    DeviceStage stage;
    stage.sys().failAt(stage.node(0), "open", 1, ENXIO, 4);
    Watched watched(stage, impatient(stage));
    stage.plugUsb(0, 0, ScriptedCamera::webcam());
    const DeviceEvent present = watched.next(Type::Present);
    watched.next(Type::Gone);
    REQUIRE(::chmod(stage.node(0).c_str(), 0600) == 0);
    const DeviceEvent ready = watched.next(Type::Ready);
    CHECK(ready.device.source != present.device.source);
    CHECK(watched.log.types() == "present gone present ready");
}

TEST_CASE("real device numbers without a driver: present, then gone with the node") {
    DeviceStage stage(false);
    MonitorOptions options = stage.options();
    options.relaxDeviceCheck = false;
    DeviceMonitor monitor(kernel(), options);
    EventLog log;
    monitor.setListener(log.listener());
    REQUIRE(monitor.start().ok());
    if (::mknod(stage.node(7).c_str(), S_IFCHR | 0600, makedev(81, 7)) != 0) {
        MESSAGE("not run: no permission to make device nodes");
        return;
    }
    REQUIRE(log.next(Type::Present).has_value());
    ::unlink(stage.node(7).c_str());
    CHECK(log.next(Type::Gone).has_value());
}

TEST_CASE("a camera without formats is not ready until it has some") {
    DeviceStage stage;
    ScriptedCamera camera = ScriptedCamera::webcam();
    camera.formats.clear();
    stage.plugUsb(0, 0, camera);
    Watched watched(stage, impatient(stage));
    watched.next(Type::Present);
    const DeviceEvent notReady = watched.next(Type::Present);
    REQUIRE(notReady.device.report);
    CHECK(notReady.device.report->kind == NodeKind::NotReady);
    CHECK(faultCode(*notReady.device.fault) == "UNSUPPORTED_FORMAT");
    stage.sys().alter(stage.node(0), [](ScriptedCamera &c) { c.formats = ScriptedCamera::webcam().formats; });
    CHECK(watched.next(Type::Ready).device.report->kind == NodeKind::Camera);
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

TEST_CASE("a hanging probe is told as a timeout and holds up no other camera") {
    DeviceStage stage;
    stage.sys().hangAt(stage.node(0), "VIDIOC_QUERYCAP", 1);
    stage.plugUsb(0, 0, ScriptedCamera::webcam());
    stage.plugUsb(2, 0, ScriptedCamera::webcam(), {.device = "1-5", .serial = "ZZ99"});
    MonitorOptions options = stage.options();
    options.probeDeadlineMs = 200;
    Watched watched(stage, options);
    CHECK(watched.next(Type::Ready).device.node == stage.node(2));
    const DeviceEvent faulty = watched.next(Type::Present);
    CHECK(faulty.device.node == stage.node(0));
    REQUIRE(faulty.device.fault.has_value());
    CHECK(faultCode(*faulty.device.fault) == "TIMEOUT");
    stage.sys().release();
    CHECK(eventually([&] { return stage.sys().openDescriptors() == 0; })); // the late thread closed its own
    REQUIRE(::chmod(stage.node(0).c_str(), 0600) == 0);
    CHECK(watched.next(Type::Ready).device.node == stage.node(0));
}

TEST_CASE("stop abandons a probe that hangs, in time, and answers its caller") {
    DeviceStage stage;
    stage.plugUsb(0, 0, ScriptedCamera::webcam());
    Watched watched(stage);
    const std::string source = watched.next(Type::Ready).device.source;
    stage.sys().hangAt(stage.node(0), "open", 1);
    Awaited<Result<std::shared_ptr<const DeviceReport>>> answer;
    watched.monitor.probe(source, answer.callback());
    REQUIRE(stage.sys().waitForHang(1, 10'000));
    const int64_t beforeUs = monotonicUs();
    watched.monitor.stop(50);
    CHECK(monotonicUs() - beforeUs < 2'000'000);
    REQUIRE(answer.count() == 1);
    CHECK(faultCode(answer.get()->error()) == "ABORTED");
    CHECK(faultCode(probe(watched.monitor, source).error()) == "ABORTED");
    stage.sys().release();
    CHECK(eventually([&] { return stage.sys().openDescriptors() == 0; }));
}

TEST_CASE("a camera pulled at any call of its probe is told as gone and leaves nothing open") {
    for (const char *call : {"open", "fstat", "VIDIOC_QUERYCAP", "VIDIOC_ENUMINPUT", "VIDIOC_ENUM_FMT",
                             "VIDIOC_ENUM_FRAMESIZES", "VIDIOC_ENUM_FRAMEINTERVALS", "VIDIOC_G_FMT", "VIDIOC_G_PARM"}) {
        CAPTURE(call);
        DeviceStage stage;
        stage.sys().unplugAt(stage.node(0), call, 1);
        stage.plugUsb(0, 0, ScriptedCamera::webcam());
        Watched watched(stage);
        watched.next(Type::Present);
        REQUIRE(eventually([&] { return stage.sys().calls(stage.node(0), call) >= 1; }));
        stage.pull(0);
        watched.next(Type::Gone);
        CHECK(watched.log.count(Type::Ready) == 0);
        CHECK(eventually([&] { return stage.sys().openDescriptors() == 0; }));
    }
}

TEST_CASE("what a capture reports as gone is over at once; the node that still answers is a new appearance") {
    DeviceStage stage;
    stage.plugUsb(0, 0, ScriptedCamera::webcam());
    Watched watched(stage);
    const std::string source = watched.next(Type::Ready).device.source;
    watched.monitor.reportGone(source);
    CHECK(watched.next(Type::Gone).device.source == source);
    watched.monitor.reportGone(source);
    CHECK(probe(watched.monitor, source).error().errnoValue == ENODEV);
    REQUIRE(::chmod(stage.node(0).c_str(), 0600) == 0);
    CHECK(watched.next(Type::Ready).device.source != source);
    CHECK(watched.log.count(Type::Gone) == 1);
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

TEST_CASE("a virtual camera is present and ready, answers probes, and has no node") {
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
    CHECK(watched.log.types() == "present ready");
    CHECK(probe(watched.monitor, "virtual:0").value()->kind == NodeKind::Virtual);
    CHECK(watched.monitor.nodeOf("virtual:0").value().empty());
}

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
