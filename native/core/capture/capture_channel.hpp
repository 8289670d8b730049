// One source of frames over its life: the state machine around its sessions. At most one session runs; a change of mode is
// a stop and a start; a session that hangs past its deadline is written off and blocks new starts until the kernel lets go.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "capture/capture_manager.hpp"
#include "base/courier.hpp"
#include "pictures/encoder_pool.hpp"
#include "hub/frame_hub.hpp"
#include "h264/h264_hub.hpp"
#include "capture/session.hpp"

namespace camera {

/// What all channels of a core share.
struct ChannelServices {
    std::shared_ptr<const Sys> sys;
    CaptureOptions options;
    std::shared_ptr<Courier> courier;
    std::shared_ptr<EncoderPool> encoders;
    /// Called on the courier's thread.
    std::function<void(const CaptureEvent &)> emit;
};

/// Held by shared_ptr; any thread. Answers come on the courier's thread. Lock order: channel, hub, courier.
class CaptureChannel : public std::enable_shared_from_this<CaptureChannel> {
public:
    template <typename T>
    using Callback = CaptureManager::Callback<T>;

    CaptureChannel(std::string source, std::shared_ptr<const ChannelServices> services);

    void start(const SourceAddress &address, const CaptureRequest &request, Callback<CaptureInfo> answer);
    void stop(Callback<Done> answer);
    void gone();
    /// Writes off a session that did not stop; everyone gets `reason`.
    void abandon(const Error &reason);

    /// Frames come or will come without another call.
    bool capturing() const;
    /// The camera went: no frame of this appearance will ever come.
    bool vanished() const;
    /// Ended for good: the source named one appearance of a camera, and that is over.
    bool over() const;
    /// `retained` counts frames of at most this age. Waits for no thread that works.
    CaptureStats stats(int64_t maxFrameAgeUs) const;
    /// From the next frame on, over restarts too.
    void setJpegQuality(int quality) { dials_->jpegQuality.store(quality, std::memory_order_relaxed); }
    const std::shared_ptr<FrameHub> &hub() const { return hub_; }
    const std::shared_ptr<H264Hub> &h264() const { return h264_; }

private:
    enum class State { Idle, Starting, Running, Stopping };
    struct Request {
        CaptureRequest mode;
        std::vector<Callback<CaptureInfo>> answers;
    };

    // All of these with the lock held.
    void launch(Request request);
    void refuse(const Error &reason);
    Session::Body bodyOf(const CaptureRequest &mode);
    SessionOutlet outlet(uint64_t generation);
    void beginStop();
    void queueNext(const CaptureRequest &mode, Callback<CaptureInfo> answer);
    void finish(CaptureState state, const Error &reason, bool tellFault);
    void drop(std::optional<Request> &request, const Error &reason);
    void writeOff(const Error &reason);
    void emit(CaptureState state, std::optional<Error> fault);
    void disarm();
    void enter(State state);

    // From the session's thread and from timers; `generation` tells late ones.
    void onStarted(uint64_t generation, const CaptureInfo &info);
    void onChanged(uint64_t generation, CaptureState state, std::optional<Error> fault);
    void onEnded(uint64_t generation, SessionEnd end, std::optional<Error> fault);
    void onDeadline(uint64_t generation, State state, const char *step);

    // Passed in.
    const std::string source_;
    const std::shared_ptr<const ChannelServices> services_;
    // Owned.
    const std::shared_ptr<FrameHub> hub_;
    const std::shared_ptr<H264Hub> h264_;
    const std::shared_ptr<CaptureCounters> counters_;
    const std::shared_ptr<CaptureDials> dials_;
    /// state_ is Running: read without the lock.
    std::atomic<bool> running_{false};
    // State, under mutex_.
    mutable std::mutex mutex_;
    State state_ = State::Idle;
    SourceAddress address_;
    uint64_t generation_ = 0;
    std::unique_ptr<Session> session_;
    /// Of the last session that was written off.
    std::weak_ptr<const void> stuck_;
    bool streamed_ = false;
    bool over_ = false;
    uint64_t timer_ = 0;
    CaptureInfo info_;
    Request current_;
    std::optional<Request> next_;
    std::vector<Callback<Done>> stops_;
};

} // namespace camera
