#include "devices/uevent_socket.hpp"

#include <linux/netlink.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

namespace camera {

namespace {

constexpr uint32_t kKernelGroup = 1;
constexpr int kReceiveBytes = 1 << 20; // a hub full of cameras announces some hundred messages at once

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
