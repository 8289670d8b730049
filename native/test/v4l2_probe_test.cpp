#include "devices/v4l2_probe.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <string>

#include "base/fault_code.hpp"
#include "scripted_sys.hpp"

using namespace camera;
using namespace camera::test;

namespace {

const std::string kNode = "/dev/video0";

Result<DeviceReport> probe(const ScriptedCamera &camera, QuestionLimits limits = {}) {
    ScriptedSys sys;
    sys.plug(kNode, camera, 3);
    const auto report = probeNode(sys.sys(), kNode, NodeCheck::CharacterDevice, limits);
    CHECK(sys.openDescriptors() == 0);
    return report;
}

NodeKind kindOf(uint32_t deviceCaps, const std::string &driver = "some") {
    ScriptedCamera camera = ScriptedCamera::webcam();
    camera.driver = driver;
    camera.deviceCaps = deviceCaps;
    camera.capabilities = V4L2_CAP_DEVICE_CAPS | V4L2_CAP_VIDEO_CAPTURE; // the whole device can capture; the node need not
    return probe(camera).value().kind;
}

constexpr uint32_t kStream = V4L2_CAP_STREAMING;
constexpr uint32_t kCapture = V4L2_CAP_VIDEO_CAPTURE;
constexpr uint32_t kOutput = V4L2_CAP_VIDEO_OUTPUT;

} // namespace

TEST_CASE("a webcam is reported with formats, sizes and exact intervals in the driver's order") {
    const DeviceReport report = probe(ScriptedCamera::webcam()).take();
    CHECK(report.kind == NodeKind::Camera);
    CHECK(report.rdev == "81:3");
    CHECK(report.driver == "uvcvideo");
    CHECK(report.driverVersion == "6.1.0");
    CHECK(report.inputs.size() == 1);
    CHECK(report.inputs[0].type == "camera");
    REQUIRE(report.formats.size() == 2);
    CHECK(report.formats[0].fourcc == "MJPG");
    CHECK(report.formats[0].compressed);
    CHECK(report.formats[0].sizes[0].size == SizePx{1280, 720});
    CHECK(report.formats[0].sizes[0].intervals == std::vector<FrameInterval>{{1, 30}, {1, 15}});
    CHECK(report.currentFourcc == "MJPG");
    CHECK(report.rateSettable);
    CHECK_FALSE(report.truncated);
    // 1 capability, 2 inputs, 3 formats, 3+2 sizes, 3+3+2 intervals, format, rate: nothing twice.
    CHECK(report.ioctls == 21);
}

TEST_CASE("a probe changes nothing on the device") {
    ScriptedSys sys;
    sys.plug(kNode, ScriptedCamera::webcam());
    REQUIRE(probeNode(sys.sys(), kNode).ok());
    for (const char *call : {"VIDIOC_S_FMT", "VIDIOC_TRY_FMT", "VIDIOC_S_PARM", "VIDIOC_S_INPUT", "VIDIOC_REQBUFS",
                             "VIDIOC_S_CTRL", "VIDIOC_S_EXT_CTRLS", "VIDIOC_G_INPUT", "VIDIOC_QUERY_EXT_CTRL", "mmap"}) {
        CAPTURE(call);
        CHECK(sys.calls(kNode, call) == 0);
    }
}

TEST_CASE("nodes are classified by what they themselves can do") {
    CHECK(kindOf(kCapture | kStream) == NodeKind::Camera);
    CHECK(kindOf(kCapture | kStream | V4L2_CAP_TOUCH) == NodeKind::Ignored);
    CHECK(kindOf(V4L2_CAP_VIDEO_M2M | kStream) == NodeKind::Ignored);
    CHECK(kindOf(V4L2_CAP_VIDEO_M2M_MPLANE | kStream) == NodeKind::Ignored);
    CHECK(kindOf(kCapture | kOutput | kStream) == NodeKind::Ignored);
    CHECK(kindOf(kCapture | kOutput | kStream, "v4l2 loopback") == NodeKind::Virtual);
    CHECK(kindOf(kCapture | kStream, "v4l2 loopback") == NodeKind::Virtual);
    CHECK(kindOf(kOutput | kStream) == NodeKind::Ignored);
    CHECK(kindOf(kOutput | kStream, "v4l2 loopback") == NodeKind::Ignored);
    CHECK(kindOf(V4L2_CAP_META_CAPTURE | kStream) == NodeKind::Metadata);
    CHECK(kindOf(kCapture) == NodeKind::ReadonlyIo);
    CHECK(kindOf(kCapture | kStream | V4L2_CAP_IO_MC) == NodeKind::Pipeline);
}

TEST_CASE("without its own capabilities a node has those of the device") {
    ScriptedCamera camera = ScriptedCamera::webcam();
    camera.capabilities = kCapture | kStream;
    camera.deviceCaps = V4L2_CAP_META_CAPTURE;
    // The scripted driver picks its planes by the node's word; here only the classification matters.
    CHECK(probe(camera).value().deviceCaps == camera.capabilities);
}

TEST_CASE("a camera without formats is not ready") {
    ScriptedCamera camera = ScriptedCamera::webcam();
    camera.formats.clear();
    CHECK(probe(camera).value().kind == NodeKind::NotReady);
}

TEST_CASE("multi-planar nodes are asked in their own buffer type") {
    ScriptedCamera camera = ScriptedCamera::webcam();
    camera.deviceCaps = V4L2_CAP_VIDEO_CAPTURE_MPLANE | kStream;
    const DeviceReport report = probe(camera).take();
    CHECK(report.multiplanar);
    CHECK(report.formats.size() == 2);
    CHECK(report.currentSizeImageBytes > 0);
}

TEST_CASE("a range gives its bounds and the usual sizes that fit its steps") {
    ScriptedCamera camera = ScriptedCamera::webcam();
    camera.formats = {{.pixelformat = V4L2_PIX_FMT_YUYV,
                       .description = "YUYV",
                       .sizeType = V4L2_FRMSIZE_TYPE_STEPWISE,
                       .range = {320, 1280, 320, 240, 720, 240},
                       .rangeIntervals = {{1, 30}, {1001, 30000}, {2, 15}}}};
    const PixelFormat format = probe(camera).value().formats[0];
    CHECK(format.range == SizeRange{{320, 240}, {1280, 720}, {320, 240}});
    REQUIRE(format.sizes.size() == 3); // 640x360 is off the steps
    CHECK(format.sizes[0].size == SizePx{320, 240});
    CHECK(format.sizes[1].size == SizePx{640, 480});
    CHECK(format.sizes[2].size == SizePx{1280, 720});
    CHECK(format.sizes[0].intervals == std::vector<FrameInterval>{{1, 30}, {1001, 30000}, {2, 15}});
}

TEST_CASE("continuous sizes step by one, and a range without a usual size offers its largest") {
    ScriptedCamera camera = ScriptedCamera::webcam();
    camera.formats = {{.pixelformat = V4L2_PIX_FMT_GREY,
                       .description = "8-bit grey",
                       .sizeType = V4L2_FRMSIZE_TYPE_CONTINUOUS,
                       .range = {1456, 1456, 99, 1088, 1088, 99},
                       .intervalRange = v4l2_frmival_stepwise{{1, 60}, {1, 10}, {1, 60}}}};
    const PixelFormat format = probe(camera).value().formats[0];
    CHECK(format.range->step == SizePx{1, 1});
    REQUIRE(format.sizes.size() == 1);
    CHECK(format.sizes[0].size == SizePx{1456, 1088});
    CHECK(format.sizes[0].intervals.front() == FrameInterval{1, 60});
    CHECK(format.sizes[0].intervals.back() == FrameInterval{1, 10});
}

TEST_CASE("a driver that enumerates no sizes offers its current one") {
    ScriptedCamera camera = ScriptedCamera::webcam();
    for (ScriptedFormat &format : camera.formats) format.sizeType = 0;
    const DeviceReport report = probe(camera).take();
    REQUIRE(report.formats[0].sizes.size() == 1);
    CHECK(report.formats[0].sizes[0].size == SizePx{640, 480});
    CHECK(report.formats[0].sizes[0].intervals == std::vector<FrameInterval>{{1, 30}});
    CHECK(report.formats[1].sizes.empty());
}

TEST_CASE("repeated formats, sizes and intervals are listed once; insane sizes are not") {
    ScriptedCamera camera = ScriptedCamera::webcam();
    camera.formats[0].sizes = {{640, 480, {{1, 30}, {1, 30}, {0, 5}}}, {640, 480, {{1, 5}}}, {20'000, 10, {}}, {0, 0, {}}};
    camera.formats.push_back(camera.formats[0]);
    const DeviceReport report = probe(camera).take();
    CHECK(report.formats.size() == 2);
    REQUIRE(report.formats[0].sizes.size() == 1);
    CHECK(report.formats[0].sizes[0].intervals == std::vector<FrameInterval>{{1, 30}});
}

TEST_CASE("endless enumerations are cut and marked") {
    ScriptedCamera camera = ScriptedCamera::webcam();
    SUBCASE("formats") {
        for (uint32_t i = 0; i < 200; ++i) camera.formats.push_back({.pixelformat = 0x20200000 + i, .description = "x"});
        const DeviceReport report = probe(camera).take();
        CHECK(report.truncated);
        CHECK(report.formats.size() == 128);
    }
    SUBCASE("sizes") {
        for (uint32_t i = 0; i < 300; ++i) camera.formats[0].sizes.push_back({i + 1, 8, {}});
        CHECK(probe(camera).value().truncated);
    }
    SUBCASE("intervals") {
        for (uint32_t i = 0; i < 200; ++i) camera.formats[0].sizes[0].intervals.push_back({1, i + 100});
        const DeviceReport report = probe(camera).take();
        CHECK(report.truncated);
        CHECK(report.formats[0].sizes[0].intervals.size() == 128);
    }
    SUBCASE("questions") {
        const DeviceReport report = probe(camera, {.maxIoctls = 10, .maxUs = 1'000'000}).take();
        CHECK(report.truncated);
        CHECK(report.ioctls == 10);
        CHECK_FALSE(report.formats.empty());
    }
}

TEST_CASE("features that a driver does not have are no failure") {
    for (const int failure : {ENOTTY, ENODATA, EINVAL}) {
        for (const char *call : {"VIDIOC_ENUMINPUT", "VIDIOC_G_FMT", "VIDIOC_G_PARM", "VIDIOC_ENUM_FRAMEINTERVALS"}) {
            CAPTURE(call);
            ScriptedSys sys;
            sys.plug(kNode, ScriptedCamera::webcam());
            sys.failAt(kNode, call, 1, failure);
            CHECK(probeNode(sys.sys(), kNode).ok());
        }
    }
}

TEST_CASE("a failing call is named with its errno, and nothing stays open") {
    for (const char *call : {"open", "fstat", "VIDIOC_QUERYCAP", "VIDIOC_ENUMINPUT", "VIDIOC_ENUM_FMT",
                             "VIDIOC_ENUM_FRAMESIZES", "VIDIOC_ENUM_FRAMEINTERVALS", "VIDIOC_G_FMT", "VIDIOC_G_PARM"}) {
        CAPTURE(call);
        ScriptedSys sys;
        sys.plug(kNode, ScriptedCamera::webcam());
        sys.failAt(kNode, call, 1, EIO);
        const auto report = probeNode(sys.sys(), kNode);
        REQUIRE_FALSE(report.ok());
        CHECK(report.error().errnoValue == EIO);
        CHECK(report.error().step == call);
        CHECK(report.error().subject == kNode);
        CHECK(sys.openDescriptors() == 0);
    }
}

TEST_CASE("a call interrupted by a signal is repeated, one that would block is not") {
    ScriptedSys sys;
    sys.plug(kNode, ScriptedCamera::webcam());
    sys.failAt(kNode, "VIDIOC_QUERYCAP", 1, EINTR, 3);
    CHECK(probeNode(sys.sys(), kNode).ok());
    CHECK(sys.calls(kNode, "VIDIOC_QUERYCAP") == 4);
    sys.failAt(kNode, "VIDIOC_QUERYCAP", 1, EAGAIN);
    CHECK(probeNode(sys.sys(), kNode).error().errnoValue == EAGAIN);
}

TEST_CASE("what is no video node is refused before it is opened for use") {
    const Error error = probeNode(kernel(), "/dev/null").error();
    CHECK(faultCode(error) == "NOT_A_CAMERA");
    CHECK(faultCode(probeNode(kernel(), "/dev/none").error()) == "CAMERA_GONE");
}
