#include "fault.hpp"

#include <cerrno>

namespace camera {

const char *faultName(FaultCode code) {
    switch (code) {
    case FaultCode::CameraGone: return "CAMERA_GONE";
    case FaultCode::CameraBusy: return "CAMERA_BUSY";
    case FaultCode::NoBandwidth: return "NO_BANDWIDTH";
    case FaultCode::NoPermission: return "NO_PERMISSION";
    case FaultCode::NotACamera: return "NOT_A_CAMERA";
    case FaultCode::NotStreaming: return "NOT_STREAMING";
    case FaultCode::UnsupportedFormat: return "UNSUPPORTED_FORMAT";
    case FaultCode::Stalled: return "STALLED";
    case FaultCode::Timeout: return "TIMEOUT";
    case FaultCode::InvalidPath: return "INVALID_PATH";
    case FaultCode::DiskFull: return "DISK_FULL";
    case FaultCode::Io: return "IO";
    case FaultCode::Aborted: return "ABORTED";
    case FaultCode::Internal: return "INTERNAL";
    }
    return "INTERNAL";
}

FaultCode faultCodeOf(const Error &error) {
    switch (error.errnoValue) {
    case ENODEV:
    case ENXIO:
    case ENOENT: return FaultCode::CameraGone;
    case EBUSY: return FaultCode::CameraBusy;
    case EACCES:
    case EPERM: return FaultCode::NoPermission;
    case ENOSPC: return error.step == "VIDIOC_STREAMON" ? FaultCode::NoBandwidth : FaultCode::DiskFull;
    case EDQUOT: return FaultCode::DiskFull;
    case ENOTTY: return FaultCode::NotACamera;
    case EINVAL:
        if (error.step == "path") return FaultCode::InvalidPath;
        if (error.step == "VIDIOC_ENUM_FMT" || error.step == "VIDIOC_S_FMT") return FaultCode::UnsupportedFormat;
        return FaultCode::Io;
    case ELOOP: return FaultCode::InvalidPath;
    case ECANCELED: return FaultCode::Aborted;
    case ETIME: return FaultCode::Timeout;
    case 0: return FaultCode::Internal;
    default: return FaultCode::Io;
    }
}

DeviceFault faultOf(const Error &error) { return {faultCodeOf(error), error.errnoValue, error.step}; }

} // namespace camera
