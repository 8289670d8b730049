#include "running_core.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <filesystem>

#include "core_support.hpp"
#include "device_stage.hpp"

using namespace camera;
using namespace camera::binding;
using namespace camera::test;

namespace {

constexpr CaptureRequest kWebcamMode{.width = 640, .height = 480, .fourcc = 0x47504a4d, .interval = {1, 30}};

/// A core with one scripted webcam that streams.
struct Streaming {
    Streaming() {
        stage.plugUsb(0, 0, ScriptedCamera::webcam());
        CoreOptions options;
        options.monitor = stage.options();
        core = startCore(sys, options, log.sink());
        REQUIRE(log.waitForDevice(DeviceEventType::Ready, source));
        REQUIRE(startCapture(*core, source, kWebcamMode).ok());
        REQUIRE(stage.sys().waitForStreaming(stage.node(0), true, 5000));
    }
    ~Streaming() { core->stop(2000); }

    DeviceStage stage;
    /// Must outlive the core: its captures use it.
    const Sys sys = stage.sys().sys();
    const std::string source = stage.node(0) + "#1";
    CoreLog log;
    std::shared_ptr<RunningCore> core;
};

} // namespace

TEST_CASE("a core numbers the events of devices and captures together, without a gap") {
    CoreLog log;
    const auto core = startCore(kernel(), virtualCameras(2), log.sink());
    REQUIRE(log.waitForDevice(DeviceEventType::Ready, "virtual:1"));
    REQUIRE(startCapture(*core, "virtual:0", kVirtualMode).ok());
    REQUIRE(startCapture(*core, "virtual:1", kVirtualMode).ok());
    const auto frame = answerOf<FramePtr>([&](auto done) { core->captures().grab("virtual:0", {0, 5000}, done); });
    REQUIRE(frame.ok());
    CHECK(frame.value()->facts().width == 64);
    core->stop(2000);
    CHECK(log.waitForCapture(CaptureState::Stopped, "virtual:0"));

    const std::vector<uint64_t> numbers = log.numbers();
    for (size_t at = 0; at < numbers.size(); ++at) CHECK(numbers[at] == at + 1);
}

TEST_CASE("a silenced core tells its sink nothing more") {
    CoreLog log;
    const auto core = startCore(kernel(), virtualCameras(1), log.sink());
    REQUIRE(log.waitForDevice(DeviceEventType::Ready, "virtual:0"));
    core->silence();
    const size_t told = log.numbers().size();
    REQUIRE(startCapture(*core, "virtual:0", kVirtualMode).ok());
    core->stop(2000);
    CHECK(log.numbers().size() == told);
}

TEST_CASE("only a source that is present has an address") {
    CoreLog log;
    const auto core = startCore(kernel(), virtualCameras(1), log.sink());
    REQUIRE(log.waitForDevice(DeviceEventType::Ready, "virtual:0"));
    CHECK(core->addressOf("virtual:0").value().isVirtual);
    CHECK(core->addressOf("/dev/video0#1").error().errnoValue == ENODEV);
    core->stop(2000);
}

TEST_CASE("a camera whose node goes ends its capture, although the device still answers") {
    Streaming streaming;
    std::filesystem::remove(streaming.stage.node(0));
    CHECK(streaming.log.waitForDevice(DeviceEventType::Gone, streaming.source));
    CHECK(streaming.log.waitForCapture(CaptureState::Gone, streaming.source));
    CHECK(eventually([&] { return streaming.stage.sys().openDescriptors() == 0; }));
    CHECK(streaming.core->addressOf(streaming.source).error().errnoValue == ENODEV);
}

TEST_CASE("a capture that sees its camera go tells the monitor, although the node is still there") {
    Streaming streaming;
    streaming.stage.sys().unplug(streaming.stage.node(0));
    CHECK(streaming.log.waitForCapture(CaptureState::Gone, streaming.source));
    CHECK(streaming.log.waitForDevice(DeviceEventType::Gone, streaming.source));
    CHECK(streaming.stage.sys().openDescriptors() == 0);
    CHECK(streaming.core->addressOf(streaming.source).error().errnoValue == ENODEV);
}
