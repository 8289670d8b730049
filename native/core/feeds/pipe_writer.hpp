// The sending side of one feed: whole frames into a non-blocking pipe, and whether the reader still takes any.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "hub/capture_types.hpp"
#include "feeds/feed_reader.hpp"
#include "hub/frame.hpp"
#include "base/unique_fd.hpp"

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

    enum class Pipe {
        /// As large as may be: the reader is rarely waited for.
        Large,
        /// As it is: what lies in it is late already.
        Small,
    };

    PipeWriter(UniqueFd writeEnd, std::unique_ptr<FeedReader> reader, Pipe pipe, int64_t nowUs);

    /// Sends what can be sent without waiting.
    Outcome advance(int64_t nowUs);

    /// A frame waits for the reader, begun or not.
    bool behind() const { return outcome_ == Outcome::Partial || outcome_ == Outcome::NoRoom; }

    /// How long the reader has taken no byte although a frame waits; 0 when none waits.
    int64_t stalledUs(int64_t nowUs) const { return behind() ? nowUs - progressUs_ : 0; }

    /// Gaps before frames that were begun since the last call.
    std::vector<FeedGap> takeGaps() { return std::exchange(gaps_, {}); }
    /// The facts of frames that went out whole since the last call; only when asked for by `noteSent`.
    std::vector<FrameFacts> takeSent() { return std::exchange(sentFacts_, {}); }
    void noteSent() { notesSent_ = true; }

    int fd() const { return writeEnd_.get(); }
    FeedStats stats() const { return stats_; }

private:
    bool begin();
    std::span<const uint8_t> content() const;
    size_t queuedBytes() const;
    void noteProgress(int64_t nowUs);

    const UniqueFd writeEnd_;
    const std::unique_ptr<FeedReader> reader_;
    const size_t pipeBytes_;
    FeedStats stats_;
    std::vector<FeedGap> gaps_;
    bool notesSent_ = false;
    std::vector<FrameFacts> sentFacts_;
    FramePtr current_;
    size_t sent_ = 0;
    Outcome outcome_ = Outcome::Idle;
    size_t lastQueued_ = 0;
    int64_t progressUs_;
};

} // namespace camera
