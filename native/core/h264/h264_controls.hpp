// The encoder inside an H.264 camera: key frames often enough for viewers who join, and one at once when somebody needs it.
// Everything here is a wish: cameras without the controls, or with broken ones, go on as they are.
#pragma once

#include <cstdint>

#include "base/sys.hpp"

namespace camera {

/// `sys` and the descriptor `fd` are borrowed. For one thread; the calls block for as long as the driver does.
class H264Controls {
public:
    H264Controls(const Sys &sys, int fd) : sys_(sys), fd_(fd) {}

    /// Before stream on: a key frame at least every `frames` frames, parameter sets with each, no pictures out of order.
    void prepare(int frames);

    /// False when the camera cannot be asked.
    bool forceKeyFrame();

private:
    void set(uint32_t id, int value);
    void lower(uint32_t id, int value);

    const Sys &sys_;
    const int fd_;
};

} // namespace camera
