// uevent: the bare receiver of kernel events. Prints, for each event of a camera node, `ACTION NODE NANOSECONDS` (CLOCK_MONOTONIC at
// the moment its message was read), until it is ended.
#include <linux/netlink.h>
#include <sys/socket.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "cpu_time.hpp"

namespace {

/** The value of KEY in a message of NUL-separated KEY=VALUE texts; empty when it is not there. */
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

int main() {
    const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = 1;
    if (fd < 0 || bind(fd, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0) {
        std::perror("uevent");
        return 1;
    }
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    std::printf("listening\n");
    static char buffer[8192];
    for (;;) {
        const ssize_t n = recv(fd, buffer, sizeof buffer, 0);
        const uint64_t at = bench::nowNs();
        if (n <= 0) return 1;
        const std::string_view message(buffer, static_cast<size_t>(n));
        if (valueOf(message, "SUBSYSTEM=") != "video4linux") continue;
        const std::string_view action = valueOf(message, "ACTION="), node = valueOf(message, "DEVNAME=");
        std::printf("%.*s %.*s %" PRIu64 "\n", static_cast<int>(action.size()), action.data(), static_cast<int>(node.size()), node.data(), at);
    }
}
