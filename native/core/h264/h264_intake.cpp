#include "h264/h264_intake.hpp"

#include <array>
#include <utility>
#include <variant>

namespace camera {

namespace {

constexpr int64_t kAskEveryUs = 500'000;
constexpr int64_t kTellEveryUs = 10'000'000;
/// An access unit delimiter for any kind of slice. With it right behind a picture, its reader need not wait for the next one
/// to know that it is whole.
constexpr std::array<uint8_t, 6> kEndOfUnit{0, 0, 0, 1, 0x09, 0xf0};

} // namespace

H264Intake::H264Intake(std::shared_ptr<H264Hub> hub, std::shared_ptr<FrameHub> jpegs, std::shared_ptr<CaptureCounters> counters)
    : hub_(std::move(hub)), jpegs_(std::move(jpegs)), counters_(std::move(counters)), pool_(FramePool::create()) {}

FrameDraft H264Intake::accept(std::span<const uint8_t> unit, const FrameFacts &facts) {
    const auto walked = walkAccessUnit(unit);
    const auto *layout = std::get_if<AccessUnitLayout>(&walked);
    if (layout) sets_.remember(unit, *layout);
    if (!layout || !sets_.complete(*layout)) {
        counters_->invalidUnits.fetch_add(1, std::memory_order_relaxed);
        lost();
        return {};
    }
    if (!layout->hasPicture) return {}; // parameter sets that come alone go with the next key frame
    FrameDraft draft = pool_->take(sets_.bytes(*layout));
    draft.setSize(sets_.copy(unit, *layout, draft.room()));
    draft.setTrailer(kEndOfUnit);
    draft.facts() = facts;
    draft.facts().codec = FrameCodec::H264;
    draft.facts().keyframe = layout->idr;
    return draft;
}

void H264Intake::publish(FrameDraft draft) { hub_->publish(draft.finish()); }

void H264Intake::tend(H264Controls controls, int64_t nowUs) {
    if (!canAsk_ || nowUs - askedUs_ < kAskEveryUs || !hub_->takeWish()) return;
    askedUs_ = nowUs;
    canAsk_ = controls.forceKeyFrame();
}

std::optional<bool> H264Intake::demandNews(int64_t nowUs) {
    if (toldUs_ == 0) toldUs_ = nowUs; // at first nobody is thought to wait
    const bool wanted = jpegs_->wanted();
    if (std::exchange(wanted_, wanted) == wanted && nowUs - toldUs_ < kTellEveryUs) return std::nullopt;
    toldUs_ = nowUs;
    return wanted;
}

} // namespace camera
