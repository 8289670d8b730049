#include "devices/uevent.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

namespace camera {

namespace {

constexpr uint32_t kKernelGroup = 1;
constexpr int kReceiveBytes = 1 << 20; // a hub full of cameras announces some hundred messages at once

bool takeField(std::string_view field, Uevent &event) {
    const size_t equals = field.find('=');
    if (equals == std::string_view::npos || equals == 0) return false;
    const std::string_view key = field.substr(0, equals);
    const std::string_view value = field.substr(equals + 1);
    if (key == "ACTION") event.action = value;
    if (key == "DEVPATH") event.devicePath = value;
    if (key == "SUBSYSTEM") event.subsystem = value;
    if (key == "DEVNAME") event.nodeName = value.substr(value.starts_with("/dev/") ? 5 : 0);
    if (key == "SEQNUM") std::from_chars(value.data(), value.data() + value.size(), event.sequence);
    return true;
}

/// Only the kernel sends from port 0 with the credentials of root.
bool isFromKernel(const sockaddr_nl &sender, const msghdr &message) {
    if (sender.nl_pid != 0 || (message.msg_flags & MSG_TRUNC)) return false;
    for (const cmsghdr *control = CMSG_FIRSTHDR(&message); control;
         control = CMSG_NXTHDR(const_cast<msghdr *>(&message), const_cast<cmsghdr *>(control))) {
        if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_CREDENTIALS) continue;
        ucred credentials{};
        std::memcpy(&credentials, CMSG_DATA(control), sizeof credentials);
        return credentials.uid == 0;
    }
    return false;
}

} // namespace

std::optional<Uevent> parseUevent(std::string_view message) {
    const size_t end = message.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view header = message.substr(0, end);
    const size_t at = header.find('@');
    if (at == std::string_view::npos || at == 0 || header.substr(at + 1, 1) != "/") return std::nullopt;

    Uevent event;
    message.remove_prefix(end + 1);
    while (!message.empty()) {
        const size_t length = std::min(message.find('\0'), message.size());
        if (length > 0 && !takeField(message.substr(0, length), event)) return std::nullopt;
        message.remove_prefix(std::min(length + 1, message.size()));
    }
    const bool agrees = event.action == header.substr(0, at) && event.devicePath == header.substr(at + 1);
    return agrees ? std::optional(std::move(event)) : std::nullopt;
}

Result<UeventSocket> UeventSocket::open(Receive receive) {
    UniqueFd fd(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT));
    if (!fd.valid()) return Error{errno, "socket", "uevent"};
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBytes, sizeof kReceiveBytes);
    if (::setsockopt(fd.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0) return Error{errno, "setsockopt", "uevent"};
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = kKernelGroup;
    if (::bind(fd.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0) {
        return Error{errno, "bind", "uevent"};
    }
    return UeventSocket(std::move(fd), std::move(receive));
}

UeventSocket::Outcome UeventSocket::receive(Uevent &event) {
    char bytes[16 * 1024];
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))];
    sockaddr_nl sender{};
    iovec span{bytes, sizeof bytes};
    msghdr message{};
    message.msg_name = &sender;
    message.msg_namelen = sizeof sender;
    message.msg_iov = &span;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t count = receive_(fd_.get(), &message, MSG_DONTWAIT);
    if (count < 0) {
        if (errno == ENOBUFS) return Outcome::Lost;
        return errno == EINTR ? Outcome::Skipped : Outcome::Empty;
    }
    if (!isFromKernel(sender, message)) return Outcome::Skipped;
    std::optional<Uevent> parsed = parseUevent({bytes, static_cast<size_t>(count)});
    if (!parsed) return Outcome::Skipped;
    event = *std::move(parsed);
    return Outcome::Message;
}

} // namespace camera
