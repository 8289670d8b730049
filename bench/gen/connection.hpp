#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/** One client socket: open, upgraded, and then frames both ways without blocking. Owns its descriptor. */
class Connection {
public:
    Connection() = default;
    Connection(Connection &&other) noexcept;
    Connection &operator=(Connection &&) = delete;
    ~Connection();

    /** Connects, upgrades and, when the token is not empty, authenticates; blocks. False after a message on stderr. */
    bool open(uint16_t port, const std::string &path, const std::string &token);

    /** Sends one request once it is open and waits for a result; blocks. False after a message on stderr. */
    bool ask(const std::string &request);

    /** Requests that have no reply yet are counted by the caller; this only moves bytes. False when the socket broke. */
    bool send(const char *data, size_t bytes);
    /** Goes on with what the socket did not take. */
    bool flush();
    bool hasUnsent() const { return !unsent_.empty(); }

    /** Reads once and calls `onText(payload)` for each whole text frame. False when the server closed. */
    template <typename OnText>
    bool receive(std::vector<char> &buffer, OnText &&onText);

    /** Closes this end; the destructor does it otherwise. */
    void disconnect();

    int fd() const { return fd_; }

    /** Owned by the loop. */
    uint32_t nextId = 0;

private:
    bool sendBlocking(std::string_view bytes);
    bool readHandshake();
    bool authenticate(const std::string &token);
    /** Sends and waits for the next frame. */
    bool exchange(const std::string &request, std::string_view expected);
    /** Bytes read or -1; never blocks. */
    long readSome(char *out, size_t room);
    void answerPing(std::string_view payload);

    int fd_ = -1;
    std::string partial_;
    std::string unsent_;

    template <typename OnText>
    size_t takeFrames(std::string_view bytes, OnText &onText);
};

}  // namespace bench

#include "connection.inl"
