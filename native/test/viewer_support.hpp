// Viewers for tests: sockets on loopback, clients that read strictly, frames whose bytes tell which they are.
#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <utility>

#include "awaiting.hpp"
#include "base/clock.hpp"
#include "frame_support.hpp"
#include "multipart_reader.hpp"
#include "base/unique_fd.hpp"

namespace camera::test {

inline constexpr const char *kHead = "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n";

/// A connected pair on loopback: the server's end first. `receiveBytes` limits the client's kernel buffer; 0: as it is.
inline std::pair<UniqueFd, UniqueFd> connectedPair(int receiveBytes = 0) {
    UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto *const generic = reinterpret_cast<sockaddr *>(&address);
    REQUIRE(::bind(listener.get(), generic, size) == 0);
    REQUIRE(::listen(listener.get(), 1) == 0);
    REQUIRE(::getsockname(listener.get(), generic, &size) == 0);
    UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (receiveBytes > 0) ::setsockopt(client.get(), SOL_SOCKET, SO_RCVBUF, &receiveBytes, sizeof receiveBytes);
    REQUIRE(::connect(client.get(), generic, size) == 0);
    return {UniqueFd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)), std::move(client)};
}

/// Looks like a JPEG from outside; inside it says its number and holds all that could confuse a reader of the stream.
inline std::vector<uint8_t> numberedJpeg(uint32_t number, size_t bytes) {
    std::string content = "\xff\xd8#" + std::to_string(number) + "\r\n--frame\r\nContent-Length: 3\r\n\r\n--frame--\r\n";
    content.resize(bytes, static_cast<char>('a' + number % 26));
    content.replace(bytes - 2, 2, "\xff\xd9");
    return {content.begin(), content.end()};
}

inline uint32_t numberOf(const std::string &jpeg) {
    return static_cast<uint32_t>(std::strtoul(jpeg.c_str() + 3, nullptr, 10));
}

/// The client's side of one viewer.
class Client {
public:
    explicit Client(UniqueFd socket) : socket_(std::move(socket)) {}

    /// Reads what is there, at most `most` bytes, waiting up to `patience` for the first. False at the end of the stream.
    bool read(std::chrono::milliseconds patience, size_t most = SIZE_MAX) {
        pollfd ready{.fd = socket_.get(), .events = POLLIN, .revents = 0};
        if (::poll(&ready, 1, static_cast<int>(patience.count())) <= 0) return true;
        std::array<char, 65536> buffer{};
        const ssize_t count = ::recv(socket_.get(), buffer.data(), std::min(buffer.size(), most), 0);
        if (count <= 0) {
            ended = true;
            return false;
        }
        bytes += static_cast<size_t>(count);
        reader.feed(buffer.data(), static_cast<size_t>(count));
        return true;
    }

    bool readUntil(const std::function<bool()> &condition, std::chrono::milliseconds patience = kPatience) {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        while (!condition()) {
            if (std::chrono::steady_clock::now() >= deadline) return false;
            if (!read(std::chrono::milliseconds(20))) return condition();
        }
        return true;
    }
    bool readParts(size_t count) {
        return readUntil([&] { return reader.parts.size() >= count; });
    }
    bool readToEnd() {
        return readUntil([&] { return ended; });
    }

    const Part &last() const { return reader.parts.back(); }
    void close() { socket_.reset(); }
    int fd() const { return socket_.get(); }

    MultipartReader reader;
    size_t bytes = 0;
    bool ended = false;

private:
    UniqueFd socket_;
};

} // namespace camera::test
