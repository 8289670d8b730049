// Setting controls: what is wanted, and what came of it. Values are read back, since drivers clamp, round and refuse.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "devices/v4l2_device.hpp"

namespace camera {

/// A number, or a text: a string control's value, or the decimal digits of a 64-bit number.
using ControlValue = std::variant<int64_t, std::string>;

struct WantedControl {
    uint32_t id = 0;
    ControlValue value;
};

enum class ControlOutcome {
    /// The device has the wanted value.
    Applied,
    /// It has another one: out of range, or not on a step.
    Clamped,
    /// Not a value of this control (ERANGE, EINVAL).
    Rejected,
    /// Another control or the stream locks it (EBUSY).
    Grabbed,
    ReadOnly,
    /// An automatic control has it now, and this device takes no value meanwhile.
    Inactive,
    /// The camera stalled the request, now or before in this session.
    Broken,
    Unknown,
    Failed
};

/// "applied", "clamped", "rejected", "grabbed", "read-only", "inactive", "broken", "unknown", "failed".
const char *controlOutcomeName(ControlOutcome outcome);

struct ControlResult {
    uint32_t id = 0;
    ControlOutcome outcome = ControlOutcome::Failed;
    /// 0 for Applied and Clamped, and where no call was made.
    int errnoValue = 0;
    /// Read back after the last control was set; neither for buttons, write-only controls and those that cannot be read.
    std::optional<int64_t> value;
    std::optional<std::string> text;
    /// Without effect now: an automatic control has it.
    bool inactive = false;
};

/// Opens `node`, sets the controls one by one (automatic switches before what depends on them, see control_order.hpp), reads
/// back, closes. Integers out of range are clamped. One result for each wanted control, in the caller's order: one that fails
/// does not keep the others from being set. `broken` are ids that stalled before: not asked again. Does not touch the format
/// or a running stream. Blocks for up to some seconds on slow cameras. Thread-safe. Errors: of `openNode`; ENODEV when the
/// camera goes meanwhile.
Result<std::vector<ControlResult>> setControls(const Sys &sys, const std::string &node, const std::vector<WantedControl> &wanted,
                                               const std::set<uint32_t> &broken, NodeCheck check = NodeCheck::CharacterDevice,
                                               QuestionLimits limits = {20'000, 10'000'000});

/// What a text means as a 64-bit number: decimal digits with an optional minus. Empty when it means none, or does not fit.
std::optional<int64_t> decimalNumber(const std::string &text);

} // namespace camera
