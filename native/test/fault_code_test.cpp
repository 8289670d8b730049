#include "base/fault_code.hpp"

#include <doctest/doctest.h>

#include <cerrno>

using namespace camera;

TEST_CASE("an errno means what it means where it happened") {
    CHECK(faultCode({ENOSPC, "VIDIOC_STREAMON", ""}) == "NO_BANDWIDTH");
    CHECK(faultCode({ENOSPC, "write", ""}) == "DISK_FULL");
    CHECK(faultCode({EDQUOT, "fsync", ""}) == "DISK_FULL");
    CHECK(faultCode({EBUSY, "VIDIOC_S_FMT", ""}) == "CAMERA_BUSY");
    CHECK(faultCode({EBUSY, "store", ""}) == "IO");
    CHECK(faultCode({EACCES, "open", ""}) == "NO_PERMISSION");
    CHECK(faultCode({EACCES, "open_dir", ""}) == "IO");
    CHECK(faultCode({ENOENT, "open", ""}) == "CAMERA_GONE");
    CHECK(faultCode({ENOENT, "open_dir", ""}) == "IO");
    CHECK(faultCode({ENODEV, "VIDIOC_DQBUF", ""}) == "CAMERA_GONE");
    CHECK(faultCode({ETIMEDOUT, "grab", ""}) == "TIMEOUT");
    CHECK(faultCode({ENOLINK, "VIDIOC_STREAMON", ""}) == "NO_SIGNAL");
    CHECK(faultCode({ENOLCK, "VIDIOC_DQBUF", ""}) == "NO_SIGNAL");
}

TEST_CASE("errors without an errno are named by their step") {
    CHECK(faultCode({0, kStepNotStreaming, ""}) == "NOT_STREAMING");
    CHECK(faultCode({0, kStepStalled, ""}) == "STALLED");
    CHECK(faultCode({0, kStepAborted, ""}) == "ABORTED");
    CHECK(faultCode({0, kStepFormat, ""}) == "UNSUPPORTED_FORMAT");
    CHECK(faultCode({0, kStepPath, ""}) == "INVALID_PATH");
    CHECK(faultCode({0, kStepNotACamera, ""}) == "NOT_A_CAMERA");
    CHECK(faultCode({0, "anything else", ""}) == "INTERNAL");
}
