#include "h264/h264_hub.hpp"

namespace camera {

namespace {
constexpr size_t kKeptUnits = 64;
} // namespace

H264Hub::H264Hub(const std::shared_ptr<Courier> &courier)
    : units_(FrameHub::create(courier)), keys_(FrameHub::create(courier)) {
    units_->retain(kKeptUnits);
    keys_->retain(1);
}

void H264Hub::publish(const FramePtr &unit) {
    if (unit->facts().keyframe) keys_->publish(unit);
    units_->publish(unit);
}

void H264Hub::beginCapture() {
    keys_->beginCapture();
    units_->beginCapture();
}

void H264Hub::endCapture(const Error &reason) {
    keys_->endCapture(reason);
    units_->endCapture(reason);
}

} // namespace camera
