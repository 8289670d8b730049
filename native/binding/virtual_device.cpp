#include "virtual_device.hpp"

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace camera::binding {

namespace {

/// Beside the configured ones, as a webcam offers them: what is larger or faster than configured is left out.
constexpr std::array<SizePx, 5> kUsualSizes{{{1920, 1080}, {1280, 720}, {800, 600}, {640, 480}, {320, 240}}};
constexpr std::array<uint32_t, 4> kUsualRates{30, 15, 10, 5};

std::vector<FrameSize> sizesUpTo(SizePx largest, FrameInterval shortest) {
    std::vector<FrameInterval> intervals{shortest};
    for (const uint32_t fps : kUsualRates) {
        if (uint64_t{fps} * shortest.num < shortest.den) intervals.push_back({1, fps});
    }
    std::vector<FrameSize> sizes{{.size = largest, .intervals = intervals}};
    for (const SizePx size : kUsualSizes) {
        const bool fits = size.width <= largest.width && size.height <= largest.height;
        if (fits && size != largest) sizes.push_back({.size = size, .intervals = intervals});
    }
    return sizes;
}

} // namespace

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
                               .sizes = sizesUpTo(size, interval),
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
