#include "devices/uevent.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace camera {

namespace {

bool takeField(std::string_view field, Uevent &event) {
    const size_t equals = field.find('=');
    if (equals == std::string_view::npos || equals == 0) return false;
    const std::string_view key = field.substr(0, equals);
    const std::string_view value = field.substr(equals + 1);
    if (key == "ACTION") event.action = value;
    if (key == "DEVPATH") event.devicePath = value;
    if (key == "SUBSYSTEM") event.subsystem = value;
    if (key == "DEVNAME") event.nodeName = value.substr(value.starts_with("/dev/") ? 5 : 0);
    if (key == "SEQNUM") std::from_chars(value.data(), value.data() + value.size(), event.sequence);
    return true;
}

} // namespace

std::optional<Uevent> parseUevent(std::string_view message) {
    const size_t end = message.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view header = message.substr(0, end);
    const size_t at = header.find('@');
    if (at == std::string_view::npos || at == 0 || header.substr(at + 1, 1) != "/") return std::nullopt;

    Uevent event;
    message.remove_prefix(end + 1);
    while (!message.empty()) {
        const size_t length = std::min(message.find('\0'), message.size());
        if (length > 0 && !takeField(message.substr(0, length), event)) return std::nullopt;
        message.remove_prefix(std::min(length + 1, message.size()));
    }
    const bool agrees = event.action == header.substr(0, at) && event.devicePath == header.substr(at + 1);
    return agrees ? std::optional(std::move(event)) : std::nullopt;
}

} // namespace camera
