// Names derived from a device's place in sysfs: the USB port, and the link names that udev would give.
#pragma once

#include <string>
#include <string_view>

#include "devices/device_report.hpp"
#include "devices/sysfs.hpp"

namespace camera {

/// Name of the host controller above a USB device (`/devices/…/0000:00:14.0/usb1/1-4` gives `0000:00:14.0`); empty when
/// there is no root hub in the path.
std::string usbController(std::string_view usbDevicePath);

/// `usb-VENDOR_MODEL_SERIAL-video-indexN`. Vendor and product are the device's raw strings; ids stand in for missing ones.
std::string udevById(const DeviceIdentity &identity, const std::string &manufacturer, const std::string &product);

/// `pci-…-usb-0:4.2:1.0-video-indexN`, `platform-…-video-indexN`; empty for devices without a place.
std::string udevByPath(const SysfsNode &node, const DeviceIdentity &identity);

} // namespace camera
