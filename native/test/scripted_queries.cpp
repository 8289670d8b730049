#include <algorithm>
#include <cerrno>
#include <cstring>

#include "scripted_device.hpp"

namespace camera::test {

namespace {

template <size_t size>
void copyText(unsigned char (&out)[size], const std::string &text) {
    std::memset(out, 0, size);
    std::memcpy(out, text.data(), text.size() < size ? text.size() : size - 1);
}

int queryCapabilities(const ScriptedCamera &camera, v4l2_capability &out) {
    out = {};
    copyText(out.driver, camera.driver);
    copyText(out.card, camera.card);
    copyText(out.bus_info, camera.busInfo);
    out.version = 0x060100;
    out.capabilities = camera.capabilities;
    out.device_caps = camera.deviceCaps;
    return 0;
}

int enumerateInput(const ScriptedCamera &camera, v4l2_input &input) {
    if (camera.inputs.empty()) return ENOTTY;
    if (input.index >= camera.inputs.size()) return EINVAL;
    const ScriptedInput &scripted = camera.inputs[input.index];
    copyText(input.name, scripted.name);
    input.type = scripted.type;
    input.status = scripted.status;
    return 0;
}

int enumerateFormat(const ScriptedCamera &camera, v4l2_fmtdesc &description) {
    const uint32_t type = camera.multiplanar() ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE : V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (description.type != type || description.index >= camera.formats.size()) return EINVAL;
    const ScriptedFormat &format = camera.formats[description.index];
    description.pixelformat = format.pixelformat;
    description.flags = format.flags;
    copyText(description.description, format.description);
    return 0;
}

const ScriptedFormat *findFormat(const ScriptedCamera &camera, uint32_t pixelformat) {
    for (const ScriptedFormat &format : camera.formats) {
        if (format.pixelformat == pixelformat) return &format;
    }
    return nullptr;
}

int enumerateSize(const ScriptedCamera &camera, v4l2_frmsizeenum &answer) {
    const ScriptedFormat *format = findFormat(camera, answer.pixel_format);
    if (!format) return EINVAL;
    if (format->sizeType == 0) return ENOTTY;
    answer.type = format->sizeType;
    if (format->sizeType != V4L2_FRMSIZE_TYPE_DISCRETE) {
        if (answer.index > 0) return EINVAL;
        answer.stepwise = format->range;
        return 0;
    }
    if (answer.index >= format->sizes.size()) return EINVAL;
    answer.discrete = {format->sizes[answer.index].width, format->sizes[answer.index].height};
    return 0;
}

int enumerateInterval(const ScriptedCamera &camera, v4l2_frmivalenum &answer) {
    const ScriptedFormat *format = findFormat(camera, answer.pixel_format);
    if (!format || format->sizeType == 0) return ENOTTY;
    if (format->intervalRange) {
        if (answer.index > 0) return EINVAL;
        answer.type = V4L2_FRMIVAL_TYPE_STEPWISE;
        answer.stepwise = *format->intervalRange;
        return 0;
    }
    answer.type = V4L2_FRMIVAL_TYPE_DISCRETE;
    if (format->sizeType != V4L2_FRMSIZE_TYPE_DISCRETE) {
        if (answer.index >= format->rangeIntervals.size()) return EINVAL;
        answer.discrete = format->rangeIntervals[answer.index];
        return 0;
    }
    for (const ScriptedSize &size : format->sizes) {
        if (size.width != answer.width || size.height != answer.height) continue;
        if (answer.index >= size.intervals.size()) return EINVAL;
        answer.discrete = size.intervals[answer.index];
        return 0;
    }
    return EINVAL;
}

ScriptedControl *findControl(ScriptedCamera &camera, uint32_t id) {
    for (ScriptedControl &control : camera.controls) {
        if (control.id == id) return &control;
    }
    return nullptr;
}

/// The asked control, or with a next flag the one after it; `camera.controls` is in ascending order of id.
ScriptedControl *nextControl(ScriptedCamera &camera, uint32_t id) {
    const uint32_t flags = id & (V4L2_CTRL_FLAG_NEXT_CTRL | V4L2_CTRL_FLAG_NEXT_COMPOUND);
    const uint32_t plain = id & ~(V4L2_CTRL_FLAG_NEXT_CTRL | V4L2_CTRL_FLAG_NEXT_COMPOUND);
    if (flags == 0) return findControl(camera, plain);
    for (ScriptedControl &control : camera.controls) {
        const bool compound = control.type >= V4L2_CTRL_COMPOUND_TYPES;
        if (compound && !(flags & V4L2_CTRL_FLAG_NEXT_COMPOUND)) continue;
        if (control.id > plain) return &control;
    }
    return nullptr;
}

int queryExtended(ScriptedCamera &camera, v4l2_query_ext_ctrl &query) {
    const ScriptedControl *control = nextControl(camera, query.id);
    if (!control) return EINVAL;
    query = {};
    query.id = control->id;
    query.type = control->type;
    std::memcpy(query.name, control->name.data(), std::min(control->name.size(), sizeof(query.name) - 1));
    query.minimum = control->minimum;
    query.maximum = control->maximum;
    query.step = static_cast<uint64_t>(control->step);
    query.default_value = control->defaultValue;
    query.flags = control->flags;
    query.elem_size = control->type == V4L2_CTRL_TYPE_STRING ? static_cast<uint32_t>(control->maximum) + 1 : 4;
    query.elems = 1;
    return 0;
}

int queryClassic(ScriptedCamera &camera, v4l2_queryctrl &query) {
    const ScriptedControl *control = nextControl(camera, query.id);
    if (!control || control->type >= V4L2_CTRL_COMPOUND_TYPES) return EINVAL;
    query = {};
    query.id = control->id;
    query.type = control->type;
    copyText(query.name, control->name);
    query.minimum = static_cast<int32_t>(control->minimum);
    query.maximum = static_cast<int32_t>(control->maximum);
    query.step = static_cast<int32_t>(control->step);
    query.default_value = static_cast<int32_t>(control->defaultValue);
    query.flags = control->flags;
    return 0;
}

int queryMenu(ScriptedCamera &camera, v4l2_querymenu &query) {
    const ScriptedControl *control = findControl(camera, query.id);
    if (!control || query.index < control->minimum) return EINVAL;
    const size_t position = query.index - static_cast<size_t>(control->minimum);
    if (position >= control->menu.size() || control->menu[position].empty()) return EINVAL;
    if (control->type == V4L2_CTRL_TYPE_INTEGER_MENU) {
        query.value = std::stoll(control->menu[position]);
    } else {
        const std::string &label = control->menu[position]; // the kernel's structure is packed: no reference to its member
        std::memcpy(query.name, label.data(), std::min(label.size(), sizeof(query.name) - 1));
    }
    return 0;
}

int readExtended(ScriptedCamera &camera, v4l2_ext_controls &batch) {
    for (uint32_t i = 0; i < batch.count; ++i) {
        v4l2_ext_control &wanted = batch.controls[i];
        const ScriptedControl *control = findControl(camera, wanted.id);
        const int failure = control ? control->readErrno : EINVAL;
        if (failure) {
            // One that cannot be read spoils a batch before anything is read: error_idx equals the count.
            batch.error_idx = batch.count > 1 ? batch.count : i;
            return failure;
        }
        if (control->type == V4L2_CTRL_TYPE_STRING) {
            if (wanted.size <= control->text.size()) return ENOSPC;
            std::memcpy(wanted.string, control->text.c_str(), control->text.size() + 1);
        } else if (control->type == V4L2_CTRL_TYPE_INTEGER64) {
            wanted.value64 = control->value;
        } else {
            wanted.value = static_cast<int32_t>(control->value);
        }
    }
    return 0;
}

int readClassic(ScriptedCamera &camera, v4l2_control &wanted) {
    const ScriptedControl *control = findControl(camera, wanted.id);
    if (!control) return EINVAL;
    wanted.value = static_cast<int32_t>(control->value);
    return control->readErrno;
}

/// Integers round to the step; numbers out of range are refused, as most drivers do.
int writeValue(ScriptedCamera &camera, ScriptedControl &control, int64_t value) {
    if (control.writeErrno) return control.writeErrno;
    if (control.flags & V4L2_CTRL_FLAG_READ_ONLY) return EACCES;
    if (control.flags & V4L2_CTRL_FLAG_GRABBED) return EBUSY;
    if (control.flags & V4L2_CTRL_FLAG_INACTIVE && camera.refusesInactive) return EACCES;
    if (control.type == V4L2_CTRL_TYPE_BUTTON) return 0;
    if (control.type == V4L2_CTRL_TYPE_BOOLEAN) value = value != 0;
    if (value < control.minimum || value > control.maximum) return ERANGE;
    const bool isMenu = control.type == V4L2_CTRL_TYPE_MENU || control.type == V4L2_CTRL_TYPE_INTEGER_MENU;
    if (isMenu && control.menu.at(static_cast<size_t>(value - control.minimum)).empty()) return EINVAL;
    const bool steps = control.type == V4L2_CTRL_TYPE_INTEGER && control.step > 1;
    control.value = steps ? control.minimum + (value - control.minimum) / control.step * control.step : value;
    for (ScriptedControl &dependent : camera.controls) {
        if (dependent.automatic != control.id) continue;
        dependent.flags &= ~static_cast<uint32_t>(V4L2_CTRL_FLAG_INACTIVE);
        if (control.value == 0) continue;
        dependent.flags |= V4L2_CTRL_FLAG_INACTIVE;
        dependent.value = dependent.defaultValue;
    }
    return 0;
}

int writeExtended(ScriptedCamera &camera, v4l2_ext_controls &batch) {
    for (uint32_t i = 0; i < batch.count; ++i) {
        const v4l2_ext_control &wanted = batch.controls[i];
        ScriptedControl *const control = findControl(camera, wanted.id);
        int failure = EINVAL;
        if (control && control->type == V4L2_CTRL_TYPE_STRING) {
            failure = control->writeErrno;
            if (!failure) control->text = wanted.string;
        } else if (control) {
            const bool wide = control->type == V4L2_CTRL_TYPE_INTEGER64;
            const bool mask = control->type == V4L2_CTRL_TYPE_BITMASK;
            const int64_t value = mask ? int64_t{static_cast<uint32_t>(wanted.value)} : int64_t{wanted.value};
            failure = writeValue(camera, *control, wide ? int64_t{wanted.value64} : value);
        }
        batch.error_idx = i;
        if (failure) return failure;
    }
    return 0;
}

int writeClassic(ScriptedCamera &camera, const v4l2_control &wanted) {
    ScriptedControl *const control = findControl(camera, wanted.id);
    return control ? writeValue(camera, *control, wanted.value) : EINVAL;
}

} // namespace

int answerQuery(ScriptedCamera &camera, unsigned long request, void *argument) {
    switch (request) {
    case VIDIOC_QUERYCAP: return queryCapabilities(camera, *static_cast<v4l2_capability *>(argument));
    case VIDIOC_ENUMINPUT: return enumerateInput(camera, *static_cast<v4l2_input *>(argument));
    case VIDIOC_G_INPUT: return *static_cast<int *>(argument) = 0, camera.inputs.empty() ? ENOTTY : 0;
    case VIDIOC_ENUM_FMT: return enumerateFormat(camera, *static_cast<v4l2_fmtdesc *>(argument));
    case VIDIOC_ENUM_FRAMESIZES: return enumerateSize(camera, *static_cast<v4l2_frmsizeenum *>(argument));
    case VIDIOC_ENUM_FRAMEINTERVALS: return enumerateInterval(camera, *static_cast<v4l2_frmivalenum *>(argument));
    default: return ENOTTY;
    }
}

int answerControls(ScriptedCamera &camera, unsigned long request, void *argument) {
    switch (request) {
    case VIDIOC_QUERYCTRL: return queryClassic(camera, *static_cast<v4l2_queryctrl *>(argument));
    case VIDIOC_QUERYMENU: return queryMenu(camera, *static_cast<v4l2_querymenu *>(argument));
    case VIDIOC_G_CTRL: return readClassic(camera, *static_cast<v4l2_control *>(argument));
    case VIDIOC_S_CTRL: return writeClassic(camera, *static_cast<const v4l2_control *>(argument));
    default: break;
    }
    if (!camera.extendedControls) return ENOTTY;
    switch (request) {
    case VIDIOC_QUERY_EXT_CTRL: return queryExtended(camera, *static_cast<v4l2_query_ext_ctrl *>(argument));
    case VIDIOC_G_EXT_CTRLS: return readExtended(camera, *static_cast<v4l2_ext_controls *>(argument));
    case VIDIOC_S_EXT_CTRLS: return writeExtended(camera, *static_cast<v4l2_ext_controls *>(argument));
    default: return ENOTTY;
    }
}

} // namespace camera::test
