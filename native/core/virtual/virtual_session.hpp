// A virtual camera at work: draws its test pattern, encodes it and publishes it, at a rate that does not drift.
#pragma once

#include <memory>
#include <string>

#include "hub/capture_types.hpp"
#include "capture/session.hpp"
#include "virtual/virtual_controls.hpp"

namespace camera {

struct VirtualCamera {
    std::string label;
    CaptureRequest request;
    /// What the picture follows.
    std::shared_ptr<const VirtualControls> controls;
};

/// Body of a session: blocks until a command comes. Sizes from 16 to 4096 pixels a side and up to 240 frames a second,
/// MJPG only; anything else ends it as Failed with `unsupported_format`.
void runVirtualSession(const VirtualCamera &camera, const SessionOutlet &outlet, const SessionControl &control);

} // namespace camera
