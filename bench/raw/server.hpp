#pragma once
#include <sys/epoll.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "frames.hpp"

namespace bench {

/**
 * WebSockets with the least code that can serve them, as the limit of one core: every frame is answered with one reply of a fixed
 * size, all frames of one read in one write. It checks nothing.
 *
 * A connection to the control port publishes: for each byte that it sends, one event of a fixed size goes to every WebSocket, and then
 * the time at which that began, eight bytes of CLOCK_MONOTONIC in nanoseconds, back to it.
 */
class RawServer {
public:
    RawServer(size_t replyBytes, size_t eventBytes);
    RawServer(const RawServer &) = delete;
    RawServer &operator=(const RawServer &) = delete;
    ~RawServer();

    /** On a port of its own, or on that of another one of this process, whose connections it shares. False after a message on stderr. */
    bool listen(uint16_t port = 0);
    /** From now on every WebSocket gets a ping once in so many seconds, a part of them each second. */
    bool pingEvery(uint32_t seconds);
    uint16_t port() const { return port_; }
    uint16_t controlPort() const { return controlPort_; }

    /** Until the process is ended. */
    [[noreturn]] void run();

private:
    enum class Kind { kListener, kControlListener, kControl, kTimer, kUpgrading, kOpen };
    struct Client {
        int fd;
        Kind kind;
        /** Place in `open_`. */
        size_t place = 0;
        std::string partial;
        std::string unsent;
    };

    /** Any free port for 0. */
    int listenOn(uint16_t &port);
    void accept(const Client &listener);
    void add(int fd, Kind kind);
    void remove(Client *client);
    void serve(Client *client, uint32_t events);
    /** False: it has gone. */
    bool read(Client &client);
    void upgrade(Client &client);
    /** Answers the whole frames among `bytes`; how many bytes they were. */
    size_t answer(std::span<char> bytes, std::string &out);
    void control(Client &client, size_t commands);
    void pingDue(const Client &timer);
    void send(Client &client, std::string_view bytes);
    void flush(Client &client);

    // Made once.
    const ReplyTemplate reply_;
    const std::string event_;
    std::vector<char> input_;
    std::string output_;

    // State.
    int poll_ = -1;
    uint16_t port_ = 0;
    uint16_t controlPort_ = 0;
    std::vector<Client *> open_;
    uint32_t pingSeconds_ = 0;
    uint32_t pingTurn_ = 0;
};

}  // namespace bench
