// Sends the frames of cameras to everyone who watches, by few threads for thousands of viewers. What viewers watch is a
// channel: it has a name that stays, whatever camera, capture or mode is behind it at the moment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hub/frame_hub.hpp"
#include "base/result.hpp"
#include "fanout/viewer_types.hpp"

namespace camera {

/// Any thread; calls take a lock for microseconds and never wait for a viewer. Threads start with the first call.
class FanoutServer {
public:
    /// Called once per viewer, on a sending thread or inside `stop`; it must only hand over.
    using Ended = std::function<void(const ViewerEvent &)>;

    FanoutServer(const FanoutOptions &options, Ended ended);
    FanoutServer(const FanoutServer &) = delete;
    FanoutServer &operator=(const FanoutServer &) = delete;
    /// Stops without limit.
    ~FanoutServer();

    // Channels come into being when they are first named. Errors of these are those of the threads' start, and `aborted` after
    // `stop`.
    /// From its next frame on viewers see what is published in `hub`; its newest frame at once if it is young enough.
    Status showSource(const std::string &channel, std::shared_ptr<FrameHub> hub);
    /// Viewers see the picture at once and then once per second.
    Status showPlaceholder(const std::string &channel, const PlaceholderPicture &picture);
    /// Frames older than this are never begun; when nothing fresh came for so long a placeholder is shown. 5 s at first.
    Status setMaxFrameAge(const std::string &channel, int maxFrameAgeMs);

    /// No viewer of any channel gets more frames per second than this, whatever it asked for; 0: no such limit, as at first.
    Status limitRate(double maxFps);

    /// Sends the stream over a duplicate of the connected socket `fd`. Errors besides: too many viewers (kStepTooManyViewers),
    /// steps "dup" and "socket".
    Result<uint64_t> addViewer(int fd, const std::string &channel, const ViewerOptions &options);
    /// What was begun is finished, then the closing boundary and the end of the stream. Nothing to do when unknown.
    void endViewer(uint64_t viewer);
    /// Of all channels when the name is empty.
    void endViewers(const std::string &channel);

    std::vector<ViewerStats> viewers(const std::string &channel) const;
    size_t viewerCount(const std::string &channel) const;
    /// Of all viewers that there are and were; grows only.
    ViewerCounts totals() const;

    /// Ends all viewers in order, cuts off those that are not through after `timeoutMs`, ends the threads. Idempotent.
    void stop(int timeoutMs);

private:
    struct State;
    const std::shared_ptr<State> state_;
};

} // namespace camera
