#pragma once
#include <sys/epoll.h>

#include <cstdint>
#include <vector>

#include "connection.hpp"
#include "options.hpp"

namespace bench {

/** All connections of a run, and when which event came to which of them. */
class Audience {
public:
    explicit Audience(const ListenerOptions &options);
    Audience(const Audience &) = delete;
    Audience &operator=(const Audience &) = delete;
    ~Audience();

    /** Connects, logs in and subscribes all. False after a message on stderr. */
    bool open();
    /** Orders one event. */
    bool order();
    /** Takes what has come, waiting for at most `timeoutMs`. False after a message on stderr. */
    bool receive(int timeoutMs);

    /** Whether every listener has got event `number`, and the server has said when it began. */
    bool hasComeEverywhere(size_t number) const;
    /** When the server began with the event, CLOCK_MONOTONIC. */
    uint64_t beganAt(size_t number) const { return began_[number]; }
    /** When it came to each. */
    std::vector<uint64_t> arrivalsOf(size_t number) const;
    size_t listeners() const { return listeners_.size(); }
    size_t deliveries() const { return deliveries_; }

private:
    bool subscribe(Connection &connection, bool filtered);
    bool receiveTimes();
    bool watch(int fd, uint64_t number) const;

    // Passed in.
    const ListenerOptions &options_;

    // Owned, made once.
    int poll_;
    int control_ = -1;
    std::vector<Connection> listeners_;
    std::vector<Connection> others_;
    std::vector<char> input_;

    // State. One row of arrivals per event; 0: not yet.
    std::vector<uint64_t> arrivals_;
    std::vector<uint32_t> received_;
    std::vector<uint32_t> complete_;
    std::vector<uint64_t> began_;
    std::vector<char> times_;
    size_t deliveries_ = 0;
};

}  // namespace bench
