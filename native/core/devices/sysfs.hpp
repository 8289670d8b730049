// What the kernel tells about a video node without opening it. Plain file reads of microseconds; nothing here wakes a device.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace camera {

/// One entry of `/sys/class/video4linux`.
struct SysfsNode {
    /// `video0`.
    std::string name;
    /// Card's name; raw bytes of the device.
    std::string card;
    /// "81:0"; empty when unreadable.
    std::string dev;
    /// Number of the node within its parent device.
    int index = 0;
    /// Where the entry really is, below the sysfs root: `/devices/pci0000:00/…/video4linux/video0`.
    std::string path;
    /// The parent device (for USB the interface), below the sysfs root; empty for software devices.
    std::string parent;

    bool operator==(const SysfsNode &) const = default;
};

/// Reads below one sysfs root. Thread-safe, holds nothing open.
class Sysfs {
public:
    explicit Sysfs(std::string root) : root_(std::move(root)) {}

    /// The kernel has a video4linux class here. Without it nodes are found in the device directory alone.
    bool hasVideoClass() const;

    /// Numbers of the video nodes that the kernel knows, ascending.
    std::vector<int> videoNumbers() const;

    /// Nothing when the kernel knows no such node (any more).
    std::optional<SysfsNode> node(const std::string &name) const;

    /// Numbers of the video nodes below a parent device, ascending.
    std::vector<int> numbersOf(const std::string &parent) const;

    /// First line of an attribute, at most 4 KiB; empty when it is not there.
    std::string attribute(const std::string &devicePath, const char *name) const;

    /// Last component of the link `subsystem` of a device: `usb`, `platform`, `pci`.
    std::string subsystem(const std::string &devicePath) const;

private:
    std::string root_;
};

/// Numbers of the video nodes in a directory, ascending; empty when it cannot be read.
std::vector<int> videoNumbersIn(const std::string &directory);

} // namespace camera
