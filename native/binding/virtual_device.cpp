#include "virtual_device.hpp"

#include <memory>
#include <string>
#include <utility>

namespace camera::binding {

std::string virtualSource(int number) { return "virtual:" + std::to_string(number); }

DeviceState virtualDevice(int number, SizePx size, FrameInterval interval) {
    const std::string count = std::to_string(number);

    auto report = std::make_shared<DeviceReport>();
    report->kind = NodeKind::Virtual;
    report->driver = "virtual";
    report->card = "Virtual camera " + count;
    report->busInfo = virtualSource(number);
    report->streaming = true;
    report->formats.push_back({.fourcc = "MJPG",
                               .description = "Motion-JPEG",
                               .compressed = true,
                               .emulated = false,
                               .sizes = {{.size = size, .intervals = {interval}}},
                               .range = {}});
    report->currentSize = size;
    report->currentFourcc = "MJPG";

    DeviceState device;
    device.source = virtualSource(number);
    device.isVirtual = true;
    device.identity.id = "virtual-" + count;
    device.identity.physicalId = device.identity.id;
    device.identity.name = report->card;
    device.report = std::move(report);
    return device;
}

} // namespace camera::binding
