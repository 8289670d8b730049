// One running capture: its thread and the way to stop it. What the thread does is its body (a device's or a virtual one);
// the body owns all it touches, so a session that hangs in the kernel can be written off.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "hub/capture_counters.hpp"
#include "hub/capture_types.hpp"
#include "base/core_thread.hpp"
#include "hub/frame_hub.hpp"
#include "h264/h264_hub.hpp"
#include "base/unique_fd.hpp"

namespace camera {

enum class SessionEnd { Stopped, Gone, Failed };

/// Where a session's frames and news go. The functions run on the session's thread and must not block.
struct SessionOutlet {
    std::shared_ptr<FrameHub> hub;
    std::shared_ptr<H264Hub> h264;
    std::shared_ptr<CaptureCounters> counters;
    std::shared_ptr<const CaptureDials> dials;
    /// Once, when the device streams; never for a start that fails.
    std::function<void(const CaptureInfo &)> started;
    /// Delivering (once), Stalled (with the reason) and Restarted; JpegWanted and JpegUnwanted.
    std::function<void(CaptureState, std::optional<Error>)> changed;
    /// The last call: the device is closed.
    std::function<void(SessionEnd, std::optional<Error>)> ended;
};

/// What the owner wants of the thread. Any thread.
class SessionControl {
public:
    enum class Command { None, Stop, Gone };

    /// Error of step "eventfd".
    static Result<std::shared_ptr<SessionControl>> create();

    /// The first wish but None wins.
    void request(Command command);
    Command command() const { return command_.load(std::memory_order_acquire); }
    /// Readable once a command was given. Borrowed.
    int fd() const { return wakeup_.get(); }

private:
    explicit SessionControl(UniqueFd wakeup) : wakeup_(std::move(wakeup)) {}

    const UniqueFd wakeup_;
    std::atomic<Command> command_{Command::None};
};

class Session {
public:
    using Body = std::function<void(const SessionControl &)>;

    /// Runs `body` on a thread of this name. Errors of steps "eventfd" and "pthread_create".
    static Result<std::unique_ptr<Session>> start(const std::string &threadName, Body body);

    void stop() { control_->request(SessionControl::Command::Stop); }
    void gone() { control_->request(SessionControl::Command::Gone); }

    /// Lets a hanging thread go on alone. Without it the destructor waits for the thread.
    void writeOff() { thread_.writeOff(); }

    /// Expires when the thread has ended, written off or not, and this object is gone.
    std::weak_ptr<const void> lifeSign() const { return control_; }

private:
    explicit Session(std::shared_ptr<SessionControl> control) : control_(std::move(control)) {}

    const std::shared_ptr<SessionControl> control_;
    CoreThread thread_;
};

} // namespace camera
