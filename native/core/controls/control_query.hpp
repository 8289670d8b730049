// One control as a driver describes it, and the questions about a single one. What the walk over all controls and the
// setting of some have in common.
#pragma once

#include <linux/videodev2.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "devices/device_report.hpp"
#include "devices/v4l2_device.hpp"

namespace camera {

/// A control with what the wire form leaves out.
struct QueriedControl {
    DeviceControl control;
    uint32_t type = 0;
    uint32_t rawFlags = 0;
    /// Room that a text of this control needs, its end included.
    uint32_t textBytes = 0;

    /// More than one value: a structure, or an array of a plain type.
    bool isCompound() const {
        return type >= V4L2_CTRL_COMPOUND_TYPES || (has(V4L2_CTRL_FLAG_HAS_PAYLOAD) && !isText());
    }
    bool isMenu() const { return type == V4L2_CTRL_TYPE_MENU || type == V4L2_CTRL_TYPE_INTEGER_MENU; }
    bool isText() const { return type == V4L2_CTRL_TYPE_STRING; }
    bool isButton() const { return type == V4L2_CTRL_TYPE_BUTTON; }
    bool isHeading() const { return type == V4L2_CTRL_TYPE_CTRL_CLASS; }
    bool isInteger() const { return type == V4L2_CTRL_TYPE_INTEGER || type == V4L2_CTRL_TYPE_INTEGER64; }
    bool isListed() const { return !isHeading() && !has(V4L2_CTRL_FLAG_DISABLED); }
    bool isReadable() const { return !isCompound() && !isButton() && !has(V4L2_CTRL_FLAG_WRITE_ONLY) && !isBroken(); }
    bool isBroken() const;
    void markBroken();
    bool has(uint32_t flag) const { return (rawFlags & flag) != 0; }
};

/// The wire form of the driver's answer. Texts are sanitised.
QueriedControl describeControl(const v4l2_query_ext_ctrl &raw);

/// The classic answer in the form of the extended one.
v4l2_query_ext_ctrl widenControl(const v4l2_queryctrl &raw);

/// A value on its way to or from the driver. Not to be copied: `raw` may point into `text`.
struct ControlSlot {
    explicit ControlSlot(const QueriedControl &queried);
    ControlSlot(const ControlSlot &) = delete;
    ControlSlot &operator=(const ControlSlot &) = delete;
    ControlSlot(ControlSlot &&) = default;

    v4l2_ext_control raw{};
    std::vector<char> text;
};

/// Keeps a value that the driver filled in. A bit mask is unsigned, whatever the kernel's structure says.
void keepControlValue(QueriedControl &queried, const ControlSlot &slot);

/// Reads the value of one control into it. 0, or the errno.
int readControl(Questions &questions, QueriedControl &queried);

/// The USB transfer failed. The camera stalled the request, and each further one may cost seconds.
bool isTransferFailure(int errnoValue);

} // namespace camera
