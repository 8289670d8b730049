#include "base/datagram.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

#include "base/unique_fd.hpp"

namespace camera {

Status sendDatagram(const std::string &address, std::string_view message) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    const bool abstract = address.starts_with('@');
    // A path needs its zero; of an abstract name every byte counts, and the first is one.
    if (address.size() < 2 || address.size() + (abstract ? 0 : 1) > sizeof to.sun_path || !(abstract || address.starts_with('/'))) {
        return Error{EINVAL, "sendto", address};
    }
    std::memcpy(to.sun_path, address.data(), address.size());
    if (abstract) to.sun_path[0] = '\0';
    const size_t length = offsetof(sockaddr_un, sun_path) + address.size() + (abstract ? 0 : 1);

    const UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd.valid()) return Error{errno, "socket", address};
    const ssize_t sent = ::sendto(fd.get(), message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                                  reinterpret_cast<const sockaddr *>(&to), static_cast<socklen_t>(length));
    if (sent < 0) return Error{errno, "sendto", address};
    return done();
}

} // namespace camera
