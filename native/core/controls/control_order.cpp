#include "controls/control_order.hpp"

#include <linux/videodev2.h>

namespace camera {

namespace {

constexpr int kModeRank = 0;
constexpr int kSwitchRank = 1;
constexpr int kValueRank = 2;
constexpr int kButtonRank = 3;

bool isAutomaticSwitch(uint32_t id) {
    switch (id) {
    case V4L2_CID_AUTO_WHITE_BALANCE:
    case V4L2_CID_AUTO_N_PRESET_WHITE_BALANCE:
    case V4L2_CID_AUTOGAIN:
    case V4L2_CID_HUE_AUTO:
    case V4L2_CID_AUTOBRIGHTNESS:
    case V4L2_CID_CHROMA_AGC:
    case V4L2_CID_EXPOSURE_AUTO:
    case V4L2_CID_EXPOSURE_AUTO_PRIORITY:
    case V4L2_CID_FOCUS_AUTO:
    case V4L2_CID_ISO_SENSITIVITY_AUTO:
    case V4L2_CID_3A_LOCK:
        return true;
    default:
        return false;
    }
}

} // namespace

int controlRank(uint32_t id, uint32_t type, uint32_t flags) {
    if (type == V4L2_CTRL_TYPE_BUTTON) return kButtonRank;
    if (id == V4L2_CID_SCENE_MODE) return kModeRank;
    // Cameras with switches of their own mark them as changing others.
    return isAutomaticSwitch(id) || (flags & V4L2_CTRL_FLAG_UPDATE) ? kSwitchRank : kValueRank;
}

} // namespace camera
