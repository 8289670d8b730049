// What the viewers' side of the core takes and tells: plain values, no behaviour.
#pragma once

#include <cstdint>
#include <string>

namespace camera {

/// How one viewer wants its stream.
struct ViewerOptions {
    /// The head of the HTTP response; sent first, as it is.
    std::string head;
    /// At most so many frames per second; 0: all.
    double maxFps = 0;
    /// Older frames are never begun for this viewer; 0: only the channel's limit holds.
    int maxAgeMs = 0;
    bool advanceHeaders = false;
    bool dualFinalFrames = false;
    /// Without effect beside `advanceHeaders`, whose parts have no room for them.
    bool extraHeaders = false;
    /// Shown in the statistics.
    std::string label;
    std::string remote;
};

enum class ViewerState { KeepingUp, Behind, Ending };

struct ViewerCounts {
    /// Frames and placeholders that were sent whole.
    uint64_t frames = 0;
    /// All that the socket took, heads included.
    uint64_t bytes = 0;
    /// Frames that the viewer was too slow for; those left out for its `maxFps` do not count.
    uint64_t skipped = 0;

    ViewerCounts &operator+=(const ViewerCounts &more) {
        frames += more.frames;
        bytes += more.bytes;
        skipped += more.skipped;
        return *this;
    }
};

struct ViewerStats {
    uint64_t viewer = 0;
    std::string label;
    std::string remote;
    int64_t sinceWallMs = 0;
    ViewerCounts counts;
    ViewerState state = ViewerState::KeepingUp;
};

/// Closed: by the viewer. Stalled: it took no byte for too long. Ended: by us.
enum class ViewerEnd { Closed, Stalled, Error, Ended };

/// The end of one viewer; its number is not used again.
struct ViewerEvent {
    int64_t atUs = 0;
    uint64_t viewer = 0;
    std::string channel;
    ViewerEnd why = ViewerEnd::Closed;
    ViewerCounts counts;
};

/// What is shown instead of video.
struct PlaceholderPicture {
    uint32_t width = 640;
    uint32_t height = 480;
    /// A few words in capitals, digits and `: . - #`.
    std::string text;

    bool operator==(const PlaceholderPicture &) const = default;
};

struct FanoutOptions {
    int max = 4096;
    int maxPerChannel = 1024;
    /// Threads that send; viewers are dealt out to them in turn.
    int threads = 1;
    /// A viewer that takes no byte of a waiting frame for so long is dropped.
    int stallMs = 10'000;
    /// How long an ended viewer may take for what it was sent and for closing its side.
    int lingerMs = 2000;
};

} // namespace camera
