#include "devices/sysfs.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "devices/device_path.hpp"
#include "base/unique_fd.hpp"

namespace camera {

namespace {

constexpr const char *kVideoClass = "/class/video4linux";

struct CloseDirectory {
    void operator()(DIR *directory) const { ::closedir(directory); }
};

std::string firstLine(const std::string &file) {
    const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!fd.valid()) return {};
    char bytes[4096];
    const ssize_t count = ::read(fd.get(), bytes, sizeof bytes);
    if (count <= 0) return {};
    const std::string_view text(bytes, static_cast<size_t>(count));
    return std::string(text.substr(0, text.find('\n')));
}

std::string resolve(const std::string &file) {
    char resolved[PATH_MAX];
    return ::realpath(file.c_str(), resolved) ? std::string(resolved) : std::string();
}

std::string lastComponent(const std::string &path) { return path.substr(path.rfind('/') + 1); }

} // namespace

std::vector<int> videoNumbersIn(const std::string &directory) {
    std::vector<int> numbers;
    const std::unique_ptr<DIR, CloseDirectory> open(::opendir(directory.c_str()));
    if (!open) return numbers;
    while (const dirent *entry = ::readdir(open.get())) {
        if (const auto number = nodeNumber(entry->d_name)) numbers.push_back(*number);
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

bool Sysfs::hasVideoClass() const { return ::access((root_ + kVideoClass).c_str(), F_OK) == 0; }

std::vector<int> Sysfs::videoNumbers() const { return videoNumbersIn(root_ + kVideoClass); }

std::vector<int> Sysfs::numbersOf(const std::string &parent) const {
    return videoNumbersIn(root_ + parent + "/video4linux");
}

std::optional<SysfsNode> Sysfs::node(const std::string &name) const {
    const std::string entry = root_ + kVideoClass + "/" + name;
    const std::string real = resolve(entry);
    const std::string realRoot = resolve(root_);
    if (real.empty() || !real.starts_with(realRoot)) return std::nullopt;
    SysfsNode node;
    node.name = name;
    node.path = real.substr(realRoot.size());
    node.dev = attribute(node.path, "dev");
    node.card = attribute(node.path, "name");
    node.index = std::atoi(attribute(node.path, "index").c_str());
    const std::string parent = resolve(real + "/device");
    if (parent.starts_with(realRoot)) node.parent = parent.substr(realRoot.size());
    return node;
}

std::string Sysfs::attribute(const std::string &devicePath, const char *name) const {
    return firstLine(root_ + devicePath + "/" + name);
}

std::string Sysfs::subsystem(const std::string &devicePath) const {
    const std::string link = resolve(root_ + devicePath + "/subsystem");
    return link.empty() ? link : lastComponent(link);
}

} // namespace camera
