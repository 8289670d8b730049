#include <doctest/doctest.h>
#include <sys/socket.h>

#include "awaiting.hpp"
#include "fanout/fanout_server.hpp"
#include "base/unique_fd.hpp"

using namespace camera;
using namespace camera::test;

namespace {

struct Connection {
    UniqueFd server, client;

    Connection() {
        int ends[2] = {-1, -1};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
        server.reset(ends[0]);
        client.reset(ends[1]);
    }
};

} // namespace

TEST_CASE("a viewer that left is not heard of again while its caller still holds the socket") {
    Awaited<ViewerEvent> firstEnd, secondEnd;
    FanoutServer server({}, [&, first = firstEnd.callback(), second = secondEnd.callback()](const ViewerEvent &event) {
        (event.channel == "first" ? first : second)(event);
    });
    Connection left, stays;
    REQUIRE(server.addViewer(left.server.get(), "first", {}).ok());
    REQUIRE(server.addViewer(stays.server.get(), "second", {}).ok());

    ::shutdown(left.client.get(), SHUT_WR);
    REQUIRE(firstEnd.get());
    // Another event of a socket whose viewer is gone by now.
    left.client.reset();
    stays.client.reset();
    // It came in order behind that one: the thread outlived it.
    CHECK(secondEnd.get());
    CHECK(firstEnd.count() == 1);
}
