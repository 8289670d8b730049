// What the monitor is told about a virtual camera: the report of a device that offers one mode.
#pragma once

#include <string>

#include "device_report.hpp"

namespace camera::binding {

/// `virtual:N`.
std::string virtualSource(int number);

/// Source and identity are `virtual:N` and `virtual-N`; the node is empty.
DeviceState virtualDevice(int number, SizePx size, FrameInterval interval);

} // namespace camera::binding
