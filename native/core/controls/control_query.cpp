#include "controls/control_query.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/clean_text.hpp"

namespace camera {

namespace {

constexpr uint32_t kMaxTextBytes = 4'096;
constexpr const char *kBroken = "broken";

struct FlagWord {
    uint32_t bit;
    const char *word;
};
constexpr std::array<FlagWord, 9> kFlagWords{{{V4L2_CTRL_FLAG_GRABBED, "grabbed"},
                                              {V4L2_CTRL_FLAG_READ_ONLY, "read-only"},
                                              {V4L2_CTRL_FLAG_UPDATE, "update"},
                                              {V4L2_CTRL_FLAG_INACTIVE, "inactive"},
                                              {V4L2_CTRL_FLAG_SLIDER, "slider"},
                                              {V4L2_CTRL_FLAG_WRITE_ONLY, "write-only"},
                                              {V4L2_CTRL_FLAG_VOLATILE, "volatile"},
                                              {V4L2_CTRL_FLAG_EXECUTE_ON_WRITE, "execute-on-write"},
                                              {V4L2_CTRL_FLAG_MODIFY_LAYOUT, "modify-layout"}}};

const char *typeName(uint32_t type) {
    switch (type) {
    case V4L2_CTRL_TYPE_INTEGER: return "integer";
    case V4L2_CTRL_TYPE_BOOLEAN: return "boolean";
    case V4L2_CTRL_TYPE_MENU: return "menu";
    case V4L2_CTRL_TYPE_BUTTON: return "button";
    case V4L2_CTRL_TYPE_INTEGER64: return "integer64";
    case V4L2_CTRL_TYPE_STRING: return "string";
    case V4L2_CTRL_TYPE_BITMASK: return "bitmask";
    case V4L2_CTRL_TYPE_INTEGER_MENU: return "integer-menu";
    default: return "compound";
    }
}

} // namespace

bool QueriedControl::isBroken() const {
    return std::find(control.flags.begin(), control.flags.end(), kBroken) != control.flags.end();
}

void QueriedControl::markBroken() {
    if (!isBroken()) control.flags.emplace_back(kBroken);
}

QueriedControl describeControl(const v4l2_query_ext_ctrl &raw) {
    QueriedControl queried;
    queried.type = raw.type;
    queried.rawFlags = raw.flags;
    queried.textBytes = std::min(raw.elem_size, kMaxTextBytes);
    DeviceControl &control = queried.control;
    control.id = raw.id;
    control.name = cleanText(fixedText(raw.name));
    control.type = queried.isCompound() ? typeName(V4L2_CTRL_COMPOUND_TYPES) : typeName(raw.type);
    control.minimum = raw.minimum;
    control.maximum = raw.maximum;
    control.step = static_cast<int64_t>(raw.step);
    control.defaultValue = raw.default_value;
    for (const FlagWord &flag : kFlagWords) {
        if (raw.flags & flag.bit) control.flags.emplace_back(flag.word);
    }
    return queried;
}

v4l2_query_ext_ctrl widenControl(const v4l2_queryctrl &raw) {
    v4l2_query_ext_ctrl wide{};
    wide.id = raw.id;
    wide.type = raw.type;
    std::copy(std::begin(raw.name), std::end(raw.name), std::begin(wide.name));
    const bool isMask = raw.type == V4L2_CTRL_TYPE_BITMASK;
    wide.minimum = raw.minimum;
    wide.maximum = isMask ? static_cast<uint32_t>(raw.maximum) : raw.maximum;
    wide.step = static_cast<uint64_t>(raw.step);
    wide.default_value = isMask ? static_cast<uint32_t>(raw.default_value) : raw.default_value;
    wide.flags = raw.flags;
    wide.elem_size = raw.type == V4L2_CTRL_TYPE_STRING ? static_cast<uint32_t>(raw.maximum) + 1 : sizeof(int32_t);
    return wide;
}

ControlSlot::ControlSlot(const QueriedControl &queried) {
    raw.id = queried.control.id;
    if (!queried.isText()) return;
    text.assign(queried.textBytes + 1, '\0');
    raw.size = queried.textBytes;
    raw.string = text.data();
}

void keepControlValue(QueriedControl &queried, const ControlSlot &slot) {
    DeviceControl &control = queried.control;
    if (queried.isText()) {
        control.text = cleanText({slot.text.data(), slot.text.size()}, kMaxTextBytes);
    } else if (queried.type == V4L2_CTRL_TYPE_INTEGER64) {
        // The kernel's structure is packed, so its members are copied, never referred to.
        control.value = int64_t{slot.raw.value64};
    } else if (queried.type == V4L2_CTRL_TYPE_BITMASK) {
        control.value = static_cast<uint32_t>(slot.raw.value);
    } else {
        control.value = int64_t{slot.raw.value};
    }
}

int readControl(Questions &questions, QueriedControl &queried) {
    ControlSlot slot(queried);
    v4l2_ext_controls batch{};
    batch.which = V4L2_CTRL_WHICH_CUR_VAL;
    batch.count = 1;
    batch.controls = &slot.raw;
    int failure = questions.ask(VIDIOC_G_EXT_CTRLS, &batch);
    if (failure == ENOTTY && !queried.isText()) {
        v4l2_control classic{};
        classic.id = queried.control.id;
        failure = questions.ask(VIDIOC_G_CTRL, &classic);
        slot.raw.value = classic.value;
    }
    if (failure == 0) keepControlValue(queried, slot);
    return failure;
}

bool isTransferFailure(int errnoValue) {
    switch (errnoValue) {
    case EIO:
    case ETIMEDOUT:
    case EPIPE:
    case EPROTO:
    case EILSEQ:
        return true;
    default:
        return false;
    }
}

} // namespace camera
