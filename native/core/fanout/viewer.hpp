// One viewer of a channel: its socket, what of the stream is on the way into it, and what it missed. Never waits.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "hub/frame.hpp"
#include "hub/frame_rate_cap.hpp"
#include "base/unique_fd.hpp"
#include "fanout/viewer_types.hpp"

namespace camera {

/// What a channel offers its viewers: its newest picture.
struct FrameOffer {
    FramePtr frame;
    /// Of `frame`, as all viewers without special wishes get it.
    std::span<const uint8_t> wire;
    /// Counts the pictures of the channel; 0: none yet.
    uint64_t number = 0;
    /// False for a placeholder, which has no age.
    bool online = true;
};

/// For the one thread that sends; `stats`, `counts` and what is const may be read by any. All times are monotonic.
class Viewer {
public:
    enum class Outcome {
        /// Everything is with the kernel.
        Idle,
        /// Something waits for room in the socket: `resume` when it is writable.
        Waiting,
        /// The connection is over.
        Broken,
    };

    Viewer(uint64_t number, std::string channel, UniqueFd socket, const ViewerOptions &options);
    Viewer(const Viewer &) = delete;
    Viewer &operator=(const Viewer &) = delete;

    /// Sends the head and the first boundary. The first call.
    Outcome open(int64_t nowUs);

    /// Begins the offered picture unless the viewer has begun it already, is busy with another, or does not want it (its rate,
    /// its age limit; `maxAgeUs` is the channel's).
    Outcome offer(const FrameOffer &offer, int64_t nowUs, int64_t maxAgeUs);

    /// Sends the offered picture, which it has, a second time: for viewers that show one when the next arrives.
    Outcome repeat(const FrameOffer &offer, int64_t nowUs);

    /// Goes on with what was begun.
    Outcome resume(int64_t nowUs);

    /// Finishes what was begun, then the closing boundary; after it the outcome is Idle and nothing may be offered.
    Outcome finish(int64_t nowUs);

    /// Beside its own wish: at most so many frames per second, 0: no such limit. A change begins a new count.
    void limitRate(double maxFps) { limit_ = FrameRateCap(maxFps); }
    /// The pictures before this one are none that the viewer missed.
    void startsAfter(uint64_t number) { seen_ = number; }
    bool wantsFinalTwice() const { return dualFinalFrames_; }
    /// How long the viewer has taken no byte although something waits for it; 0 when nothing does. Asks the kernel: bytes that reach
    /// a slow reader out of the socket's own buffer make no room that we would hear of.
    int64_t stalledUs(int64_t nowUs);

    int socket() const { return socket_.get(); }
    /// The last call of the sending thread; who reads the statistics may hold the object on.
    void close() { socket_.reset(); }
    ViewerStats stats() const;
    ViewerCounts counts() const;

    const uint64_t number;
    const std::string channel;
    /// Where the owners keep it; theirs alone.
    size_t position = 0;

private:
    /// Written by the sending thread alone: a plain store is enough, and costs nothing.
    using Count = std::atomic<uint64_t>;
    static void add(Count &count, uint64_t more) {
        count.store(count.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
    }

    Outcome begin(const FrameOffer &offer, int64_t nowUs);
    Outcome push(int64_t nowUs, const FramePtr &frame);
    void arrange(const FrameOffer &offer, int64_t nowUs);
    Outcome stop(Outcome outcome, int64_t nowUs);
    void passOver(uint64_t number);
    void missUpTo(uint64_t number);

    /// The headers of its parts are written for this viewer alone.
    bool ownHeaders() const { return extraHeaders_ && !advanceHeaders_; }
    void dropText();

    // Passed in.
    UniqueFd socket_;
    const std::string label_;
    const std::string remote_;
    const int64_t sinceWallMs_;
    /// Of frames; 0: the channel's limit alone.
    const int64_t maxAgeUs_;
    const bool advanceHeaders_;
    const bool dualFinalFrames_;
    const bool extraHeaders_;

    // What has to go out, in this order. `body_` lies in `current_`.
    std::string text_;
    size_t textSent_ = 0;
    std::span<const uint8_t> body_;
    std::string_view tail_;
    /// Held only while a picture is half sent.
    FramePtr current_;
    bool inPicture_ = false;
    bool waiting_ = false;
    bool finishing_ = false;
    bool closed_ = false;
    /// When the viewer was last seen to take anything, and how much it had taken in all.
    int64_t progressUs_ = 0;
    uint64_t taken_ = 0;

    FrameRateCap cap_;
    FrameRateCap limit_{0};
    /// The newest picture that was begun or left out.
    uint64_t seen_ = 0;

    std::atomic<ViewerState> state_{ViewerState::KeepingUp};
    Count frames_{0};
    Count bytes_{0};
    Count skipped_{0};
};

} // namespace camera
