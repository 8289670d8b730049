// A device node: opening it safely, asking it bounded questions, and what it says it is.
#pragma once

#include <linux/videodev2.h>

#include <cstdint>
#include <string>

#include "devices/device_report.hpp"
#include "base/result.hpp"
#include "base/sys.hpp"

namespace camera {

/// Driver of nodes that one program feeds and others read.
inline constexpr const char *kLoopbackDriver = "v4l2 loopback";

/// Device major of every video node.
inline constexpr unsigned kVideoMajor = 81;

/// What a node must be before it is opened for use.
enum class NodeCheck { CharacterDevice, Relaxed };

/// An open node and its device number.
struct OpenNode {
    DeviceFd fd;
    unsigned major = 0;
    unsigned minor = 0;
};

/// Opens `node` (a path without links at its end) read-write and non-blocking. It is looked at first without being opened,
/// since opening a foreign device can have effects (watchdog, tape). Thread-safe; open may block in the driver.
/// Errors: step "open" with its errno; step `not_a_camera` when it is no video node.
Result<OpenNode> openNode(const Sys &sys, const std::string &node, NodeCheck check = NodeCheck::CharacterDevice);

/// Answer of QUERYCAP, as questions about this node (not about the whole device).
class Capability {
public:
    explicit Capability(const v4l2_capability &raw) : raw_(raw) {}

    std::string driver() const;
    std::string card() const;
    std::string busInfo() const;
    std::string driverVersion() const;

    uint32_t wholeDevice() const { return raw_.capabilities; }
    uint32_t thisNode() const;

    bool isVideoCapture() const { return has(V4L2_CAP_VIDEO_CAPTURE) || isMultiplanarCapture(); }
    bool isMultiplanarCapture() const { return has(V4L2_CAP_VIDEO_CAPTURE_MPLANE); }
    bool isVideoOutput() const { return has(V4L2_CAP_VIDEO_OUTPUT) || has(V4L2_CAP_VIDEO_OUTPUT_MPLANE); }
    bool isMemoryToMemory() const { return has(V4L2_CAP_VIDEO_M2M) || has(V4L2_CAP_VIDEO_M2M_MPLANE); }
    bool isMetadataCapture() const { return has(V4L2_CAP_META_CAPTURE); }
    bool isTouch() const { return has(V4L2_CAP_TOUCH); }
    bool isPipelineNode() const { return has(V4L2_CAP_IO_MC); }
    bool canStream() const { return has(V4L2_CAP_STREAMING); }
    bool isLoopback() const;

    v4l2_buf_type captureType() const {
        return isMultiplanarCapture() ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE : V4L2_BUF_TYPE_VIDEO_CAPTURE;
    }

    /// What the node is by its capabilities alone: whether a camera has formats is not known here.
    NodeKind classify() const;

private:
    bool has(uint32_t bit) const { return (thisNode() & bit) != 0; }

    v4l2_capability raw_;
};

/// Limits of one probe: a broken driver must not keep a thread busy.
struct QuestionLimits {
    uint32_t maxIoctls = 20'000;
    int64_t maxUs = 2'000'000;
};

/// Asks one open node; counts and limits the questions. For one thread; each question may block in the driver.
class Questions {
public:
    Questions(const Sys &sys, int fd, std::string node, QuestionLimits limits = {});

    /// 0, or the errno. E2BIG without a call when the limits are used up.
    int ask(unsigned long request, void *argument);

    Result<Capability> capability();

    bool exhausted() const { return exhausted_; }
    uint32_t asked() const { return asked_; }
    int64_t elapsedUs() const;
    Error error(int errnoValue, const char *step) const { return {errnoValue, step, node_}; }

private:
    const Sys &sys_;
    const int fd_;
    const std::string node_;
    const QuestionLimits limits_;
    const int64_t startedUs_;
    uint32_t asked_ = 0;
    bool exhausted_ = false;
};

} // namespace camera
