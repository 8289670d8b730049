#include "connection.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace bench {
namespace {

constexpr int kSetupDeadlineMs = 10'000;

bool waitReadable(int fd) {
    pollfd p{fd, POLLIN, 0};
    return poll(&p, 1, kSetupDeadlineMs) == 1;
}

bool complain(const char *what) {
    std::fprintf(stderr, "gen: %s: %s\n", what, std::strerror(errno));
    return false;
}

}  // namespace

Connection::Connection(Connection &&other) noexcept
    : nextId(other.nextId), fd_(other.fd_), partial_(std::move(other.partial_)), unsent_(std::move(other.unsent_)) {
    other.fd_ = -1;
}

Connection::~Connection() { disconnect(); }

void Connection::disconnect() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
}

bool Connection::open(uint16_t port, const std::string &path, const std::string &token) {
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd_ < 0 || connect(fd_, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0) return complain("connect");
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!sendBlocking(handshakeRequest(path, port)) || !readHandshake()) return complain("upgrade");
    if (!token.empty() && !authenticate(token)) return complain("authenticate");
    if (fcntl(fd_, F_SETFL, O_NONBLOCK) != 0) return complain("fcntl");
    return true;
}

bool Connection::sendBlocking(std::string_view bytes) {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

bool Connection::readHandshake() {
    // Byte by byte, so that nothing of the first frame is taken.
    std::string head;
    while (!head.ends_with("\r\n\r\n")) {
        char byte = 0;
        if (head.size() > 8192 || !waitReadable(fd_) || recv(fd_, &byte, 1, 0) != 1) return false;
        head += byte;
    }
    return head.starts_with("HTTP/1.1 101");
}

bool Connection::authenticate(const std::string &token) {
    const std::string call = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"authenticate\",\"params\":{\"auth_token\":\"" + token + "\"}}";
    return exchange(call, "\"authenticated\":true");
}

bool Connection::ask(const std::string &request) {
    const bool answered = fcntl(fd_, F_SETFL, 0) == 0 && exchange(request, "\"result\":");
    return (answered && fcntl(fd_, F_SETFL, O_NONBLOCK) == 0) || complain("ask");
}

bool Connection::exchange(const std::string &request, std::string_view expected) {
    if (!sendBlocking(textFrame(request))) return false;
    std::string bytes;
    for (;;) {
        char chunk[4096];
        if (!waitReadable(fd_)) return false;
        const ssize_t n = recv(fd_, chunk, sizeof chunk, 0);
        if (n <= 0) return false;
        bytes.append(chunk, static_cast<size_t>(n));
        const ServerFrame frame = parseServerFrame(bytes);
        if (frame.totalBytes == 0) continue;
        if (frame.payload.find(expected) != std::string_view::npos) return true;
        std::fprintf(stderr, "gen: refused: %.*s\n", static_cast<int>(frame.payload.size()), frame.payload.data());
        return false;
    }
}

bool Connection::send(const char *data, size_t bytes) {
    if (!unsent_.empty()) {
        unsent_.append(data, bytes);
        return flush();
    }
    const ssize_t n = ::send(fd_, data, bytes, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) return complain("send");
    const size_t taken = n < 0 ? 0 : static_cast<size_t>(n);
    unsent_.assign(data + taken, bytes - taken);
    return true;
}

bool Connection::flush() {
    const ssize_t n = ::send(fd_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN || complain("send");
    unsent_.erase(0, static_cast<size_t>(n));
    return true;
}

long Connection::readSome(char *out, size_t room) {
    const ssize_t n = recv(fd_, out, room, 0);
    if (n < 0 && errno != EAGAIN) {
        complain("recv");
        return 0;
    }
    return n;
}

void Connection::answerPing(std::string_view payload) {
    std::string pong = textFrame(payload);
    pong[0] = static_cast<char>(0x8a);
    send(pong.data(), pong.size());
}

}  // namespace bench
