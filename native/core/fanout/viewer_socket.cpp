#include "fanout/viewer_socket.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

namespace camera {

namespace {

/// More unsent bytes than this and the socket takes no more: what waits in the kernel grows old. Between 16 and 128 KiB frames
/// of 34 and 160 kB cost the same to send; a reader of 100 kB/s gets them 0.5, 0.7 (32 KiB), 1.0 and 1.3 s old.
constexpr int kUnsentBytes = 32 * 1024;
constexpr int kProbeAfterSeconds = 5;
constexpr int kProbeEverySeconds = 5;
constexpr int kProbes = 2;

bool isLoopback(int socket) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(socket, reinterpret_cast<sockaddr *>(&peer), &size) != 0) return false;
    if (peer.ss_family == AF_INET) {
        return ntohl(reinterpret_cast<const sockaddr_in &>(peer).sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    if (peer.ss_family != AF_INET6) return false;
    const in6_addr &address = reinterpret_cast<const sockaddr_in6 &>(peer).sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(&address) || (IN6_IS_ADDR_V4MAPPED(&address) && address.s6_addr[12] == IN_LOOPBACKNET);
}

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
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, kProbeAfterSeconds);
    set(IPPROTO_TCP, TCP_KEEPINTVL, kProbeEverySeconds);
    set(IPPROTO_TCP, TCP_KEEPCNT, kProbes);
    // With segments larger than a slow reader's window, as only loopback has them, the kernel takes it for a dead one.
    if (!isLoopback(socket.get())) set(IPPROTO_TCP, TCP_USER_TIMEOUT, silenceMs);
    return socket;
}

int64_t peerSilenceMs(int socket) {
    tcp_info info{};
    socklen_t size = sizeof info;
    if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
    return info.tcpi_last_ack_recv;
}

} // namespace camera
