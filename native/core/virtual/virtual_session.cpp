#include "virtual/virtual_session.hpp"

#include <linux/videodev2.h>
#include <poll.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "base/clock.hpp"
#include "base/fault_code.hpp"
#include "pictures/jpeg_encoder.hpp"
#include "virtual/luma_table.hpp"
#include "virtual/test_pattern.hpp"

namespace camera {

namespace {

constexpr uint32_t kMinPatternSidePx = 16;
constexpr uint32_t kMaxPatternSidePx = 4096;
constexpr double kMaxFps = 240;
constexpr Interval kDefaultInterval{1, 30};

bool supported(const CaptureRequest &request) {
    const auto side = [](uint32_t px) { return px >= kMinPatternSidePx && px <= kMaxPatternSidePx; };
    return side(request.width) && side(request.height) && request.fourcc == V4L2_PIX_FMT_MJPEG &&
           request.interval.fps() <= kMaxFps;
}

/// When frame n is due: counted from the start, so rounding never adds up.
class Metronome {
public:
    explicit Metronome(Interval interval) : interval_(interval), startUs_(monotonicUs()) {}

    int64_t dueUs(uint64_t frame) const {
        return startUs_ + static_cast<int64_t>(frame * 1'000'000 * interval_.num / interval_.den);
    }
    /// The newest frame whose time has come.
    uint64_t frameAt(int64_t nowUs) const {
        return static_cast<uint64_t>(nowUs - startUs_) * interval_.den / (uint64_t{interval_.num} * 1'000'000);
    }

private:
    const Interval interval_;
    const int64_t startUs_;
};

void sleepUntil(int64_t dueUs, const SessionControl &control) {
    const int64_t waitUs = std::max<int64_t>(0, dueUs - monotonicUs());
    const timespec timeout{.tv_sec = waitUs / 1'000'000, .tv_nsec = waitUs % 1'000'000 * 1000};
    pollfd wakeup{.fd = control.fd(), .events = POLLIN, .revents = 0};
    static_cast<void>(::ppoll(&wakeup, 1, &timeout, nullptr));
}

class VirtualSession {
public:
    VirtualSession(const VirtualCamera &camera, const SessionOutlet &outlet)
        : outlet_(outlet), controls_(camera.controls),
          pattern_(camera.request.width, camera.request.height, camera.label), pool_(FramePool::create()) {}

    void makeFrame(uint64_t number) {
        const int64_t capturedUs = monotonicUs();
        const int64_t wallMs = wallUs() / 1000;
        const PictureSettings settings = controls_ ? controls_->settings() : PictureSettings{};
        pattern_.choose(settings.motif);
        const PlanarImage picture = luma_.apply(pattern_.draw(number, wallMs), settings);
        const auto jpeg = encoder_.encode(picture, outlet_.dials->jpegQuality.load(std::memory_order_relaxed));
        if (!jpeg.ok()) return;
        FrameDraft draft = pool_->take(jpeg.value().size());
        std::memcpy(draft.room().data(), jpeg.value().data(), jpeg.value().size());
        draft.setSize(jpeg.value().size());
        draft.facts() = {.width = picture.width,
                         .height = picture.height,
                         .sequence = static_cast<uint32_t>(number),
                         .capturedAtUs = capturedUs,
                         .dequeuedAtUs = monotonicUs(),
                         .capturedWallMs = wallMs};
        outlet_.counters->goodFrame(jpeg.value().size(), capturedUs);
        outlet_.hub->publish(draft.finish());
        if (!std::exchange(delivered_, true)) outlet_.changed(CaptureState::Delivering, std::nullopt);
    }

private:
    const SessionOutlet &outlet_;
    const std::shared_ptr<const VirtualControls> controls_;
    TestPattern pattern_;
    LumaTable luma_;
    JpegEncoder encoder_;
    const std::shared_ptr<FramePool> pool_;
    bool delivered_ = false;
};

} // namespace

void runVirtualSession(const VirtualCamera &camera, const SessionOutlet &outlet, const SessionControl &control) {
    if (!supported(camera.request)) return outlet.ended(SessionEnd::Failed, Error{0, kStepFormat, camera.label});
    const Interval interval = camera.request.interval.known() ? camera.request.interval : kDefaultInterval;
    {
        VirtualSession session(camera, outlet);
        outlet.started({.width = camera.request.width,
                        .height = camera.request.height,
                        .fourcc = camera.request.fourcc,
                        .interval = interval,
                        .buffers = 1});
        const Metronome metronome(interval);
        for (uint64_t next = 0;;) {
            sleepUntil(metronome.dueUs(next), control);
            if (control.command() != SessionControl::Command::None) break;
            const int64_t nowUs = monotonicUs();
            if (nowUs < metronome.dueUs(next)) continue;
            // Frames that were missed (a suspended or starved machine) are not made up for; they count as lost.
            const uint64_t due = std::max(next, metronome.frameAt(nowUs));
            outlet.counters->lost.fetch_add(due - next, std::memory_order_relaxed);
            session.makeFrame(due);
            next = due + 1;
        }
    }
    const bool gone = control.command() == SessionControl::Command::Gone;
    outlet.ended(gone ? SessionEnd::Gone : SessionEnd::Stopped, std::nullopt);
}

} // namespace camera
