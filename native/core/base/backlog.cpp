#include "base/backlog.hpp"

#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string>

namespace camera {

namespace {

bool listensOn(int fd, uint16_t port) {
    int listening = 0;
    socklen_t size = sizeof listening;
    if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || listening == 0) return false;
    sockaddr_storage address{};
    size = sizeof address;
    if (::getsockname(fd, reinterpret_cast<sockaddr *>(&address), &size) != 0) return false;
    if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in &>(address).sin_port) == port;
    return address.ss_family == AF_INET6 && ntohs(reinterpret_cast<const sockaddr_in6 &>(address).sin6_port) == port;
}

} // namespace

Status widenBacklog(uint16_t port, int connections) {
    const std::string subject = std::to_string(port);
    const std::unique_ptr<DIR, int (*)(DIR *)> folder(::opendir("/proc/self/fd"), ::closedir);
    if (!folder) return Error{errno, "opendir", "/proc/self/fd"};
    bool found = false;
    while (const dirent *entry = ::readdir(folder.get())) {
        if (entry->d_name[0] == '.') continue;
        const int fd = std::atoi(entry->d_name);
        if (!listensOn(fd, port)) continue;
        if (::listen(fd, connections) != 0) return Error{errno, "listen", subject};
        found = true;
    }
    if (!found) return Error{ENOENT, "listen", subject};
    return done();
}

} // namespace camera
