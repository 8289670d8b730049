#include "visitor.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "cpu_time.hpp"
#include "websocket.hpp"

namespace bench {
namespace {

/** A ping may come any time, and is nobody's answer. */
constexpr uint8_t kText = 1;
constexpr std::string_view kHeadEnd = "\r\n\r\n";

bool complain(const char *what, const char *why) {
    std::fprintf(stderr, "arrivals: %s: %s\n", what, why);
    return false;
}

/** One of some thousands: with one address alone the kernel looks long for a free port. */
sockaddr_in sourceOf(size_t number) {
    constexpr size_t kAddresses = 4'000;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 256 + static_cast<uint32_t>(number % kAddresses));
    return address;
}

}  // namespace

Journey journeyTo(uint16_t port, const std::string &path, const std::string &token, const std::string &setup) {
    Journey journey;
    journey.server.sin_family = AF_INET;
    journey.server.sin_port = htons(port);
    journey.server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    journey.steps.push_back({handshakeRequest(path, port), "HTTP/1.1 101"});
    const std::string login = R"({"jsonrpc":"2.0","id":1,"method":"authenticate","params":{"auth_token":")" + token + "\"}}";
    if (!token.empty()) journey.steps.push_back({textFrame(login), "\"authenticated\":true"});
    if (!setup.empty()) journey.steps.push_back({textFrame(setup), "\"result\":"});
    return journey;
}

Visitor::Visitor(Visitor &&other) noexcept
    : fd_(other.fd_), step_(other.step_), said_(other.said_), beganAtNs_(other.beganAtNs_), partial_(std::move(other.partial_)) {
    other.fd_ = -1;
}

bool Visitor::begin(const Journey &journey, int poll, size_t number) {
    step_ = 0;
    said_ = false;
    partial_.clear();
    beganAtNs_ = nowNs();
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd_ < 0) return complain("socket", std::strerror(errno));
    const int on = 1;
    const linger cut{1, 0};
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &cut, sizeof cut);
    const sockaddr_in source = sourceOf(number);
    if (bind(fd_, reinterpret_cast<const sockaddr *>(&source), sizeof source) != 0) return complain("bind", std::strerror(errno));
    const int connected = connect(fd_, reinterpret_cast<const sockaddr *>(&journey.server), sizeof journey.server);
    if (connected != 0 && errno != EINPROGRESS) return complain("connect", std::strerror(errno));
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLET;
    event.data.u64 = number;
    if (epoll_ctl(poll, EPOLL_CTL_ADD, fd_, &event) != 0) return complain("epoll", std::strerror(errno));
    // Over loopback it is connected by now, as a rule.
    return say(journey);
}

bool Visitor::say(const Journey &journey) {
    const std::string &bytes = journey.steps[step_].bytes;
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    said_ = n == static_cast<ssize_t>(bytes.size());
    return said_ || (n < 0 && errno == EAGAIN) || complain("send", std::strerror(errno));
}

bool Visitor::proceed(const Journey &journey, std::vector<char> &input) {
    if (!said_ && !arrived(journey)) return say(journey);
    const ssize_t n = recv(fd_, input.data(), input.size(), 0);
    if (n < 0 && errno == EAGAIN) return true;
    if (n <= 0) return complain("cut before its time", n == 0 ? "end of stream" : std::strerror(errno));
    return take(journey, {input.data(), static_cast<size_t>(n)});
}

bool Visitor::take(const Journey &journey, std::string_view bytes) {
    partial_ += bytes;
    while (!arrived(journey)) {
        std::string_view answer;
        size_t used = 0;
        if (step_ == 0) {
            const size_t end = partial_.find(kHeadEnd);
            if (end == std::string::npos) return true;
            used = end + kHeadEnd.size();
            answer = std::string_view(partial_).substr(0, end);
        } else {
            const ServerFrame frame = parseServerFrame(partial_);
            if (frame.totalBytes == 0) return true;
            if (frame.opcode != kText) {
                partial_.erase(0, frame.totalBytes);
                continue;
            }
            used = frame.totalBytes;
            answer = frame.payload;
        }
        if (answer.find(journey.steps[step_].expect) == std::string_view::npos) return complain("refused", std::string(answer).c_str());
        partial_.erase(0, used);
        step_++;
        said_ = false;
        if (!arrived(journey) && !say(journey)) return false;
    }
    // What comes later (pings, events) is not looked at.
    partial_.clear();
    return true;
}

void Visitor::leave() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
}

}  // namespace bench
