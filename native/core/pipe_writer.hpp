// The sending side of one feed: whole frames into a non-blocking pipe, and whether the reader still takes any.
#pragma once

#include <cstdint>
#include <memory>

#include "capture_types.hpp"
#include "frame.hpp"
#include "frame_hub.hpp"
#include "unique_fd.hpp"

namespace camera {

/// Not thread-safe; its owner locks.
class PipeWriter {
public:
    enum class Outcome {
        /// Nothing left to send.
        Idle,
        /// A frame is half written: go on when the pipe is writable.
        Partial,
        /// A frame waits until the reader has taken enough for it to fit whole.
        NoRoom,
        /// The reader is gone.
        Broken,
    };

    PipeWriter(UniqueFd writeEnd, std::shared_ptr<FrameHub> hub, int64_t nowUs);

    /// Sends what can be sent without waiting.
    Outcome advance(int64_t nowUs);

    /// A frame waits for the reader, begun or not.
    bool behind() const { return outcome_ == Outcome::Partial || outcome_ == Outcome::NoRoom; }

    /// How long the reader has taken no byte although a frame waits; 0 when none waits.
    int64_t stalledUs(int64_t nowUs) const { return behind() ? nowUs - progressUs_ : 0; }

    int fd() const { return writeEnd_.get(); }
    FeedStats stats() const { return stats_; }

private:
    bool begin();
    size_t queuedBytes() const;
    void noteProgress(int64_t nowUs);

    const UniqueFd writeEnd_;
    const std::shared_ptr<FrameHub> hub_;
    const size_t pipeBytes_;
    FeedStats stats_;
    uint64_t cursor_ = 0;
    FramePtr current_;
    size_t sent_ = 0;
    Outcome outcome_ = Outcome::Idle;
    size_t lastQueued_ = 0;
    int64_t progressUs_;
};

} // namespace camera
