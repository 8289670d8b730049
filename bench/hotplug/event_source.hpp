#pragma once
#include <cstddef>
#include <optional>

namespace bench {

/** A camera node that came or went, as the kernel tells it. */
struct NodeEvent {
    bool added = false;
    /** Number N of videoN. */
    int node = 0;
};

/** A bare receiver of the kernel's events and the switch that causes them. */
class Cameras {
public:
    virtual ~Cameras() = default;
    /** Readable when an event waits; -1 when the receiver could not be made. */
    virtual int fd() const = 0;
    /** Reads one event; nullopt when what was read is not about a camera node's coming or going. */
    virtual std::optional<NodeEvent> receive() = 0;
    /** How many can be changed one after the other. */
    virtual size_t units() const = 0;
    /** How many cameras come and go with a unit. */
    virtual size_t camerasOfUnit() const = 0;
    /** Plugs or pulls a unit; may block until the kernel is done. False on failure. */
    virtual bool change(size_t unit, bool plug) = 0;
};

}  // namespace bench
