#include "controls/control_change.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <limits>

#include "controls/control_order.hpp"
#include "controls/control_query.hpp"

namespace camera {

namespace {

/// A wanted control with what the driver says of it.
struct Change {
    const WantedControl *wanted;
    ControlResult *result;
    QueriedControl queried;
};

class ControlChanges {
public:
    ControlChanges(Questions &questions, const std::set<uint32_t> &broken) : questions_(questions), broken_(broken) {}

    Result<std::vector<ControlResult>> run(const std::vector<WantedControl> &wanted) {
        std::vector<ControlResult> results(wanted.size());
        std::vector<Change> changes;
        changes.reserve(wanted.size());
        for (size_t i = 0; i < wanted.size(); ++i) {
            results[i].id = wanted[i].id;
            Change change{&wanted[i], &results[i], {}};
            if (look(change)) changes.push_back(std::move(change));
            if (gone_) return questions_.error(ENODEV, "VIDIOC_QUERY_EXT_CTRL");
        }
        std::stable_sort(changes.begin(), changes.end(), [](const Change &a, const Change &b) { return rank(a) < rank(b); });
        for (Change &change : changes) {
            set(change);
            if (gone_) return questions_.error(ENODEV, "VIDIOC_S_EXT_CTRLS");
        }
        // After the last one: setting one control may change another.
        for (Change &change : changes) readBack(change);
        if (gone_) return questions_.error(ENODEV, "VIDIOC_G_EXT_CTRLS");
        return results;
    }

private:
    static int rank(const Change &change) {
        return controlRank(change.wanted->id, change.queried.type, change.queried.rawFlags);
    }

    int ask(unsigned long request, void *argument) {
        const int failure = questions_.ask(request, argument);
        gone_ = gone_ || failure == ENODEV;
        return failure;
    }

    /// 0 and the control as it is now, or the errno.
    int query(uint32_t id, QueriedControl &queried) {
        v4l2_query_ext_ctrl raw{};
        raw.id = id;
        int failure = ask(VIDIOC_QUERY_EXT_CTRL, &raw);
        if (failure == ENOTTY) {
            v4l2_queryctrl classic{};
            classic.id = id;
            failure = ask(VIDIOC_QUERYCTRL, &classic);
            raw = widenControl(classic);
        }
        if (failure == 0) queried = describeControl(raw);
        return failure;
    }

    /// Whether the control is worth a try; else its result says why not.
    bool look(Change &change) {
        const uint32_t id = change.wanted->id;
        if (broken_.contains(id)) return settle(change, ControlOutcome::Broken, 0);
        int failure = query(id, change.queried);
        if (isTransferFailure(failure)) failure = query(id, change.queried);
        if (isTransferFailure(failure)) return settle(change, ControlOutcome::Broken, failure);
        if (failure == EINVAL || failure == ENOTTY) return settle(change, ControlOutcome::Unknown, failure);
        if (failure != 0) return settle(change, ControlOutcome::Failed, failure);
        const QueriedControl &queried = change.queried;
        if (!queried.isListed()) return settle(change, ControlOutcome::Unknown, 0);
        if (queried.has(V4L2_CTRL_FLAG_READ_ONLY)) return settle(change, ControlOutcome::ReadOnly, 0);
        if (queried.isCompound()) return settle(change, ControlOutcome::Rejected, 0);
        change.result->inactive = queried.has(V4L2_CTRL_FLAG_INACTIVE);
        return true;
    }

    static bool settle(Change &change, ControlOutcome outcome, int errnoValue) {
        change.result->outcome = outcome;
        change.result->errnoValue = errnoValue;
        return false;
    }

    void set(Change &change) {
        ControlSlot slot(change.queried);
        if (!fill(change, slot)) {
            settle(change, ControlOutcome::Rejected, ERANGE);
            return;
        }
        int failure = write(change.queried, slot);
        // Once more: a single lost transfer is no broken control.
        if (isTransferFailure(failure)) failure = write(change.queried, slot);
        if (isTransferFailure(failure)) change.queried.markBroken();
        settle(change, outcomeOf(failure, change), failure);
    }

    int write(const QueriedControl &queried, ControlSlot &slot) {
        v4l2_ext_controls batch{};
        batch.which = V4L2_CTRL_WHICH_CUR_VAL;
        batch.count = 1;
        batch.controls = &slot.raw;
        const int failure = ask(VIDIOC_S_EXT_CTRLS, &batch);
        if (failure != ENOTTY || queried.isText()) return failure;
        v4l2_control classic{};
        classic.id = queried.control.id;
        classic.value = slot.raw.value;
        return ask(VIDIOC_S_CTRL, &classic);
    }

    static ControlOutcome outcomeOf(int failure, const Change &change) {
        if (isTransferFailure(failure)) return ControlOutcome::Broken;
        switch (failure) {
        case 0: return ControlOutcome::Applied;
        case ERANGE:
        case EINVAL:
        case ENOSPC: // a text longer than the driver has room for
            return ControlOutcome::Rejected;
        case EBUSY: return ControlOutcome::Grabbed;
        case EACCES: return change.result->inactive ? ControlOutcome::Inactive : ControlOutcome::ReadOnly;
        default: return ControlOutcome::Failed;
        }
    }

    /// False when the value cannot be one of this control.
    static bool fill(const Change &change, ControlSlot &slot) {
        const QueriedControl &queried = change.queried;
        if (queried.isButton()) return true;
        if (queried.isText()) return fillText(change, slot);
        const std::optional<int64_t> number = numberOf(change.wanted->value);
        if (!number) return false;
        if (queried.type == V4L2_CTRL_TYPE_BITMASK) {
            if (*number < 0 || *number > std::numeric_limits<uint32_t>::max()) return false;
            slot.raw.value = static_cast<int32_t>(static_cast<uint32_t>(*number));
            return true;
        }
        const DeviceControl &control = queried.control;
        const bool clamps = queried.isInteger() && control.minimum <= control.maximum;
        const int64_t value = clamps ? std::clamp(*number, control.minimum, control.maximum) : *number;
        if (queried.type == V4L2_CTRL_TYPE_INTEGER64) {
            slot.raw.value64 = value;
            return true;
        }
        if (value < std::numeric_limits<int32_t>::min() || value > std::numeric_limits<int32_t>::max()) return false;
        slot.raw.value = static_cast<int32_t>(value);
        return true;
    }

    static bool fillText(const Change &change, ControlSlot &slot) {
        const std::string *const text = std::get_if<std::string>(&change.wanted->value);
        if (text == nullptr || text->size() >= slot.text.size() || text->size() >= slot.raw.size) return false;
        std::memcpy(slot.text.data(), text->data(), text->size());
        return true;
    }

    static std::optional<int64_t> numberOf(const ControlValue &value) {
        if (const int64_t *const number = std::get_if<int64_t>(&value)) return *number;
        return decimalNumber(std::get<std::string>(value));
    }

    void readBack(Change &change) {
        ControlResult &result = *change.result;
        QueriedControl now;
        if (change.queried.isBroken() || query(result.id, now) != 0) return;
        result.inactive = now.has(V4L2_CTRL_FLAG_INACTIVE);
        if (!now.isReadable() || readControl(questions_, now) != 0) return;
        result.value = now.control.value;
        result.text = now.control.text;
        if (result.outcome == ControlOutcome::Applied && !isAsWanted(change, now)) result.outcome = ControlOutcome::Clamped;
    }

    static bool isAsWanted(const Change &change, const QueriedControl &now) {
        if (now.isText()) return now.control.text == std::get<std::string>(change.wanted->value);
        return now.control.value == numberOf(change.wanted->value);
    }

    Questions &questions_;
    const std::set<uint32_t> &broken_;
    bool gone_ = false;
};

} // namespace

const char *controlOutcomeName(ControlOutcome outcome) {
    switch (outcome) {
    case ControlOutcome::Applied: return "applied";
    case ControlOutcome::Clamped: return "clamped";
    case ControlOutcome::Rejected: return "rejected";
    case ControlOutcome::Grabbed: return "grabbed";
    case ControlOutcome::ReadOnly: return "read-only";
    case ControlOutcome::Inactive: return "inactive";
    case ControlOutcome::Broken: return "broken";
    case ControlOutcome::Unknown: return "unknown";
    case ControlOutcome::Failed: return "failed";
    }
    return "failed";
}

std::optional<int64_t> decimalNumber(const std::string &text) {
    int64_t number = 0;
    const char *const end = text.data() + text.size();
    const auto [stopped, failure] = std::from_chars(text.data(), end, number);
    return failure == std::errc() && stopped == end && !text.empty() ? std::optional(number) : std::nullopt;
}

Result<std::vector<ControlResult>> setControls(const Sys &sys, const std::string &node, const std::vector<WantedControl> &wanted,
                                               const std::set<uint32_t> &broken, NodeCheck check, QuestionLimits limits) {
    Result<OpenNode> open = openNode(sys, node, check);
    if (!open) return open.error();
    Questions questions(sys, open.value().fd.get(), node, limits);
    return ControlChanges(questions, broken).run(wanted);
}

} // namespace camera
