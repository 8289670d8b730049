#include "virtual/virtual_controls.hpp"

#include <linux/videodev2.h>

#include <algorithm>
#include <cerrno>

#include "controls/control_order.hpp"

namespace camera {

namespace {

/// Of ours: beyond the numbers that the kernel gives to drivers.
constexpr uint32_t kNegative = V4L2_CID_USER_BASE | 0xF001;
constexpr uint32_t kMotif = V4L2_CID_TEST_PATTERN;
constexpr int64_t kFullGain = 100;
constexpr const char *kInactive = "inactive";

std::vector<DeviceControl> virtualControls() {
    std::vector<DeviceControl> controls(5);
    const auto fill = [](DeviceControl &control, uint32_t id, const char *name, const char *type, int64_t minimum, int64_t maximum,
                         int64_t value) {
        control.id = id;
        control.name = name;
        control.type = type;
        control.minimum = minimum;
        control.maximum = maximum;
        control.step = 1;
        control.defaultValue = value;
        control.value = value;
    };
    fill(controls[0], V4L2_CID_BRIGHTNESS, "Brightness", "integer", -64, 64, 0);
    controls[0].flags = {"slider"};
    fill(controls[1], V4L2_CID_AUTOGAIN, "Gain, Automatic", "boolean", 0, 1, 1);
    controls[1].flags = {"update"};
    fill(controls[2], V4L2_CID_GAIN, "Gain", "integer", 0, 200, kFullGain);
    controls[2].flags = {"slider", kInactive};
    fill(controls[3], kNegative, "Negative", "boolean", 0, 1, 0);
    fill(controls[4], kMotif, "Test Pattern", "menu", 0, 2, 0);
    controls[4].menu = {{0, "Colour Bars"}, {1, "Grey Ramp"}, {2, "Plain Grey"}};
    return controls;
}

bool isInactive(const DeviceControl &control) {
    return std::find(control.flags.begin(), control.flags.end(), kInactive) != control.flags.end();
}

int rankOf(uint32_t id) { return controlRank(id, V4L2_CTRL_TYPE_INTEGER, 0); }

} // namespace

VirtualControls::VirtualControls() : controls_(virtualControls()) {}

std::vector<DeviceControl> VirtualControls::list() const {
    const std::lock_guard lock(mutex_);
    return controls_;
}

std::vector<ControlResult> VirtualControls::set(const std::vector<WantedControl> &wanted) {
    const std::lock_guard lock(mutex_);
    std::vector<size_t> order(wanted.size());
    for (size_t at = 0; at < order.size(); ++at) order[at] = at;
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return rankOf(wanted[a].id) < rankOf(wanted[b].id); });

    std::vector<ControlResult> results(wanted.size());
    for (const size_t at : order) {
        ControlResult &result = results[at];
        result.id = wanted[at].id;
        DeviceControl *const control = find(result.id);
        const int64_t *const number = std::get_if<int64_t>(&wanted[at].value);
        if (control == nullptr) result.outcome = ControlOutcome::Unknown;
        else if (number == nullptr) result.outcome = ControlOutcome::Rejected;
        else result.outcome = change(*control, *number);
        if (result.outcome == ControlOutcome::Rejected) result.errnoValue = ERANGE;
        follow();
    }
    for (ControlResult &result : results) {
        const DeviceControl *const control = find(result.id);
        if (control == nullptr) continue;
        result.value = control->value;
        result.inactive = isInactive(*control);
    }
    return results;
}

PictureSettings VirtualControls::settings() const {
    const std::lock_guard lock(mutex_);
    const bool automatic = valueOf(V4L2_CID_AUTOGAIN) != 0;
    return {.brightness = static_cast<int>(valueOf(V4L2_CID_BRIGHTNESS)),
            .gainPercent = static_cast<int>(automatic ? kFullGain : valueOf(V4L2_CID_GAIN)),
            .negative = valueOf(kNegative) != 0,
            .motif = static_cast<TestPattern::Motif>(valueOf(kMotif))};
}

DeviceControl *VirtualControls::find(uint32_t id) {
    const auto found = std::find_if(controls_.begin(), controls_.end(), [id](const DeviceControl &control) { return control.id == id; });
    return found == controls_.end() ? nullptr : &*found;
}

int64_t VirtualControls::valueOf(uint32_t id) const {
    const auto found = std::find_if(controls_.begin(), controls_.end(), [id](const DeviceControl &control) { return control.id == id; });
    return found->value.value_or(0);
}

/// What the switch does to the control that depends on it.
void VirtualControls::follow() {
    DeviceControl &gain = *find(V4L2_CID_GAIN);
    std::erase(gain.flags, kInactive);
    if (valueOf(V4L2_CID_AUTOGAIN) != 0) gain.flags.emplace_back(kInactive);
}

ControlOutcome VirtualControls::change(DeviceControl &control, int64_t wanted) {
    const bool isMenu = !control.menu.empty();
    if (isMenu && (wanted < control.minimum || wanted > control.maximum)) return ControlOutcome::Rejected;
    control.value = std::clamp(wanted, control.minimum, control.maximum);
    return control.value == wanted ? ControlOutcome::Applied : ControlOutcome::Clamped;
}

} // namespace camera
