#include "devices/device_path.hpp"

#include <doctest/doctest.h>

#include <string>

#include "base/fault_code.hpp"

using namespace camera;

TEST_CASE("nodes, links and selectors are accepted") {
    CHECK(std::get<NodePath>(parseDeviceSelector("/dev/video0").value()).number == 0);
    CHECK(std::get<NodePath>(parseDeviceSelector("/dev/video255").value()).number == 255);
    const std::string link = "/dev/v4l/by-id/usb-Acme_HD@1,x+y:z-video-index0";
    CHECK(std::get<LinkPath>(parseDeviceSelector(link).value()).path == link);
    const auto usb = std::get<UsbSelector>(parseDeviceSelector("usb:046D:0825:A1").value());
    CHECK(usb.vid == "046d");
    CHECK(usb.serial == "A1");
    CHECK(std::get<UsbSelector>(parseDeviceSelector("usb:046d:0825").value()).serial.empty());
    CHECK(std::get<UsbPortSelector>(parseDeviceSelector("usb-port:0000:00:14.0/4.2").value()).port == "0000:00:14.0/4.2");
}

TEST_CASE("everything else is refused as an invalid path") {
    for (const std::string text : {"", "/dev/video", "/dev/video1000", "/dev/video01", "/dev/video-1", "/dev/video0/",
                                   "/dev/video0 ", "/dev/../dev/video0", "/dev/sda", "video0", "/dev/vbi0", "/dev/v4l/by-id/",
                                   "/dev/v4l/by-id/..", "/dev/v4l/by-id/a/b", "/dev/v4l/by-path/../../sda", "usb:046d",
                                   "usb:046d:08zz", "usb:046d:0825:", "usb:046d:0825:a/b", "usb-port:x", "usb-port:x/",
                                   "usb-port:x/.1", "usb-port:../1/2", "file:/dev/video0"}) {
        CAPTURE(text);
        const auto selector = parseDeviceSelector(text);
        REQUIRE_FALSE(selector.ok());
        CHECK(faultCode(selector.error()) == "INVALID_PATH");
    }
    CHECK_FALSE(parseDeviceSelector(std::string("/dev/video0\0", 12)).ok());
    CHECK_FALSE(parseDeviceSelector("/dev/v4l/by-id/" + std::string(201, 'a')).ok());
}
