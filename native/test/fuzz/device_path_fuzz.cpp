// Any text may be given as a device: what is accepted cannot lead out of /dev.
// Parser: native/core/devices/device_path.cpp
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "devices/device_path.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    const auto selector = camera::parseDeviceSelector(text);
    if (!selector) return 0;
    if (const auto *link = std::get_if<camera::LinkPath>(&selector.value())) {
        const std::string_view path = link->path;
        const std::string_view name = path.substr(path.rfind('/') + 1);
        const bool folder = path.starts_with("/dev/v4l/by-id/") || path.starts_with("/dev/v4l/by-path/");
        const bool climbs = name == "." || name == ".." || std::count(path.begin(), path.end(), '/') != 4;
        if (!folder || climbs || path.find('\0') != std::string_view::npos) std::abort();
    }
    if (const auto *node = std::get_if<camera::NodePath>(&selector.value())) {
        if (node->number < 0 || node->number > 999) std::abort();
    }
    return 0;
}
