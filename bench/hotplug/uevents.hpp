#pragma once
#include <optional>
#include <string>

namespace bench {

/** A camera node that came or went, as the kernel tells it. */
struct NodeEvent {
    bool added = false;
    /** Number N of videoN. */
    int node = 0;
};

/** Bare receiver of the kernel's events: one netlink socket, nothing in between. Owns its descriptor. */
class Uevents {
public:
    Uevents();
    Uevents(const Uevents &) = delete;
    Uevents &operator=(const Uevents &) = delete;
    ~Uevents();

    /** -1 when the socket could not be made. */
    int fd() const { return fd_; }
    /** Reads one message; nullopt when it is not about a camera node's coming or going. */
    std::optional<NodeEvent> receive();

private:
    int fd_ = -1;
};

}  // namespace bench
