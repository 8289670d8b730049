#include "base/fault_code.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

namespace camera {

namespace {

bool isFileStep(std::string_view step) {
    constexpr std::array<std::string_view, 7> kFileSteps{"open_file", "open_dir", "write", "fsync",
                                                         "rename",    "link",     "store"};
    return std::find(kFileSteps.begin(), kFileSteps.end(), step) != kFileSteps.end();
}

std::string_view fileCode(int errnoValue) {
    switch (errnoValue) {
    case ENOSPC:
    case EDQUOT:
        return "DISK_FULL";
    default:
        return "IO";
    }
}

std::string_view deviceCode(int errnoValue) {
    switch (errnoValue) {
    case ENODEV:
    case ENXIO:
    case ENOENT:
        return "CAMERA_GONE";
    case EBUSY:
        return "CAMERA_BUSY";
    case ENOSPC:
        return "NO_BANDWIDTH";
    case EACCES:
    case EPERM:
        return "NO_PERMISSION";
    case ETIMEDOUT:
        return "TIMEOUT";
    case ENOTTY:
        return "NOT_A_CAMERA";
    case ENOLINK:
    case ENOLCK:
        return "NO_SIGNAL";
    case 0:
        return "INTERNAL";
    default:
        return "IO";
    }
}

} // namespace

std::string_view faultCode(const Error &error) {
    const std::string_view step = error.step;
    if (step == kStepNotStreaming) return "NOT_STREAMING";
    if (step == kStepStalled) return "STALLED";
    if (step == kStepAborted) return "ABORTED";
    if (step == kStepFormat) return "UNSUPPORTED_FORMAT";
    if (step == kStepPath) return "INVALID_PATH";
    if (step == kStepNotACamera) return "NOT_A_CAMERA";
    if (step == kStepTooManyViewers) return "TOO_MANY_VIEWERS";
    return isFileStep(step) ? fileCode(error.errnoValue) : deviceCode(error.errnoValue);
}

} // namespace camera
