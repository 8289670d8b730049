#include "devices/device_identity.hpp"

#include <doctest/doctest.h>

#include <string>

#include "device_stage.hpp"
#include "devices/usb_topology.hpp"

using namespace camera;
using namespace camera::test;

namespace {

DeviceIdentity identityOf(const DeviceStage &stage, int number) {
    const Sysfs sysfs(stage.sysfsDir());
    return readIdentity(sysfs, *sysfs.node("video" + std::to_string(number)));
}

DeviceIdentity usbIdentity(const std::string &serial, const std::string &port, int interface = 0) {
    DeviceIdentity identity;
    identity.vid = "046d";
    identity.pid = "0825";
    identity.serial = serial;
    identity.interface = interface;
    identity.port = port;
    identity.physicalId = "usb-046d:0825-@" + port;
    identity.id = "usb-046d:0825-" + serial + "-i" + std::to_string(interface) + "-x0";
    return identity;
}

} // namespace

TEST_CASE("a USB camera is known by model, serial, interface and index; all else is told too") {
    DeviceStage stage;
    ScriptedCamera camera = ScriptedCamera::webcam();
    camera.card = "HD Webcam: HD Webcam";
    stage.plugUsb(2, 0, camera, {.device = "1-4.2", .interface = "02", .manufacturer = "Acme Inc."});
    const DeviceIdentity identity = identityOf(stage, 2);
    CHECK(identity.id == "usb-046d:0825-A1B2C3D4-i2-x0");
    CHECK(identity.physicalId == "usb-046d:0825-@0000:00:14.0/4.2");
    CHECK(identity.port == "0000:00:14.0/4.2");
    CHECK(identity.speedMbps == 480);
    CHECK(identity.name == "HD Webcam: HD Webcam");
    CHECK(identity.manufacturer == "Acme Inc.");
    CHECK(identity.byId == "usb-Acme_Inc._HD_Webcam_A1B2C3D4-video-index0");
    CHECK(identity.byPath == "pci-0000:00:14.0-usb-0:4.2:1.2-video-index0");
}

TEST_CASE("without a telling serial the port takes its place") {
    for (const std::string serial : {"", "0", "0001", "SN0001", "000000000", "200901010001"}) {
        CAPTURE(serial);
        DeviceStage stage;
        stage.plugUsb(0, 0, ScriptedCamera::webcam(), {.serial = serial});
        CHECK(identityOf(stage, 0).id == "usb-046d:0825-@0000:00:14.0/4-i0-x0");
    }
    CHECK_FALSE(isPlaceholderSerial("A1B2C3D4"));
}

TEST_CASE("cameras that are not USB are known by their parent and name, software ones by name and number") {
    DeviceStage stage;
    ScriptedCamera camera = ScriptedCamera::webcam();
    camera.card = "unicam image";
    stage.plugPlatform(0, 0, camera, "fe801000.csi");
    camera.card = "Dummy video device (0x0000)";
    stage.plugPlatform(9, 0, camera, "");
    CHECK(identityOf(stage, 0).id == "plat-fe801000.csi-unicam_image-x0");
    CHECK(identityOf(stage, 0).byPath == "platform-fe801000.csi-video-index0");
    CHECK(identityOf(stage, 9).id == "plat-virtual-Dummy_video_device__0x0000_-n9");
    CHECK(unknownIdentity(4).id == "plat-virtual-video4-n4");
}

TEST_CASE("a malicious device cannot put control characters into its identity") {
    DeviceStage stage;
    stage.plugUsb(0, 0, ScriptedCamera::webcam(), {.serial = "A\x1b[2J\xff/..", .product = "x\x07y"});
    const DeviceIdentity identity = identityOf(stage, 0);
    for (const char c : identity.id + identity.serial + identity.product + identity.byId) {
        CHECK_FALSE(static_cast<unsigned char>(c) < 0x20);
    }
    CHECK(identity.id.find('/') == std::string::npos);
}

TEST_CASE("a second device with the same serial sends both to their ports, for good") {
    IdentityBook book;
    std::vector<std::string> renamed;
    book.enter("a", usbIdentity("S1", "c/1"), renamed);
    CHECK(renamed.empty());
    const DeviceIdentity second = book.enter("b", usbIdentity("S1", "c/2"), renamed);
    CHECK(renamed == std::vector<std::string>{"a"});
    CHECK(second.id == "usb-046d:0825-@c/2-i0-x0");
    CHECK(second.aliases.empty());
    CHECK(book.of("a").id == "usb-046d:0825-@c/1-i0-x0");
    CHECK(book.of("a").aliases == std::vector<std::string>{"usb-046d:0825-S1-i0-x0"});

    book.leave("a");
    book.leave("b");
    renamed.clear();
    CHECK(book.enter("c", usbIdentity("S1", "c/1"), renamed).id == "usb-046d:0825-@c/1-i0-x0");
    CHECK(renamed.empty());
}

TEST_CASE("two functions of one device share a serial and keep it") {
    IdentityBook book;
    std::vector<std::string> renamed;
    book.enter("colour", usbIdentity("S1", "c/1", 0), renamed);
    CHECK(book.enter("infrared", usbIdentity("S1", "c/1", 2), renamed).id == "usb-046d:0825-S1-i2-x0");
    CHECK(renamed.empty());
}

TEST_CASE("no two present nodes share an id") {
    IdentityBook book;
    std::vector<std::string> renamed;
    DeviceIdentity twin;
    twin.id = "plat-csi.0-image-x0";
    book.enter("/dev/video0#1", twin, renamed);
    CHECK(book.enter("/dev/video1#1", twin, renamed).id == "plat-csi.0-image-x0-video1_1");
}

TEST_CASE("the controller is what stands above the root hub") {
    CHECK(usbController("/devices/pci0000:00/0000:00:14.0/usb1/1-4") == "0000:00:14.0");
    CHECK(usbController("/devices/platform/soc/fe980000.usb/usb1/1-1/1-1.2") == "fe980000.usb");
    CHECK(usbController("/devices/platform/dummy_hcd.0/usb3/3-1") == "dummy_hcd.0");
    CHECK(usbController("/devices/platform/vivid.0").empty());
}

TEST_CASE("the same camera under another node number has the same id") {
    DeviceStage stage;
    stage.plugUsb(0, 0, ScriptedCamera::webcam());
    const std::string before = identityOf(stage, 0).id;
    stage.pull(0);
    stage.plugUsb(6, 0, ScriptedCamera::webcam(), {.device = "1-7", .devnum = 9});
    CHECK(identityOf(stage, 6).id == before);
}
