#pragma once
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <span>
#include <vector>

#include "connection.hpp"

namespace bench {

/** epoll over the connections; an event's number is the connection's place in the list. */
class Poller {
public:
    explicit Poller(const std::vector<Connection> &connections) : fd_(epoll_create1(EPOLL_CLOEXEC)) {
        for (size_t i = 0; i < connections.size(); i++) control(EPOLL_CTL_ADD, connections[i].fd(), i, false);
    }
    Poller(const Poller &) = delete;
    Poller &operator=(const Poller &) = delete;
    ~Poller() { close(fd_); }

    /** Waits at most `timeoutMs`. */
    std::span<const epoll_event> wait(int timeoutMs) {
        const int n = epoll_wait(fd_, events_.data(), static_cast<int>(events_.size()), timeoutMs);
        return {events_.data(), n < 0 ? 0u : static_cast<size_t>(n)};
    }

    /** Called when a connection has bytes that the socket did not take, and again when they are gone. */
    void watchWrites(const Connection &connection, size_t index, bool on) { control(EPOLL_CTL_MOD, connection.fd(), index, on); }

private:
    void control(int operation, int fd, size_t index, bool writes) {
        epoll_event event{};
        event.events = writes ? EPOLLIN | EPOLLOUT : EPOLLIN;
        event.data.u64 = index;
        epoll_ctl(fd_, operation, fd, &event);
    }

    int fd_;
    std::array<epoll_event, 256> events_{};
};

}  // namespace bench
