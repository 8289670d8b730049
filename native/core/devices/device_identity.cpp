#include "devices/device_identity.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "base/clean_text.hpp"
#include "devices/usb_topology.hpp"

namespace camera {

namespace {

std::string parentOf(const std::string &path) { return path.substr(0, path.rfind('/')); }
std::string tailOf(const std::string &path) { return path.substr(path.rfind('/') + 1); }

std::string functionSuffix(const DeviceIdentity &identity) {
    return "-i" + std::to_string(identity.interface) + "-x" + std::to_string(identity.index);
}

std::string usbPrefix(const DeviceIdentity &identity) { return "usb-" + identity.vid + ":" + identity.pid + "-"; }

std::string serialKey(const DeviceIdentity &identity) { return usbPrefix(identity) + identity.serial; }

bool isUsb(const DeviceIdentity &identity) { return !identity.vid.empty(); }

void readUsb(const Sysfs &sysfs, const std::string &interface, DeviceIdentity &identity) {
    const std::string device = parentOf(interface);
    const auto text = [&](const char *name) { return cleanText(sysfs.attribute(device, name), 128); };
    identity.vid = idPart(text("idVendor"), 4);
    identity.pid = idPart(text("idProduct"), 4);
    identity.serial = text("serial");
    identity.product = text("product");
    identity.manufacturer = text("manufacturer");
    identity.port = usbController(device) + "/" + idPart(text("devpath"), 32);
    identity.interface = static_cast<int>(std::strtol(sysfs.attribute(interface, "bInterfaceNumber").c_str(), nullptr, 16));
    identity.speedMbps = std::atoi(sysfs.attribute(device, "speed").c_str());
    identity.physicalId = usbPrefix(identity) + "@" + identity.port;
    identity.byId = udevById(identity, sysfs.attribute(device, "manufacturer"), sysfs.attribute(device, "product"));
}

} // namespace

bool isPlaceholderSerial(const std::string &serial) {
    constexpr std::array<std::string_view, 16> kKnown{
        "0001",    "SN0001",   "SN00001", "01.00.00", "200901010001", "20200101", "123456", "12345678",
        "1234567", "123456789", "0123456789ABCDEF", "Serial", "Serial Number", "NULL", "none", "N/A"};
    if (serial.empty() || std::find(kKnown.begin(), kKnown.end(), serial) != kKnown.end()) return true;
    return std::all_of(serial.begin(), serial.end(), [&](char c) { return c == serial.front(); });
}

std::string portId(const DeviceIdentity &identity) { return identity.physicalId + functionSuffix(identity); }

DeviceIdentity readIdentity(const Sysfs &sysfs, const SysfsNode &node) {
    DeviceIdentity identity;
    identity.name = cleanText(node.card);
    identity.index = node.index;
    if (!node.parent.empty() && sysfs.subsystem(node.parent) == "usb") readUsb(sysfs, node.parent, identity);
    if (isUsb(identity)) {
        const bool unique = !isPlaceholderSerial(identity.serial);
        identity.id = unique ? usbPrefix(identity) + idPart(identity.serial) + functionSuffix(identity) : portId(identity);
    } else if (!node.parent.empty()) {
        // One parent may carry several cameras whose indices both start at 0; the card's name tells them apart.
        identity.physicalId = "plat-" + idPart(tailOf(node.parent));
        identity.id = identity.physicalId + "-" + idPart(identity.name) + "-x" + std::to_string(node.index);
    } else {
        identity.physicalId = "plat-virtual-" + idPart(identity.name) + "-n" + node.name.substr(std::string_view("video").size());
        identity.id = identity.physicalId;
    }
    identity.byPath = udevByPath(node, identity);
    return identity;
}

DeviceIdentity unknownIdentity(int number) {
    DeviceIdentity identity;
    identity.name = "video" + std::to_string(number);
    identity.physicalId = "plat-virtual-" + identity.name + "-n" + std::to_string(number);
    identity.id = identity.physicalId;
    return identity;
}

void IdentityBook::usePort(DeviceIdentity &identity, bool keepAlias) {
    std::string byPort = portId(identity);
    if (keepAlias && byPort != identity.id) identity.aliases.push_back(identity.id);
    identity.id = std::move(byPort);
}

bool IdentityBook::idTaken(const std::string &id) const {
    return std::any_of(present_.begin(), present_.end(), [&](const auto &entry) { return entry.second.id == id; });
}

DeviceIdentity IdentityBook::enter(const std::string &source, DeviceIdentity identity, std::vector<std::string> &renamed) {
    const bool bySerial = isUsb(identity) && identity.id != portId(identity);
    if (bySerial) {
        const std::string key = serialKey(identity);
        for (auto &[other, known] : present_) {
            // Functions of one physical device share its serial by right.
            if (!isUsb(known) || serialKey(known) != key || known.physicalId == identity.physicalId) continue;
            sharedSerials_.insert(key);
            if (known.id == portId(known)) continue;
            usePort(known, true);
            renamed.push_back(other);
        }
        if (sharedSerials_.contains(key)) usePort(identity, false);
    }
    // Two nodes must never share a key, whatever sysfs says: the later one is told apart by its appearance.
    if (idTaken(identity.id)) identity.id += "-" + idPart(source.substr(source.rfind('/') + 1));
    present_[source] = identity;
    return identity;
}

void IdentityBook::leave(const std::string &source) { present_.erase(source); }

} // namespace camera
