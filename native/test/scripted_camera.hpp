// What a scripted camera claims to be: tables that `ScriptedSys` answers from, in the kernel's own structures.
#pragma once

#include <linux/videodev2.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace camera::test {

struct ScriptedSize {
    uint32_t width = 0;
    uint32_t height = 0;
    std::vector<v4l2_fract> intervals;
};

struct ScriptedFormat {
    uint32_t pixelformat = 0;
    std::string description;
    uint32_t flags = 0;
    /// V4L2_FRMSIZE_TYPE_…; 0: ENUM_FRAMESIZES is not implemented (ENOTTY).
    uint32_t sizeType = V4L2_FRMSIZE_TYPE_DISCRETE;
    std::vector<ScriptedSize> sizes{};
    v4l2_frmsize_stepwise range{};
    /// Stepwise and continuous formats: the intervals of every size.
    std::vector<v4l2_fract> rangeIntervals{};
    /// Set: ENUM_FRAMEINTERVALS answers this one range instead.
    std::optional<v4l2_frmival_stepwise> intervalRange{};
};

struct ScriptedControl {
    uint32_t id = 0;
    std::string name;
    uint32_t type = V4L2_CTRL_TYPE_INTEGER;
    uint32_t flags = 0;
    int64_t minimum = 0;
    int64_t maximum = 0;
    int64_t step = 1;
    int64_t defaultValue = 0;
    int64_t value = 0;
    std::string text{};
    /// Labels (menu) or decimal values (integer menu) from `minimum` on; an empty one is a hole.
    std::vector<std::string> menu{};
    /// Reading fails with this errno.
    int readErrno = 0;
    /// Setting fails with this errno.
    int writeErrno = 0;
    /// Id of the switch that, when on, makes this one inactive and takes it back to its default.
    uint32_t automatic = 0;
};

struct ScriptedInput {
    std::string name = "Camera 1";
    uint32_t type = V4L2_INPUT_TYPE_CAMERA;
    uint32_t status = 0;
};

struct ScriptedCamera {
    std::string driver = "uvcvideo";
    std::string card = "Scripted Camera";
    std::string busInfo = "usb-0000:00:14.0-1";
    uint32_t capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_META_CAPTURE | V4L2_CAP_STREAMING | V4L2_CAP_DEVICE_CAPS;
    uint32_t deviceCaps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
    std::vector<ScriptedInput> inputs = {ScriptedInput{}};
    std::vector<ScriptedFormat> formats;
    std::vector<ScriptedControl> controls;
    /// S_PARM is possible; G_PARM answers ENOTTY otherwise.
    bool rateSettable = true;
    /// QUERY_EXT_CTRL and G_EXT_CTRLS exist.
    bool extendedControls = true;
    /// Setting a control that an automatic one has: EACCES (as UVC does), else it is taken.
    bool refusesInactive = false;
    /// Most buffers that REQBUFS grants, and the fewest.
    uint32_t maxBuffers = 32;
    uint32_t minBuffers = 2;
    /// Bytes added to each line of a raw format.
    uint32_t linePadding = 0;

    bool multiplanar() const { return (deviceCaps & V4L2_CAP_VIDEO_CAPTURE_MPLANE) != 0; }

    /// MJPG 1280x720 and 640x480 at 30 and 15, YUYV 640x480 at 30 fps.
    static ScriptedCamera webcam() {
        const v4l2_fract at30{1, 30};
        const v4l2_fract at15{1, 15};
        ScriptedCamera camera;
        camera.formats = {
            {.pixelformat = V4L2_PIX_FMT_MJPEG,
             .description = "Motion-JPEG",
             .flags = V4L2_FMT_FLAG_COMPRESSED,
             .sizes = {{1280, 720, {at30, at15}}, {640, 480, {at30, at15}}}},
            {.pixelformat = V4L2_PIX_FMT_YUYV, .description = "YUYV 4:2:2", .sizes = {{640, 480, {at30}}}},
        };
        return camera;
    }

    /// The metadata node that every UVC camera has beside its video node.
    static ScriptedCamera metadata() {
        ScriptedCamera camera;
        camera.deviceCaps = V4L2_CAP_META_CAPTURE | V4L2_CAP_STREAMING;
        camera.inputs.clear();
        return camera;
    }
};

} // namespace camera::test
