// Which video nodes exist now: names and numbers only, nothing is opened.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "devices/sysfs.hpp"

namespace camera {

/// One appearance of a node, as far as the file system tells it.
struct NodeFacts {
    int number = 0;
    std::string node;
    uint64_t rdev = 0;
    uint64_t inode = 0;
    /// Time of creation in nanoseconds, where the file system keeps it: inode numbers are used again.
    int64_t bornNs = 0;
    /// Nothing without a sysfs.
    std::optional<SysfsNode> sysfs;

    /// The same node, not one that took its name since.
    bool sameAppearance(const NodeFacts &other) const;
};

struct FinderOptions {
    std::string devDir = "/dev";
    std::string sysfsDir = "/sys";
    int firstNode = 0;
    int lastNode = 255;
    /// Nodes may be plain files.
    bool relaxDeviceCheck = false;
};

/// For one thread. Each look costs some ten microseconds.
class NodeFinder {
public:
    explicit NodeFinder(const FinderOptions &options) : options_(options), sysfs_(options.sysfsDir) {}

    /// Existing nodes in range, ascending.
    std::vector<NodeFacts> list() const;

    /// Nothing when the node is absent, out of range or stale (the kernel does not know it, or under another number).
    std::optional<NodeFacts> look(int number) const;

    /// Numbers of all nodes that the kernel made for the device of `facts`; at least its own.
    std::vector<int> siblings(const NodeFacts &facts) const;

    const Sysfs &sysfs() const { return sysfs_; }

private:
    const FinderOptions options_;
    const Sysfs sysfs_;
};

} // namespace camera
