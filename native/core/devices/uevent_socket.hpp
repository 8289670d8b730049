// Where the kernel itself announces devices (netlink).
#pragma once

#include <sys/socket.h>

#include <functional>
#include <utility>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "devices/uevent.hpp"

namespace camera {

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
