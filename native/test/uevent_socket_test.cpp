#include "devices/uevent_socket.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <deque>

using namespace camera;

TEST_CASE("the socket opens without privilege and has nothing to say at once, or says why it cannot open") {
    auto socket = UeventSocket::open();
    if (!socket.ok()) {
        CHECK(socket.error().errnoValue != 0);
        return;
    }
    Uevent event;
    while (socket.value().receive(event) != UeventSocket::Outcome::Empty) {}
    CHECK(socket.value().fd() >= 0);
}

TEST_CASE("what the kernel dropped is told as lost, a signal is nothing, and the next message is read") {
    std::deque<int> failures{ENOBUFS, EINTR, EAGAIN};
    auto socket = UeventSocket::open([&](int, msghdr *, int) -> ssize_t {
        errno = failures.front();
        failures.pop_front();
        return -1;
    });
    if (!socket.ok()) {
        MESSAGE("no uevent socket can be had here: " << socket.error().errnoValue);
        return;
    }
    Uevent event;
    CHECK(socket.value().receive(event) == UeventSocket::Outcome::Lost);
    CHECK(socket.value().receive(event) == UeventSocket::Outcome::Skipped);
    CHECK(socket.value().receive(event) == UeventSocket::Outcome::Empty);
}
