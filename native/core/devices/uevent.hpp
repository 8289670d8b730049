// The kernel's own announcements of devices (netlink, kobject uevents). They name the sysfs path and come without `/dev`.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

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

/// Non-blocking socket of the kernel's multicast group. For one thread.
class UeventSocket {
public:
    enum class Outcome { Message, Skipped, Empty, Lost };
    /// As recvmsg(2): the kernel's, or a scripted one in tests.
    using Receive = std::function<ssize_t(int fd, msghdr *message, int flags)>;

    /// Errors: step "socket" or "bind" (EPERM, EAFNOSUPPORT, … in tight sandboxes).
    static Result<UeventSocket> open(Receive receive = ::recvmsg);

    int fd() const { return fd_.get(); }

    /// Takes one message. `Skipped`: not from the kernel or not a uevent. `Lost`: the kernel dropped messages, compare
    /// everything. `Empty`: nothing is waiting.
    Outcome receive(Uevent &event);

private:
    UeventSocket(UniqueFd fd, Receive receive) : fd_(std::move(fd)), receive_(std::move(receive)) {}

    UniqueFd fd_;
    Receive receive_;
};

} // namespace camera
