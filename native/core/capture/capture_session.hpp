// A device at work: opens it, keeps it streaming, checks and publishes what it delivers, cures a stall once in place, and
// lets go of an unplugged one at once. Opening it anew is its owner's business.
#pragma once

#include <memory>
#include <string>

#include "hub/capture_types.hpp"
#include "pictures/encoder_pool.hpp"
#include "capture/session.hpp"
#include "base/sys.hpp"

namespace camera {

struct DeviceCapture {
    /// Shared, because a session stuck in a call outlives everything else.
    std::shared_ptr<const Sys> sys;
    std::shared_ptr<EncoderPool> encoders;
    std::string node;
    CaptureRequest request;
    /// Deadline of the first frame after each stream on.
    int firstFrameMs = 5000;
    /// Longest silence of a running stream is the larger of this and 5 frame intervals; then it is restarted in place, once.
    int stallMs = 1000;
    /// Without a good frame for the larger of this and 5 frame intervals it is told as stalled.
    int stalledMs = 2000;
    bool allowTruncated = false;
};

/// Body of a session: blocks until a command comes, the device goes, or a fault ends it.
void runCaptureSession(const DeviceCapture &capture, const SessionOutlet &outlet, const SessionControl &control);

} // namespace camera
