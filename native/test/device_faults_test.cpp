// Devices that cannot be opened, do not answer, hang, or are pulled while they are asked.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/clock.hpp"
#include "base/fault_code.hpp"
#include "watched_devices.hpp"

using namespace camera;
using namespace camera::test;

using Type = DeviceEventType;

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
    // Known at once when its siblings have had their time by then.
    const std::string types = watched.log.types();
    CHECK((types == "present gone ready" || types == "present gone present ready"));
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
