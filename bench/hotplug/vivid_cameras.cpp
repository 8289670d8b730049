#include "vivid_cameras.hpp"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

namespace bench {
namespace {

/** The value of KEY= in a message of NUL-separated texts; empty when it is not there. */
std::string_view valueOf(std::string_view message, std::string_view key) {
    while (!message.empty()) {
        const std::string_view entry = message.substr(0, message.find('\0'));
        if (entry.starts_with(key)) return entry.substr(key.size());
        if (entry.size() == message.size()) break;
        message.remove_prefix(entry.size() + 1);
    }
    return {};
}

}  // namespace

VividCameras::VividCameras(size_t count)
    : count_(count), fd_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT)) {
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = 1;
    if (fd_ >= 0 && bind(fd_, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0) {
        close(fd_);
        fd_ = -1;
    }
}

VividCameras::~VividCameras() {
    if (fd_ >= 0) close(fd_);
}

std::optional<NodeEvent> VividCameras::receive() {
    char buffer[8192];
    const ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
    if (n <= 0) return std::nullopt;
    const std::string_view message(buffer, static_cast<size_t>(n));
    if (valueOf(message, "SUBSYSTEM=") != "video4linux") return std::nullopt;
    const std::string_view action = valueOf(message, "ACTION="), node = valueOf(message, "DEVNAME=");
    if ((action != "add" && action != "remove") || !node.starts_with("video")) return std::nullopt;
    return NodeEvent{action == "add", std::atoi(std::string(node.substr(5)).c_str())};
}

bool VividCameras::change(size_t /*unit*/, bool plug) {
    const std::string path = std::string("/sys/bus/platform/drivers/vivid/") + (plug ? "bind" : "unbind");
    const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    const bool told = fd >= 0 && write(fd, "vivid.0", 7) == 7;
    close(fd);
    return told;
}

}  // namespace bench
