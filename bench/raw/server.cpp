#include "server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "cpu_time.hpp"

namespace bench {
namespace {

constexpr int kBacklog = 4096;
constexpr size_t kReadBytes = 512 * 1024;

/** The answer to the one key that the generator sends. */
constexpr std::string_view kUpgraded =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

constexpr std::string_view kPing("\x89\x00", 2);

std::string eventFrame(size_t payloadBytes) {
    std::string payload = R"({"jsonrpc":"2.0","method":"event","params":")";
    constexpr std::string_view kEnd = "\"}";
    const size_t around = payload.size() + kEnd.size();
    payload.append(payloadBytes > around ? payloadBytes - around : 0, 'x');
    payload += kEnd;
    return serverFrame(payload);
}

}  // namespace

RawServer::RawServer(size_t replyBytes, size_t eventBytes)
    : reply_(replyBytes), event_(eventFrame(eventBytes)), input_(kReadBytes), poll_(epoll_create1(EPOLL_CLOEXEC)) {}

RawServer::~RawServer() { close(poll_); }

bool RawServer::listen(uint16_t port) {
    port_ = port;
    const int clients = listenOn(port_), control = listenOn(controlPort_);
    if (clients < 0 || control < 0) {
        std::perror("raw: listen");
        return false;
    }
    add(clients, Kind::kListener);
    add(control, Kind::kControlListener);
    return true;
}

bool RawServer::pingEvery(uint32_t seconds) {
    const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    const itimerspec everySecond{{1, 0}, {1, 0}};
    if (fd < 0 || timerfd_settime(fd, 0, &everySecond, nullptr) != 0) {
        std::perror("raw: timer");
        return false;
    }
    pingSeconds_ = seconds;
    add(fd, Kind::kTimer);
    return true;
}

int RawServer::listenOn(uint16_t &port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const int on = 1;
    if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    socklen_t size = sizeof address;
    auto *generic = reinterpret_cast<sockaddr *>(&address);
    if (fd < 0 || bind(fd, generic, size) != 0 || ::listen(fd, kBacklog) != 0 || getsockname(fd, generic, &size) != 0) return -1;
    port = ntohs(address.sin_port);
    return fd;
}

void RawServer::run() {
    std::array<epoll_event, 256> events{};
    for (;;) {
        const int n = epoll_wait(poll_, events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < n; i++) serve(static_cast<Client *>(events[static_cast<size_t>(i)].data.ptr), events[static_cast<size_t>(i)].events);
    }
}

void RawServer::accept(const Client &listener) {
    for (;;) {
        const int fd = accept4(listener.fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) return;
        const int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        add(fd, listener.kind == Kind::kControlListener ? Kind::kControl : Kind::kUpgrading);
    }
}

void RawServer::add(int fd, Kind kind) {
    auto *client = new Client{fd, kind, 0, {}, {}};
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = client;
    epoll_ctl(poll_, EPOLL_CTL_ADD, fd, &event);
}

void RawServer::remove(Client *client) {
    if (client->kind == Kind::kOpen) {
        open_.back()->place = client->place;
        open_[client->place] = open_.back();
        open_.pop_back();
    }
    close(client->fd);
    delete client;
}

void RawServer::serve(Client *client, uint32_t events) {
    if (client->kind == Kind::kListener || client->kind == Kind::kControlListener) {
        accept(*client);
        return;
    }
    if (client->kind == Kind::kTimer) {
        pingDue(*client);
        return;
    }
    if ((events & EPOLLOUT) != 0) flush(*client);
    if ((events & ~static_cast<uint32_t>(EPOLLOUT)) != 0 && !read(*client)) remove(client);
}

bool RawServer::read(Client &client) {
    const ssize_t n = recv(client.fd, input_.data(), input_.size(), 0);
    if (n <= 0) return n < 0 && errno == EAGAIN;
    const std::span fresh(input_.data(), static_cast<size_t>(n));
    if (client.kind == Kind::kControl) {
        control(client, fresh.size());
        return true;
    }
    if (client.kind == Kind::kOpen && client.partial.empty()) {
        output_.clear();
        client.partial.assign(fresh.begin() + static_cast<ssize_t>(answer(fresh, output_)), fresh.end());
    } else {
        client.partial.append(fresh.data(), fresh.size());
        if (client.kind == Kind::kUpgrading) upgrade(client);
        if (client.kind != Kind::kOpen) return true;
        output_.clear();
        client.partial.erase(0, answer(client.partial, output_));
    }
    if (!output_.empty()) send(client, output_);
    return true;
}

void RawServer::upgrade(Client &client) {
    const size_t end = client.partial.find("\r\n\r\n");
    if (end == std::string::npos) return;
    client.partial.erase(0, end + 4);
    client.kind = Kind::kOpen;
    client.place = open_.size();
    open_.push_back(&client);
    send(client, kUpgraded);
}

size_t RawServer::answer(std::span<char> bytes, std::string &out) {
    size_t used = 0;
    for (;;) {
        const ClientFrame frame = openClientFrame(bytes.subspan(used));
        if (frame.totalBytes == 0) return used;
        used += frame.totalBytes;
        if (frame.opcode == 1) reply_.append(out, frame.payload);
    }
}

void RawServer::control(Client &client, size_t commands) {
    for (; commands > 0; commands--) {
        const uint64_t began = nowNs();
        for (Client *one : open_) send(*one, event_);
        send(client, std::string_view(reinterpret_cast<const char *>(&began), sizeof began));
    }
}

void RawServer::pingDue(const Client &timer) {
    uint64_t seconds = 0;
    if (::read(timer.fd, &seconds, sizeof seconds) != sizeof seconds) return;
    for (size_t place = pingTurn_; place < open_.size(); place += pingSeconds_) send(*open_[place], kPing);
    pingTurn_ = (pingTurn_ + 1) % pingSeconds_;
}

void RawServer::send(Client &client, std::string_view bytes) {
    if (!client.unsent.empty()) {
        client.unsent += bytes;
        return;
    }
    const ssize_t n = ::send(client.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) return;
    const size_t taken = n < 0 ? 0 : static_cast<size_t>(n);
    if (taken == bytes.size()) return;
    client.unsent.assign(bytes.substr(taken));
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT;
    event.data.ptr = &client;
    epoll_ctl(poll_, EPOLL_CTL_MOD, client.fd, &event);
}

void RawServer::flush(Client &client) {
    const ssize_t n = ::send(client.fd, client.unsent.data(), client.unsent.size(), MSG_NOSIGNAL);
    if (n > 0) client.unsent.erase(0, static_cast<size_t>(n));
    if (!client.unsent.empty() && (n > 0 || errno == EAGAIN)) return;
    client.unsent.clear();
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &client;
    epoll_ctl(poll_, EPOLL_CTL_MOD, client.fd, &event);
}

}  // namespace bench
