#include "folder_cameras.hpp"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

namespace bench {
namespace {

constexpr int kFirstNode = 70;
constexpr unsigned kVideoMajor = 81;

}  // namespace

FolderCameras::FolderCameras(std::string folder, size_t count)
    : folder_(std::move(folder)), count_(count), fd_(inotify_init1(IN_CLOEXEC)) {
    if (fd_ >= 0 && inotify_add_watch(fd_, folder_.c_str(), IN_CREATE | IN_DELETE | IN_ONLYDIR) < 0) {
        close(fd_);
        fd_ = -1;
    }
}

FolderCameras::~FolderCameras() {
    if (fd_ >= 0) close(fd_);
}

std::optional<NodeEvent> FolderCameras::receive() {
    // One event per read, so that each has the time of its own arrival: the buffer holds no second one with a name.
    alignas(inotify_event) char buffer[sizeof(inotify_event) + 16];
    if (read(fd_, buffer, sizeof buffer) < static_cast<ssize_t>(sizeof(inotify_event))) return std::nullopt;
    inotify_event event{};
    std::memcpy(&event, buffer, sizeof event);
    const std::string_view name(buffer + sizeof event, strnlen(buffer + sizeof event, event.len));
    if (!name.starts_with("video")) return std::nullopt;
    return NodeEvent{(event.mask & IN_CREATE) != 0, std::atoi(std::string(name.substr(5)).c_str())};
}

bool FolderCameras::change(size_t unit, bool plug) {
    const unsigned number = kFirstNode + static_cast<unsigned>(unit);
    const std::string node = folder_ + "/video" + std::to_string(number);
    return plug ? mknod(node.c_str(), S_IFCHR | 0600, makedev(kVideoMajor, number)) == 0 : unlink(node.c_str()) == 0;
}

}  // namespace bench
