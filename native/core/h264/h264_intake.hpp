// What a capture session does with the access units of an H.264 camera: checks them, completes their parameter sets, tells
// whether anybody wants them as JPEG, and asks the camera for key frames on others' behalf.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "h264/access_unit.hpp"
#include "hub/capture_counters.hpp"
#include "hub/frame.hpp"
#include "hub/frame_hub.hpp"
#include "h264/h264_controls.hpp"
#include "h264/h264_hub.hpp"

namespace camera {

/// For the session's thread.
class H264Intake {
public:
    H264Intake(std::shared_ptr<H264Hub> hub, std::shared_ptr<FrameHub> jpegs, std::shared_ptr<CaptureCounters> counters);

    /// The one copy of a unit, a delimiter behind it. Empty when it is no picture; damage is counted.
    FrameDraft accept(std::span<const uint8_t> unit, const FrameFacts &facts);
    void publish(FrameDraft draft);

    /// A picture is missing: those after it refer to it.
    void lost() { hub_->wantKeyFrame(); }

    /// Asks for a key frame when one is wanted, not more often than twice a second.
    void tend(H264Controls controls, int64_t nowUs);

    /// Whether somebody waits for JPEGs: when that has changed, and now and then, since who hears it may miss a change.
    std::optional<bool> demandNews(int64_t nowUs);

private:
    const std::shared_ptr<H264Hub> hub_;
    const std::shared_ptr<FrameHub> jpegs_;
    const std::shared_ptr<CaptureCounters> counters_;
    const std::shared_ptr<FramePool> pool_;
    ParameterSets sets_;
    bool canAsk_ = true;
    int64_t askedUs_ = 0;
    bool wanted_ = false;
    int64_t toldUs_ = 0;
};

} // namespace camera
