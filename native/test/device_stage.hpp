// A directory of device nodes (plain files) and a sysfs that tells of them, answered by scripted cameras: what the monitor
// sees of a machine, and the hands that plug and pull.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "devices/device_monitor.hpp"
#include "scratch_dir.hpp"
#include "scripted_sys.hpp"

namespace camera::test {

struct UsbPlug {
    std::string device = "1-4"; // port 4 of bus 1
    std::string interface = "00";
    std::string vid = "046d";
    std::string pid = "0825";
    std::string serial = "A1B2C3D4";
    std::string product = "HD Webcam";
    std::string manufacturer = "Acme";
    int devnum = 5;
};

class DeviceStage {
public:
    /// `withSysfs`: the kernel has a video class, even without any camera.
    explicit DeviceStage(bool withSysfs = true) {
        std::filesystem::create_directories(devDir());
        if (withSysfs) std::filesystem::create_directories(sysfsDir() + "/class/video4linux");
    }

    std::string devDir() const { return scratch_.path() + "/dev"; }
    std::string sysfsDir() const { return scratch_.path() + "/sys"; }
    std::string node(int number) const { return devDir() + "/" + name(number); }

    ScriptedSys &sys() { return sys_; }

    MonitorOptions options() const {
        MonitorOptions options;
        options.devDir = devDir();
        options.sysfsDir = sysfsDir();
        options.uevents = false; // the real machine's would be heard
        options.relaxDeviceCheck = true;
        options.rescanMs = 60'000;
        return options;
    }

    /// A video node of a USB camera; its sysfs entry is there before the node, as in the kernel.
    void plugUsb(int number, int index, ScriptedCamera camera, const UsbPlug &usb = {}) {
        const std::string device = sysfsDir() + "/devices/pci0000:00/0000:00:14.0/usb1/" + usb.device;
        const std::string interface = device + "/" + usb.device + ":1." + usb.interface.substr(1);
        std::filesystem::create_directories(interface);
        write(device + "/idVendor", usb.vid);
        write(device + "/idProduct", usb.pid);
        if (!usb.serial.empty()) write(device + "/serial", usb.serial);
        write(device + "/product", usb.product);
        write(device + "/manufacturer", usb.manufacturer);
        write(device + "/devpath", usb.device.substr(usb.device.find('-') + 1));
        write(device + "/devnum", std::to_string(usb.devnum));
        write(device + "/speed", "480");
        write(interface + "/bInterfaceNumber", usb.interface);
        setSubsystem(interface, "usb");
        addClassEntry(number, index, camera.card, interface);
        plugNode(number, std::move(camera));
    }

    /// A node of a platform device, or of no device at all.
    void plugPlatform(int number, int index, ScriptedCamera camera, const std::string &device) {
        std::string parent;
        if (!device.empty()) {
            parent = sysfsDir() + "/devices/platform/" + device;
            std::filesystem::create_directories(parent);
            setSubsystem(parent, "platform");
        }
        addClassEntry(number, index, camera.card, parent);
        plugNode(number, std::move(camera));
    }

    /// The node alone.
    void plugNode(int number, ScriptedCamera camera) {
        sys_.plug(node(number), std::move(camera), static_cast<unsigned>(number));
        write(node(number), "");
    }

    void pull(int number) {
        sys_.unplug(node(number));
        std::filesystem::remove(node(number));
        const std::string entry = sysfsDir() + "/class/video4linux/" + name(number);
        std::error_code none;
        const auto real = std::filesystem::canonical(entry, none);
        if (none) return;
        std::filesystem::remove(entry);
        std::filesystem::remove_all(real);
    }

private:
    static std::string name(int number) { return "video" + std::to_string(number); }

    /// Leaves a file alone that says so already: sysfs never shows an attribute half-written, as a file being replaced would be.
    static void write(const std::string &file, const std::string &text) {
        std::stringstream present;
        present << std::ifstream(file).rdbuf();
        if (present.str() != text + '\n') std::ofstream(file) << text << '\n';
    }

    void setSubsystem(const std::string &device, const std::string &bus) const {
        std::filesystem::create_directories(sysfsDir() + "/bus/" + bus);
        std::error_code exists;
        std::filesystem::create_symlink(sysfsDir() + "/bus/" + bus, device + "/subsystem", exists);
    }

    void addClassEntry(int number, int index, const std::string &card, const std::string &parent) const {
        const std::string base = parent.empty() ? sysfsDir() + "/devices/virtual" : parent;
        const std::string entry = base + "/video4linux/" + name(number);
        std::filesystem::create_directories(entry);
        write(entry + "/dev", "81:" + std::to_string(number));
        write(entry + "/name", card);
        write(entry + "/index", std::to_string(index));
        if (!parent.empty()) std::filesystem::create_symlink(parent, entry + "/device");
        std::filesystem::create_symlink(entry, sysfsDir() + "/class/video4linux/" + name(number));
    }

    ScratchDir scratch_;
    ScriptedSys sys_;
};

} // namespace camera::test
