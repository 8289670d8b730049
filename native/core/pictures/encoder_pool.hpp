// Threads that turn raw frames into JPEG and publish them. At most one frame per camera waits: a newer one replaces it, and
// that is counted. One camera is encoded by one thread at a time, so its frames stay in order.
#pragma once

#include <memory>

#include "hub/capture_counters.hpp"
#include "hub/frame.hpp"
#include "hub/frame_hub.hpp"
#include "pictures/raw_image.hpp"

namespace camera {

/// One camera's place in the pool.
class EncoderLane;

/// Any thread.
class EncoderPool {
public:
    /// The threads start with the first frame; with a later one when none was to be had.
    explicit EncoderPool(int threads);
    EncoderPool(const EncoderPool &) = delete;
    EncoderPool &operator=(const EncoderPool &) = delete;
    /// Stops without limit.
    ~EncoderPool();

    /// JPEGs of the lane go to `hub`, in the quality that the dials say at their time; replaced frames count as encoderBusy.
    static std::shared_ptr<EncoderLane> lane(std::shared_ptr<FrameHub> hub, std::shared_ptr<CaptureCounters> counters,
                                             std::shared_ptr<const CaptureDials> dials);

    /// `raw` holds a whole picture of `format` (at least rawBytes). Never blocks.
    void submit(const std::shared_ptr<EncoderLane> &lane, FramePtr raw, const RawFormat &format);

    /// Drops what waits and ends the threads; false when one still ran after `timeoutMs` (it is written off). Idempotent.
    bool stop(int timeoutMs);

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace camera
