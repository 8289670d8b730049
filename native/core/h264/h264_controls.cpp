#include "h264/h264_controls.hpp"

#include <linux/videodev2.h>

#include <algorithm>

namespace camera {

namespace {

bool usable(uint32_t flags) { return (flags & (V4L2_CTRL_FLAG_DISABLED | V4L2_CTRL_FLAG_READ_ONLY | V4L2_CTRL_FLAG_INACTIVE)) == 0; }

} // namespace

void H264Controls::prepare(int frames) {
    lower(V4L2_CID_MPEG_VIDEO_B_FRAMES, 0);
    lower(V4L2_CID_MPEG_VIDEO_GOP_SIZE, frames);
    lower(V4L2_CID_MPEG_VIDEO_H264_I_PERIOD, frames);
    set(V4L2_CID_MPEG_VIDEO_REPEAT_SEQ_HEADER, 1);
}

bool H264Controls::forceKeyFrame() {
    // A button: its value means nothing.
    v4l2_control control{.id = V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME, .value = 1};
    return retryIoctl(sys_, fd_, VIDIOC_S_CTRL, &control) == 0;
}

void H264Controls::set(uint32_t id, int value) {
    v4l2_queryctrl query{};
    query.id = id;
    if (retryIoctl(sys_, fd_, VIDIOC_QUERYCTRL, &query) < 0 || !usable(query.flags)) return;
    v4l2_control control{.id = id, .value = std::clamp(value, query.minimum, std::max(query.minimum, query.maximum))};
    static_cast<void>(retryIoctl(sys_, fd_, VIDIOC_S_CTRL, &control));
}

void H264Controls::lower(uint32_t id, int value) {
    v4l2_control now{.id = id, .value = 0};
    if (retryIoctl(sys_, fd_, VIDIOC_G_CTRL, &now) < 0) return;
    // Of periods 0 often means never.
    if (now.value > value || (now.value <= 0 && value > 0)) set(id, value);
}

} // namespace camera
