// Any bytes may come as a kernel message; what is accepted holds together.
// Parser: native/core/devices/uevent.cpp
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "devices/uevent.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const auto event = camera::parseUevent({reinterpret_cast<const char *>(data), size});
    if (!event) return 0;
    const bool plain = !event->action.empty() && event->devicePath.starts_with("/");
    if (!plain || event->action.size() + event->devicePath.size() > size) std::abort();
    return 0;
}
