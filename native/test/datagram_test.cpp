#include "base/datagram.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

#include "base/unique_fd.hpp"
#include "scratch_dir.hpp"

using namespace camera;
using namespace camera::test;

namespace {

/// A receiver at a path, or at an abstract name behind `@`.
UniqueFd receiver(const std::string &address) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, address.data(), address.size());
    const bool abstract = address[0] == '@';
    if (abstract) at.sun_path[0] = '\0';
    UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size() + (abstract ? 0 : 1));
    REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr *>(&at), length) == 0);
    return fd;
}

std::string received(const UniqueFd &fd) {
    char bytes[256];
    const ssize_t length = ::recv(fd.get(), bytes, sizeof bytes, 0);
    return length < 0 ? "" : std::string(bytes, static_cast<size_t>(length));
}

} // namespace

TEST_CASE("a datagram reaches a socket with a path and one with an abstract name, of the longest too") {
    const ScratchDir dir;
    const std::string abstract = "@camera-test-" + std::to_string(getpid());
    for (const std::string &address : {dir.path() + "/notify", abstract, abstract + std::string(108 - abstract.size(), 'x')}) {
        const UniqueFd socket = receiver(address);
        CHECK(sendDatagram(address, "READY=1\nSTATUS=2 cameras").ok());
        CHECK(received(socket) == "READY=1\nSTATUS=2 cameras");
    }
}

TEST_CASE("what is no address is refused, and what cannot be reached says why") {
    for (const std::string &address : {std::string(), std::string("/"), std::string("@"), std::string("relative"), std::string(109, '@'),
                                       "/" + std::string(107, 'x')}) {
        const Status status = sendDatagram(address, "READY=1");
        REQUIRE_FALSE(status.ok());
        CHECK(status.error().errnoValue == EINVAL);
    }
    const ScratchDir dir;
    const Status status = sendDatagram(dir.path() + "/nobody", "READY=1");
    REQUIRE_FALSE(status.ok());
    CHECK(status.error().errnoValue == ENOENT);
}

TEST_CASE("a receiver that takes nothing does not hold up the sender") {
    const ScratchDir dir;
    const std::string address = dir.path() + "/full";
    const UniqueFd socket = receiver(address);
    Status status = done();
    for (int sent = 0; sent < 100'000 && status.ok(); ++sent) status = sendDatagram(address, "WATCHDOG=1");
    REQUIRE_FALSE(status.ok());
    CHECK(status.error().errnoValue == EAGAIN);
}
