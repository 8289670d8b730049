#include "viewer_socket.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

namespace camera {

namespace {

/// More unsent bytes than this and the socket takes no new frame: what waits in the kernel grows old.
constexpr int kUnsentBytes = 128 * 1024;
constexpr int kProbeAfterSeconds = 5;
constexpr int kProbeEverySeconds = 5;

} // namespace

Result<UniqueFd> takeViewerSocket(int fd, int silenceMs) {
    UniqueFd socket(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
    if (!socket.valid()) return Error{errno, "dup", {}};
    int type = 0;
    socklen_t size = sizeof type;
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_TYPE, &type, &size) != 0) return Error{errno, "socket", {}};
    const auto set = [&](int level, int option, int value) {
        // Only TCP has all of these; what a socket does not know it does not need.
        static_cast<void>(::setsockopt(socket.get(), level, option, &value, sizeof value));
    };
    set(IPPROTO_TCP, TCP_NODELAY, 1);
    set(IPPROTO_TCP, TCP_NOTSENT_LOWAT, kUnsentBytes);
    set(IPPROTO_TCP, TCP_USER_TIMEOUT, silenceMs);
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, kProbeAfterSeconds);
    set(IPPROTO_TCP, TCP_KEEPINTVL, kProbeEverySeconds);
    return socket;
}

} // namespace camera
