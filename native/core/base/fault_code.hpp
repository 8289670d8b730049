// The stable code of a core error, as callers of the addon see it. One place decides it for devices, captures and files.
#pragma once

#include <string_view>

#include "base/result.hpp"

namespace camera {

/// Steps of errors that are no system call's (errnoValue 0).
inline constexpr const char *kStepNotStreaming = "not_streaming";
inline constexpr const char *kStepStalled = "stalled";
inline constexpr const char *kStepAborted = "aborted";
inline constexpr const char *kStepFormat = "unsupported_format";
inline constexpr const char *kStepPath = "invalid_path";
inline constexpr const char *kStepNotACamera = "not_a_camera";
inline constexpr const char *kStepTooManyViewers = "too_many_viewers";

/// One of `CAMERA_GONE CAMERA_BUSY NO_BANDWIDTH NO_PERMISSION NOT_A_CAMERA NOT_STREAMING UNSUPPORTED_FORMAT STALLED TIMEOUT
/// INVALID_PATH DISK_FULL IO ABORTED TOO_MANY_VIEWERS INTERNAL`. An errno means one thing for a device and another for a file
/// (ENOSPC: no USB bandwidth, or a full disk), hence the look at the step: `open_file`, `write`, `fsync`, `rename`, `link`,
/// `open_dir` and `store` are steps of files.
std::string_view faultCode(const Error &error);

} // namespace camera
