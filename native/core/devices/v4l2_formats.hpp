// Walks the formats, sizes and frame intervals that a node enumerates (the larger part of probe phase A).
#pragma once

#include <vector>

#include "devices/device_report.hpp"
#include "devices/v4l2_device.hpp"

namespace camera {

/// Hard caps of one walk. A test driver of the kernel names more than 64 formats, hence 128.
struct FormatLimits {
    size_t formats = 128;
    size_t sizesPerFormat = 256;
    size_t intervalsPerSize = 128;
    uint32_t maxSidePx = 16'384;
};

struct FormatWalk {
    std::vector<PixelFormat> formats;
    /// Kernel numbers of `formats`, in the same order.
    std::vector<uint32_t> fourccs;
    /// Formats whose sizes the driver does not enumerate (ENOTTY); same order.
    std::vector<bool> sizesUnknown;
    bool truncated = false;
};

/// Driver's order is kept as preference; repeated formats, sizes and intervals are merged. An end of list is no error.
Result<FormatWalk> walkFormats(Questions &questions, v4l2_buf_type type, const FormatLimits &limits = {});

} // namespace camera
