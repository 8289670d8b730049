#include "devices/usb_topology.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

#include "base/clean_text.hpp"
#include "base/digits.hpp"

namespace camera {

namespace {

std::vector<std::string_view> components(std::string_view path) {
    std::vector<std::string_view> parts;
    while (!path.empty()) {
        const size_t slash = path.find('/');
        if (slash != 0) parts.push_back(path.substr(0, slash));
        path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    }
    return parts;
}

/// `usb1`: the root hub of a bus.
bool isRootHub(std::string_view part) {
    return part.size() > 3 && part.starts_with("usb") && std::all_of(part.begin() + 3, part.end(), isDigit);
}

/// `0000:00:14.0`.
bool isPciAddress(std::string_view part) {
    return part.size() == 12 && part[4] == ':' && part[7] == ':' && part[10] == '.';
}

/// `1-4.2:1.0`: an interface of a USB device; its part after the bus is what udev shows.
bool isUsbInterface(std::string_view part) {
    return !part.empty() && isDigit(part.front()) && part.find('-') != std::string_view::npos &&
           part.find(':') != std::string_view::npos;
}

/// udev's way with strings in links: blanks become `_`, other odd characters too.
std::string linkText(const std::string &raw) {
    std::string text = cleanText(raw);
    for (char &c : text) {
        const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("#+-.:=@_").find(c) != std::string_view::npos;
        if (!plain && static_cast<unsigned char>(c) < 0x80) c = '_';
    }
    return text;
}

std::string videoIndex(int index) { return "-video-index" + std::to_string(index); }

} // namespace

std::string usbController(std::string_view usbDevicePath) {
    std::string_view above;
    for (const std::string_view part : components(usbDevicePath)) {
        if (isRootHub(part)) return std::string(above);
        above = part;
    }
    return {};
}

std::string udevById(const DeviceIdentity &identity, const std::string &manufacturer, const std::string &product) {
    const std::string vendor = linkText(manufacturer.empty() ? identity.vid : manufacturer);
    const std::string model = linkText(product.empty() ? identity.pid : product);
    std::string name = "usb-" + vendor + "_" + model;
    if (!identity.serial.empty()) name += "_" + linkText(identity.serial);
    return name + videoIndex(identity.index);
}

std::string udevByPath(const SysfsNode &node, const DeviceIdentity &identity) {
    if (node.parent.empty()) return {};
    const std::vector<std::string_view> parts = components(node.parent);
    std::string platform;
    std::string pci;
    std::string usb;
    bool onBus = false; // below a PCI or USB root nothing is a platform device any more
    for (size_t i = 1; i < parts.size(); ++i) {
        const std::string_view part = parts[i];
        if (isRootHub(part) || part.starts_with("pci")) onBus = true;
        if (isPciAddress(part)) pci = part;
        if (isUsbInterface(part)) usb = "usb-0:" + std::string(part.substr(part.find('-') + 1));
        if (!onBus && parts[1] == "platform" && part != "platform") platform = part;
    }
    std::string name;
    const auto append = [&](const std::string &piece) { name += (name.empty() ? "" : "-") + piece; };
    if (!platform.empty()) append("platform-" + platform);
    if (!pci.empty()) append("pci-" + pci);
    if (!usb.empty()) append(usb);
    return name.empty() ? name : name + videoIndex(identity.index);
}

} // namespace camera
