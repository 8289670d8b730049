// The controls of a virtual camera, which really change its picture: something to move for pages and tests.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "controls/control_change.hpp"
#include "devices/device_report.hpp"
#include "virtual/test_pattern.hpp"

namespace camera {

/// What the controls make of the picture.
struct PictureSettings {
    /// Added to the luma.
    int brightness = 0;
    /// Factor of the luma; 100 while the automatic gain has it.
    int gainPercent = 100;
    bool negative = false;
    TestPattern::Motif motif = TestPattern::Motif::Bars;

    bool changesLuma() const { return brightness != 0 || gainPercent != 100 || negative; }
    bool operator==(const PictureSettings &) const = default;
};

/// Any thread.
class VirtualControls {
public:
    VirtualControls();

    /// As `probeControls` of a device.
    std::vector<DeviceControl> list() const;
    /// As `setControls` of a device.
    std::vector<ControlResult> set(const std::vector<WantedControl> &wanted);

    PictureSettings settings() const;

private:
    // All with the lock held.
    DeviceControl *find(uint32_t id);
    int64_t valueOf(uint32_t id) const;
    void follow();
    ControlOutcome change(DeviceControl &control, int64_t wanted);

    mutable std::mutex mutex_;
    std::vector<DeviceControl> controls_;
};

} // namespace camera
