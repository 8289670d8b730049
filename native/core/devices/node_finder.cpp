#include "devices/node_finder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "devices/v4l2_device.hpp"

namespace camera {

bool NodeFacts::sameAppearance(const NodeFacts &other) const {
    const bool sameFile = rdev == other.rdev && inode == other.inode && bornNs == other.bornNs;
    const bool sameDevice = sysfs.has_value() == other.sysfs.has_value() && (!sysfs || sysfs->path == other.sysfs->path);
    return sameFile && sameDevice;
}

std::optional<NodeFacts> NodeFinder::look(int number) const {
    if (number < options_.firstNode || number > options_.lastNode) return std::nullopt;
    const std::string name = "video" + std::to_string(number);
    NodeFacts facts;
    facts.number = number;
    facts.node = options_.devDir + "/" + name;

    struct statx file {};
    constexpr unsigned kWanted = STATX_TYPE | STATX_INO | STATX_BTIME;
    if (::statx(AT_FDCWD, facts.node.c_str(), AT_SYMLINK_NOFOLLOW, kWanted, &file) != 0) return std::nullopt;
    const bool videoNode = S_ISCHR(file.stx_mode) && file.stx_rdev_major == kVideoMajor;
    if (!videoNode && !options_.relaxDeviceCheck) return std::nullopt;
    facts.rdev = makedev(file.stx_rdev_major, file.stx_rdev_minor);
    facts.inode = file.stx_ino;
    if (file.stx_mask & STATX_BTIME) facts.bornNs = file.stx_btime.tv_sec * 1'000'000'000 + file.stx_btime.tv_nsec;

    if (!sysfs_.hasVideoClass()) return facts;
    facts.sysfs = sysfs_.node(name);
    if (!facts.sysfs) return std::nullopt;
    const std::string dev = std::to_string(file.stx_rdev_major) + ":" + std::to_string(file.stx_rdev_minor);
    if (facts.sysfs->dev != dev && !options_.relaxDeviceCheck) return std::nullopt;
    return facts;
}

std::vector<NodeFacts> NodeFinder::list() const {
    std::vector<NodeFacts> found;
    for (const int number : sysfs_.hasVideoClass() ? sysfs_.videoNumbers() : videoNumbersIn(options_.devDir)) {
        if (auto facts = look(number)) found.push_back(*std::move(facts));
    }
    return found;
}

std::vector<int> NodeFinder::siblings(const NodeFacts &facts) const {
    std::vector<int> numbers{facts.number};
    if (!facts.sysfs || facts.sysfs->parent.empty()) return numbers;
    for (const int number : sysfs_.numbersOf(facts.sysfs->parent)) {
        if (number != facts.number && number >= options_.firstNode && number <= options_.lastNode) numbers.push_back(number);
    }
    return numbers;
}

} // namespace camera
