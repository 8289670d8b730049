#include "base/backlog.hpp"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/unique_fd.hpp"

using namespace camera;

namespace {

struct Listener {
    UniqueFd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    uint16_t port = 0;

    Listener() {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto *generic = reinterpret_cast<sockaddr *>(&address);
        REQUIRE(::bind(fd.get(), generic, size) == 0);
        REQUIRE(::listen(fd.get(), 2) == 0);
        REQUIRE(::getsockname(fd.get(), generic, &size) == 0);
        port = ntohs(address.sin_port);
    }
    /// What the kernel says may wait there.
    uint32_t backlog() const {
        tcp_info info{};
        socklen_t size = sizeof info;
        REQUIRE(::getsockopt(fd.get(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0);
        return info.tcpi_sacked;
    }
};

} // namespace

TEST_CASE("more may wait on the port that was named, and on no other") {
    const Listener wide;
    const Listener narrow;
    REQUIRE(widenBacklog(wide.port, 100).ok());
    CHECK(wide.backlog() == 100);
    CHECK(narrow.backlog() == 2);
}

TEST_CASE("a port on which nobody listens is told") {
    uint16_t port = 0;
    {
        const Listener gone;
        port = gone.port;
    }
    const Status status = widenBacklog(port, 100);
    REQUIRE_FALSE(status.ok());
    CHECK(status.error().errnoValue == ENOENT);
}
