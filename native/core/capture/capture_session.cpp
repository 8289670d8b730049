#include "capture/capture_session.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <variant>

#include "base/clock.hpp"
#include "base/fault_code.hpp"
#include "capture/frame_clock.hpp"
#include "h264/h264_intake.hpp"
#include "pictures/jpeg_segments.hpp"
#include "capture/v4l2_capture.hpp"

namespace camera {

namespace {

constexpr int kMaxFramesPerTurn = 32; // commands are looked at between turns
constexpr int kMaxIntervalMs = 60'000;

bool meansGone(const Error &error) {
    return error.errnoValue == ENODEV || error.errnoValue == ENXIO || error.errnoValue == ENOENT;
}

Incident incidentOf(const Error &cured) {
    const std::string_view step = cured.step;
    if (step == kStepStalled) return Incident::RestartSilence;
    if (step == "poll") return Incident::RestartPoll;
    return step == "VIDIOC_QBUF" ? Incident::RestartQueue : Incident::RestartDequeue;
}

class CaptureSession {
public:
    CaptureSession(const DeviceCapture &capture, const SessionOutlet &outlet, const SessionControl &control)
        : capture_(capture), outlet_(outlet), control_(control), pool_(FramePool::create()),
          lane_(EncoderPool::lane(outlet.hub, outlet.counters, outlet.dials)), h264_(outlet.h264, outlet.hub, outlet.counters) {}

    void run() {
        auto opened = V4l2Capture::open(*capture_.sys, capture_.node, capture_.request);
        if (!opened.ok()) return end(meansGone(opened.error()) ? SessionEnd::Gone : SessionEnd::Failed, opened.error());
        device_ = opened.take();
        outlet_.counters->note(Incident::StartRetry, device_->takeRetries());
        if (!commanded()) {
            outlet_.started(device_->info());
            goodUs_ = monotonicUs();
            streamBegan();
            while (!over_ && !commanded()) turn();
        }
        if (over_) return end(*over_, fault_);
        const bool gone = control_.command() == SessionControl::Command::Gone;
        end(gone ? SessionEnd::Gone : SessionEnd::Stopped, std::nullopt);
    }

private:
    bool commanded() const { return control_.command() != SessionControl::Command::None; }

    /// Closes first: whoever hears of the end may open the device at once.
    void end(SessionEnd end, std::optional<Error> fault) {
        if (device_ && end == SessionEnd::Gone) device_->letGo();
        if (device_) device_->close();
        device_.reset();
        outlet_.ended(end, std::move(fault));
    }

    void streamBegan() {
        beganUs_ = heardUs_ = monotonicUs();
        flowing_ = false;
        hasSequence_ = false;
        emptyInRow_ = 0;
    }

    /// One wait and what came of it.
    void turn() {
        const int64_t dueUs = toTell() ? std::min(limitUs(), tellUs()) : limitUs();
        const int64_t waitUs = std::max<int64_t>(0, dueUs - monotonicUs());
        std::array<pollfd, 2> fds{{{.fd = device_->fd(), .events = POLLIN | POLLPRI, .revents = 0},
                                   {.fd = control_.fd(), .events = POLLIN, .revents = 0}}};
        const int ready = capture_.sys->poll(fds.data(), fds.size(), static_cast<int>((waitUs + 999) / 1000));
        if (commanded() || (ready < 0 && errno == EINTR)) return;
        if (ready < 0) return cure(Error{errno, "poll", capture_.node});
        const short events = fds[0].revents;
        if ((events & (POLLHUP | POLLNVAL)) != 0) return gone(Error{ENODEV, "poll", capture_.node});
        if ((events & POLLPRI) != 0) device_->discardEvents();
        if ((events & POLLIN) != 0) {
            drain();
        } else if ((events & POLLERR) != 0) {
            // Not streaming, or nothing queued; of an unplugged device the restart says ENODEV.
            return cure(Error{EIO, "poll", capture_.node});
        }
        if (!over_) watchSilence();
    }

    void watchSilence() {
        const Error silent{0, kStepStalled, capture_.node};
        if (toTell() && monotonicUs() >= tellUs()) {
            told_ = true;
            outlet_.changed(CaptureState::Stalled, silent);
        }
        if (monotonicUs() >= limitUs()) cure(silent);
    }

    bool toTell() const { return delivered_ && !told_; }
    int64_t tellUs() const { return goodUs_ + int64_t{std::max(capture_.stalledMs, fiveIntervalsMs())} * 1000; }
    /// A stream that delivers nothing for a while is cured, and one in which nothing is whole for as long as a first frame may
    /// take: single damaged frames are no reason, since a restart costs more of them.
    int64_t limitUs() const {
        const auto after = [](int64_t fromUs, int ms) { return fromUs + int64_t{ms} * 1000; };
        if (!flowing_) return after(beganUs_, capture_.firstFrameMs);
        const int atLeastMs = fiveIntervalsMs();
        return std::min(after(heardUs_, std::max(capture_.stallMs, atLeastMs)),
                        after(goodUs_, std::max(capture_.firstFrameMs, atLeastMs)));
    }

    int fiveIntervalsMs() const {
        const Interval &interval = device_->info().interval;
        const double framesMs = interval.known() ? 5000.0 * interval.num / interval.den : 0;
        return static_cast<int>(std::min<double>(framesMs, kMaxIntervalMs));
    }

    void drain() {
        for (int i = 0; i < kMaxFramesPerTurn; ++i) {
            auto dequeued = device_->dequeue();
            if (!dequeued.ok()) return dequeueFailed(dequeued.error());
            if (!dequeued.value()) return;
            failedInRow_ = 0;
            heardUs_ = monotonicUs();
            take(*dequeued.value());
            if (over_) return;
        }
    }

    void dequeueFailed(const Error &error) {
        // EIO may be a passing loss of signal: streaming often goes on.
        if (error.errnoValue == EIO && ++failedInRow_ == 1) return outlet_.counters->note(Incident::DequeueRetry);
        cure(error);
    }

    void take(const FilledBuffer &buffer) {
        noteSequence(buffer.sequence);
        if (buffer.damaged || buffer.bytes.empty()) {
            if (buffer.damaged) outlet_.counters->errorFlag.fetch_add(1, std::memory_order_relaxed);
            pictureLost();
            requeue(buffer.index);
            // A device on its way out hands back all buffers empty; a restart tells whether it is still there.
            if (buffer.bytes.empty() && !over_ && ++emptyInRow_ > device_->info().buffers) {
                cure(Error{EIO, "VIDIOC_DQBUF", capture_.node});
            }
            return;
        }
        emptyInRow_ = 0;
        FrameFacts facts = factsOf(buffer);
        if (device_->isJpeg()) {
            takeJpeg(buffer, facts);
        } else if (device_->isH264()) {
            takeH264(buffer, facts);
        } else {
            takeRaw(buffer, facts);
        }
    }

    void noteSequence(uint32_t sequence) {
        const uint32_t step = sequence - sequence_;
        // Backwards is a driver that began anew, not a gap of four thousand million frames.
        if (hasSequence_ && step > 1 && step < 0x8000'0000U) {
            outlet_.counters->lost.fetch_add(step - 1, std::memory_order_relaxed);
            pictureLost();
        }
        sequence_ = sequence;
        hasSequence_ = true;
    }

    void pictureLost() {
        if (device_->isH264()) h264_.lost();
    }

    FrameFacts factsOf(const FilledBuffer &buffer) {
        const int64_t nowUs = monotonicUs();
        const int64_t nowWallUs = wallUs();
        const int64_t capturedUs = clock_.capturedUs(buffer.stampUs, buffer.flags, nowUs, nowWallUs);
        return {.width = device_->info().width,
                .height = device_->info().height,
                .sequence = buffer.sequence,
                .capturedAtUs = capturedUs,
                .dequeuedAtUs = nowUs,
                .capturedWallMs = (nowWallUs - (nowUs - capturedUs)) / 1000};
    }

    void takeJpeg(const FilledBuffer &buffer, const FrameFacts &facts) {
        const auto walked = walkJpeg(buffer.bytes, {facts.width, facts.height, capture_.allowTruncated});
        if (const auto *reject = std::get_if<JpegReject>(&walked)) {
            outlet_.counters->reject(*reject);
            return requeue(buffer.index);
        }
        const auto &layout = std::get<JpegLayout>(walked);
        FrameDraft draft = pool_->take(completeJpegBytes(layout));
        draft.setSize(copyJpeg(buffer.bytes, layout, draft.room()));
        requeue(buffer.index); // before anything else: the driver has few
        draft.facts() = facts;
        good(buffer.bytes.size(), facts);
        outlet_.hub->publish(draft.finish());
    }

    void takeH264(const FilledBuffer &buffer, const FrameFacts &facts) {
        FrameDraft draft = h264_.accept(buffer.bytes, facts);
        requeue(buffer.index);
        if (draft) {
            good(buffer.bytes.size(), facts);
            h264_.publish(std::move(draft));
        }
        if (over_) return;
        h264_.tend(H264Controls(*capture_.sys, device_->fd()), facts.dequeuedAtUs);
        if (const auto wanted = h264_.demandNews(facts.dequeuedAtUs)) {
            outlet_.changed(*wanted ? CaptureState::JpegWanted : CaptureState::JpegUnwanted, std::nullopt);
        }
    }

    void takeRaw(const FilledBuffer &buffer, const FrameFacts &facts) {
        const size_t needed = rawBytes(device_->rawFormat());
        if (buffer.bytes.size() < needed) {
            outlet_.counters->errorFlag.fetch_add(1, std::memory_order_relaxed);
            return requeue(buffer.index);
        }
        good(buffer.bytes.size(), facts);
        if (!outlet_.hub->wanted()) return requeue(buffer.index);
        FrameDraft draft = pool_->take(needed);
        std::memcpy(draft.room().data(), buffer.bytes.data(), needed);
        const RawFormat format = device_->rawFormat();
        requeue(buffer.index);
        draft.setSize(needed);
        draft.facts() = facts;
        capture_.encoders->submit(lane_, draft.finish(), format);
    }

    void good(size_t bytes, const FrameFacts &facts) {
        outlet_.counters->goodFrame(bytes, facts.capturedAtUs);
        goodUs_ = monotonicUs();
        flowing_ = true;
        cured_ = false;
        if (!std::exchange(delivered_, true)) outlet_.changed(CaptureState::Delivering, std::nullopt);
        if (std::exchange(told_, false)) outlet_.changed(CaptureState::Restarted, std::nullopt);
    }

    void requeue(uint32_t index) {
        const Status status = device_->queue(index);
        if (!status.ok()) cure(status.error());
    }

    void gone(const Error &error) {
        over_ = SessionEnd::Gone;
        fault_ = error;
    }

    void failed(const Error &error) {
        over_ = SessionEnd::Failed;
        fault_ = error;
    }

    /// Once in place; what needs more ends the session, and its owner opens the device anew.
    void cure(const Error &reason) {
        if (meansGone(reason)) return gone(reason);
        outlet_.counters->restarts.fetch_add(1, std::memory_order_relaxed);
        outlet_.counters->note(incidentOf(reason));
        failedInRow_ = 0;
        if (std::exchange(cured_, true)) return failed(reason);
        const Status status = device_->restart();
        outlet_.counters->note(Incident::StartRetry, device_->takeRetries());
        if (status.ok()) return streamBegan();
        if (meansGone(status.error())) return gone(status.error());
        failed(status.error());
    }

    // Passed in.
    const DeviceCapture &capture_;
    const SessionOutlet &outlet_;
    const SessionControl &control_;
    // Owned.
    const std::shared_ptr<FramePool> pool_;
    const std::shared_ptr<EncoderLane> lane_;
    H264Intake h264_;
    std::unique_ptr<V4l2Capture> device_;
    // State.
    FrameClock clock_;
    int64_t beganUs_ = 0;
    /// When the device last delivered anything, or the stream began.
    int64_t heardUs_ = 0;
    /// When the last good frame came, or the device was opened.
    int64_t goodUs_ = 0;
    /// A good frame came since the stream began.
    bool flowing_ = false;
    uint32_t sequence_ = 0;
    bool hasSequence_ = false;
    uint32_t emptyInRow_ = 0;
    int failedInRow_ = 0;
    /// Restarted in place since the last good frame.
    bool cured_ = false;
    /// A good frame came since the device was opened.
    bool delivered_ = false;
    /// Told as stalled, and no good frame since.
    bool told_ = false;
    std::optional<SessionEnd> over_;
    std::optional<Error> fault_;
};

} // namespace

void runCaptureSession(const DeviceCapture &capture, const SessionOutlet &outlet, const SessionControl &control) {
    CaptureSession(capture, outlet, control).run();
}

} // namespace camera
