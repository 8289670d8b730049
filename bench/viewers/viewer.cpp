#include "viewer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace bench {

bool Viewer::ask(uint16_t port, const std::string &path, uint32_t from) {
    reader_ = PartReader();
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    if (from != 0) {
        // With the port chosen at connect, by the pair of addresses; else the ports of one address are all there are.
        const int on = 1;
        setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        address.sin_addr.s_addr = htonl(from);
        if (bind(fd_, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0) return complain("bind");
    }
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // Loopback connects at once or not at all.
    if (fd_ < 0 || connect(fd_, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0) return complain("connect");
    const std::string request = "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\n\r\n";
    if (send(fd_, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) return complain("send");
    return true;
}

void Viewer::leave(bool abruptly) {
    if (fd_ < 0) return;
    const linger reset{1, 0};
    if (abruptly) setsockopt(fd_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fd_);
    fd_ = -1;
}

long Viewer::discard(size_t bytes) { return judged(recv(fd_, nullptr, bytes, MSG_TRUNC | MSG_DONTWAIT)); }

long Viewer::readSome() {
    const long n = judged(recv(fd_, reader_.room(), reader_.roomBytes(), MSG_DONTWAIT));
    if (n > 0) reader_.took(static_cast<size_t>(n));
    return n;
}

long Viewer::judged(long n) {
    if (n > 0) return n;
    if (n < 0 && errno == EAGAIN) return 0;
    complain(n == 0 ? "the server closed the stream" : "recv");
    return -1;
}

bool Viewer::complain(const char *why) {
    std::fprintf(stderr, "viewers: %s (%s): %.200s\n", why, std::strerror(errno), std::string(reader_.unread()).c_str());
    return false;
}

}  // namespace bench
