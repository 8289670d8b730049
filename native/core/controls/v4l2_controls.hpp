// Phase B of probing: the controls of a camera and their values. On UVC this talks to the camera over USB, so it is done on
// demand only. Reads, never sets.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "devices/device_report.hpp"
#include "devices/v4l2_device.hpp"

namespace camera {

/// Opens `node`, walks its controls, closes. Disabled controls and class headings are left out. `broken` are ids that failed
/// before in this session: they are listed with the flag `broken` and not read again. Blocks for up to some seconds on slow
/// cameras. Thread-safe. Errors: of `openNode`; of the first enumeration (ENODEV, …); a camera without controls gives none.
Result<std::vector<DeviceControl>> probeControls(const Sys &sys, const std::string &node, const std::set<uint32_t> &broken,
                                                 NodeCheck check = NodeCheck::CharacterDevice,
                                                 QuestionLimits limits = {20'000, 10'000'000});

} // namespace camera
