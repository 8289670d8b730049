#include "devices/uevent.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace camera;

namespace {

std::string message(const std::string &header, std::initializer_list<std::string> fields) {
    std::string bytes = header + '\0';
    for (const std::string &field : fields) bytes += field + '\0';
    return bytes;
}

} // namespace

TEST_CASE("a kernel message gives action, path, node and number") {
    const auto event = parseUevent(message("add@/devices/x/video4linux/video0",
                                           {"ACTION=add", "DEVPATH=/devices/x/video4linux/video0", "SUBSYSTEM=video4linux",
                                            "MAJOR=81", "MINOR=0", "DEVNAME=video0", "SEQNUM=4711"}));
    REQUIRE(event.has_value());
    CHECK(event->action == "add");
    CHECK(event->devicePath == "/devices/x/video4linux/video0");
    CHECK(event->subsystem == "video4linux");
    CHECK(event->nodeName == "video0");
    CHECK(event->sequence == 4711);
}

TEST_CASE("what is not a kernel message is refused") {
    CHECK_FALSE(parseUevent("").has_value());
    CHECK_FALSE(parseUevent("add@/devices/x").has_value()); // cut
    CHECK_FALSE(parseUevent(message("libudev", {"ACTION=add"})).has_value());
    CHECK_FALSE(parseUevent(message("@/devices/x", {})).has_value());
    CHECK_FALSE(parseUevent(message("add@devices/x", {"ACTION=add", "DEVPATH=devices/x"})).has_value());
    CHECK_FALSE(parseUevent(message("add@/devices/x", {"ACTION=remove", "DEVPATH=/devices/x"})).has_value()); // disagrees
    CHECK_FALSE(parseUevent(message("add@/devices/x", {"ACTION=add", "DEVPATH=/devices/x", "=odd"})).has_value());
    CHECK_FALSE(parseUevent(message("add@/devices/x", {"ACTION=add", "DEVPATH=/devices/x", "noequals"})).has_value());
}

TEST_CASE("a node name may carry its directory, an impossible number is zero") {
    const auto event = parseUevent(
        message("add@/d", {"ACTION=add", "DEVPATH=/d", "DEVNAME=/dev/video3", "SEQNUM=99999999999999999999999"}));
    REQUIRE(event.has_value());
    CHECK(event->nodeName == "video3");
    CHECK(event->sequence == 0);
}
