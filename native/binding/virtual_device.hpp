// What the monitor is told about a virtual camera: the report of a device that offers one mode and the usual smaller ones.
#pragma once

#include <string>

#include "devices/device_report.hpp"

namespace camera::binding {

/// `virtual:N`.
std::string virtualSource(int number);

/// `size` and `interval` are the largest and the fastest. Source and identity are `virtual:N` and `virtual-N`; the node is empty.
DeviceState virtualDevice(int number, SizePx size, FrameInterval interval);

} // namespace camera::binding
