// Who a camera is, across replugging and other node numbers: from sysfs alone, before the node is opened.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "devices/device_report.hpp"
#include "devices/sysfs.hpp"

namespace camera {

/// The identity of a node, with the id that its serial gives when it may (see `IdentityBook`). `number` is the node's.
/// Reads some ten attributes: below 0.2 ms. Strings are clean.
DeviceIdentity readIdentity(const Sysfs &sysfs, const SysfsNode &node);

/// For a node that sysfs does not know.
DeviceIdentity unknownIdentity(int number);

/// Serials that factories ship by the thousand ("0001", "SN0001", all the same digit, …) name nobody.
bool isPlaceholderSerial(const std::string &serial);

/// The same camera by its position: `usb-VID:PID-@PORT-iIF-xINDEX`.
std::string portId(const DeviceIdentity &identity);

/// Decides between serial and port for present cameras: a serial counts until a second device shows the same one, and never
/// again after that. Not thread-safe; owned by the monitor.
class IdentityBook {
public:
    /// Enters a camera that appeared as `source`; gives its final identity. `renamed` gets the sources already present whose
    /// id changed by it (the serial turned out not to be unique).
    DeviceIdentity enter(const std::string &source, DeviceIdentity identity, std::vector<std::string> &renamed);
    void leave(const std::string &source);

    /// Identity of an entered source.
    const DeviceIdentity &of(const std::string &source) const { return present_.at(source); }

private:
    void usePort(DeviceIdentity &identity, bool keepAlias);
    bool idTaken(const std::string &id) const;

    std::map<std::string, DeviceIdentity> present_;
    std::set<std::string> sharedSerials_;
};

} // namespace camera
