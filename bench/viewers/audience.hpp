#pragma once
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <span>
#include <vector>

#include "options.hpp"
#include "viewer.hpp"

namespace bench {

/** All viewers of a run and the epoll that watches them; an event's number is the viewer's place. */
class Audience {
public:
    Audience(const ViewerOptions &options, size_t places);
    Audience(const Audience &) = delete;
    Audience &operator=(const Audience &) = delete;
    ~Audience() { close(epoll_); }

    /** The viewer of this place connects and asks. False after a message on stderr. */
    bool seat(size_t place);
    void unseat(size_t place, bool abruptly);

    Viewer &operator[](size_t place) { return viewers_[place]; }
    size_t size() const { return viewers_.size(); }

    /** Places whose sockets have something; empty after `timeoutMs`. */
    std::span<const epoll_event> wait(int timeoutMs);

private:
    const ViewerOptions &options_;
    std::vector<Viewer> viewers_;
    int epoll_;
    std::array<epoll_event, 512> events_{};
};

}  // namespace bench
