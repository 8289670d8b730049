// What the kernel announces of devices (kobject uevents), read from bytes. It names the sysfs path, and comes without `/dev`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace camera {

struct Uevent {
    /// "add", "remove", "change", "bind", "unbind", …
    std::string action;
    /// Below the sysfs root: `/devices/…`.
    std::string devicePath;
    std::string subsystem;
    /// Name in `/dev`: `video0`; empty for devices without a node.
    std::string nodeName;
    uint64_t sequence = 0;
};

/// Reads one kernel message (`action@path`, then NUL-separated `KEY=VALUE`). Nothing for udev's own messages and for
/// anything else that does not look like it. Pure; takes any bytes.
std::optional<Uevent> parseUevent(std::string_view message);

} // namespace camera
