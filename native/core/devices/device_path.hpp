// Which texts may name a device. Pure checks: anything else is refused before any system call.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.hpp"

namespace camera {

/// `/dev/video` and 1 to 3 digits.
struct NodePath {
    int number = 0;
};

/// `/dev/v4l/by-id/NAME` or `/dev/v4l/by-path/NAME`: a link that udev keeps.
struct LinkPath {
    std::string path;
};

/// `usb:VID:PID` or `usb:VID:PID:SERIAL`; hexadecimal in lower case.
struct UsbSelector {
    std::string vid;
    std::string pid;
    std::string serial;
};

/// `usb-port:CONTROLLER/PORTS`.
struct UsbPortSelector {
    std::string port;
};

using DeviceSelector = std::variant<NodePath, LinkPath, UsbSelector, UsbPortSelector>;

/// Error of step `invalid_path` for every other text. No system call.
Result<DeviceSelector> parseDeviceSelector(std::string_view text);

/// Number of a node name as found in a directory: `video` and 1 to 3 digits without leading zeros.
std::optional<int> nodeNumber(std::string_view name);

} // namespace camera
