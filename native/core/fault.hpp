// Why something failed, in the words of the native face: one closed list that the binding shows to JavaScript as `code`.
#pragma once

#include <string>

#include "result.hpp"

namespace camera {

enum class FaultCode {
    CameraGone,
    CameraBusy,
    NoBandwidth,
    NoPermission,
    NotACamera,
    NotStreaming,
    UnsupportedFormat,
    Stalled,
    Timeout,
    InvalidPath,
    DiskFull,
    Io,
    Aborted,
    Internal,
};

/// A fault that stays with a camera until it is cured. `call` is the call that failed ("open", "VIDIOC_STREAMON").
struct DeviceFault {
    FaultCode code = FaultCode::Internal;
    int errnoValue = 0;
    std::string call;

    bool operator==(const DeviceFault &) const = default;
};

/// "CAMERA_GONE" and so on: the words of `NativeErrorCode`.
const char *faultName(FaultCode code);

/// The code of an error, from its errno and, where an errno has two meanings (ENOSPC, EINVAL), from its step.
FaultCode faultCodeOf(const Error &error);

DeviceFault faultOf(const Error &error);

} // namespace camera
