// Phase A of probing: what a node is and which modes it offers. Changes nothing on the device: no format is set or tried, no
// buffer is asked for, and on UVC no request goes over USB.
#pragma once

#include <string>

#include "devices/device_report.hpp"
#include "devices/v4l2_device.hpp"

namespace camera {

/// Opens `node`, asks, closes. A node that is no camera gives a report too (`kind` says what it is, `formats` is empty).
/// A camera that names no format is `NotReady`. Hitting a limit sets `truncated` and keeps what was found.
/// Blocks as long as the driver does (well under a millisecond for an ordinary camera). Thread-safe.
/// Errors: of `openNode`; ENOTTY at VIDIOC_QUERYCAP (no V4L2); ENODEV, EIO, … of any ioctl, with its name as step.
Result<DeviceReport> probeNode(const Sys &sys, const std::string &node, NodeCheck check = NodeCheck::CharacterDevice,
                               QuestionLimits limits = {});

} // namespace camera
