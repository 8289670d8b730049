#include "fanout/fanout_channel.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "base/clock.hpp"
#include "fanout/multipart.hpp"

namespace camera {

namespace {

constexpr int64_t kStandInIntervalUs = 1'000'000;
/// A picture that nothing followed for so long is a final one.
constexpr int64_t kFinalUs = 150'000;
constexpr const char *kNothingFresh = "NO SIGNAL";

} // namespace

FanoutChannel::FanoutChannel(Outlet outlet) : outlet_(std::move(outlet)), pool_(FramePool::create(2)) {}

FanoutChannel::~FanoutChannel() { unsubscribe(); }

void FanoutChannel::framePublished() {
    if (!published_.exchange(true, std::memory_order_acq_rel)) outlet_.wake();
}

void FanoutChannel::showSource(std::shared_ptr<FrameHub> hub, int64_t nowUs) {
    if (hub_ == hub) return;
    unsubscribe();
    hub_ = std::move(hub);
    cursor_ = 0;
    if (!watched()) standsIn_ = false;
    if (!standsIn_) freshUs_ = nowUs;
    if (!watched()) return;
    subscribe();
    takeFrame(nowUs);
}

void FanoutChannel::showPlaceholder(const PlaceholderPicture &picture, int64_t nowUs) {
    unsubscribe();
    hub_ = nullptr;
    if (standsIn_ && picture == picture_) return; // said again: the next second is soon enough
    standIn(picture, nowUs);
}

void FanoutChannel::painted(const PlaceholderPicture &picture, const PlaceholderJpeg &jpeg, int64_t nowUs) {
    if (!standsIn_ || !(picture == picture_) || jpeg_ || jpeg->empty()) return;
    jpeg_ = jpeg;
    if (watched()) showStandIn(nowUs);
}

void FanoutChannel::add(Viewer &viewer, int64_t nowUs) {
    viewer.position = viewers_.size();
    viewers_.push_back(&viewer);
    if (viewer.wantsFinalTwice()) ++finalTwice_;
    if (viewers_.size() > 1) {
        viewer.startsAfter(offer_.number - (offer_.frame ? 1 : 0));
        return offerTo(viewer, nowUs);
    }
    // The first: what was shown to others before is old.
    viewer.startsAfter(offer_.number);
    freshUs_ = nowUs;
    subscribe();
    if (standsIn_) showStandIn(nowUs);
    takeFrame(nowUs);
}

void FanoutChannel::remove(Viewer &viewer) {
    if (viewer.wantsFinalTwice()) --finalTwice_;
    viewers_[viewer.position] = viewers_.back();
    viewers_[viewer.position]->position = viewer.position;
    viewers_.pop_back();
    if (watched()) return;
    unsubscribe();
    cursor_ = 0;
    offer_.frame = {};
    finalPending_ = false;
    // With a source there is hope that the next viewer sees it at once.
    if (hub_) standsIn_ = false;
}

void FanoutChannel::writable(Viewer &viewer, int64_t nowUs) {
    switch (viewer.resume(nowUs)) {
    case Viewer::Outcome::Idle:
        return offerTo(viewer, nowUs);
    case Viewer::Outcome::Waiting:
        return;
    case Viewer::Outcome::Broken:
        return outlet_.broken(viewer);
    }
}

void FanoutChannel::turn(int64_t nowUs) {
    if (!watched()) return;
    if (published_.exchange(false, std::memory_order_acq_rel)) takeFrame(nowUs);
    if (finalPending_ && nowUs - offeredUs_ >= kFinalUs) repeatFinal(nowUs);
    if (standsIn_ && jpeg_ && nowUs >= nextStandInUs_) return showStandIn(nowUs);
    if (standsIn_ || !isStale(nowUs)) return;
    PlaceholderPicture picture{.width = picture_.width, .height = picture_.height, .text = kNothingFresh};
    if (offer_.frame) {
        picture.width = offer_.frame->facts().width;
        picture.height = offer_.frame->facts().height;
    }
    standIn(picture, nowUs);
}

int64_t FanoutChannel::nextTurnUs() const {
    int64_t next = std::numeric_limits<int64_t>::max();
    if (!watched()) return next;
    if (finalPending_) next = offeredUs_ + kFinalUs;
    if (!standsIn_) return std::min(next, freshUs_ + maxAgeUs_);
    return jpeg_ ? std::min(next, nextStandInUs_) : next;
}

void FanoutChannel::subscribe() {
    if (subscribed_ || !hub_) return;
    hub_->addSink(this);
    subscribed_ = true;
}

void FanoutChannel::unsubscribe() {
    if (std::exchange(subscribed_, false)) hub_->removeSink(this);
}

void FanoutChannel::takeFrame(int64_t nowUs) {
    if (!hub_) return;
    FrameReading reading = hub_->newestAfter(cursor_);
    // From 0 on nothing was missed: who begins to look has no claim on what was before.
    const uint64_t missed = std::exchange(cursor_, reading.cursor) == 0 ? 0 : reading.skipped;
    if (!reading.frame || reading.frame->facts().codec != FrameCodec::Jpeg) return;
    if (nowUs - reading.frame->facts().capturedAtUs > maxAgeUs_) return;
    standsIn_ = false;
    freshUs_ = nowUs;
    offer_.frame = std::move(reading.frame);
    offer_.wire = offer_.frame->wire(dressAsPart);
    offer_.number += 1 + missed;
    offer_.online = true;
    offerAll(nowUs);
}

void FanoutChannel::offerAll(int64_t nowUs) {
    offeredUs_ = nowUs;
    finalPending_ = finalTwice_ > 0;
    // Begins elsewhere each time, far from the last place, or the same viewers would always be late.
    const size_t count = viewers_.size();
    first_ = (first_ + count * 5 / 8 + 1) % count;
    for (size_t at = first_; at < count; ++at) offerTo(*viewers_[at], nowUs);
    for (size_t at = 0; at < first_; ++at) offerTo(*viewers_[at], nowUs);
}

void FanoutChannel::offerTo(Viewer &viewer, int64_t nowUs) {
    if (viewer.offer(offer_, nowUs, maxAgeUs_) == Viewer::Outcome::Broken) outlet_.broken(viewer);
}

void FanoutChannel::repeatFinal(int64_t nowUs) {
    finalPending_ = false;
    for (Viewer *viewer : viewers_) {
        if (!viewer->wantsFinalTwice()) continue;
        if (viewer->repeat(offer_, nowUs) == Viewer::Outcome::Broken) outlet_.broken(*viewer);
    }
}

void FanoutChannel::standIn(const PlaceholderPicture &picture, int64_t nowUs) {
    if (!(picture == picture_)) jpeg_ = nullptr;
    picture_ = picture;
    standsIn_ = true;
    if (watched()) showStandIn(nowUs);
}

/// Offers the placeholder as a picture made now; when it is not drawn yet, as soon as it is.
void FanoutChannel::showStandIn(int64_t nowUs) {
    if (!jpeg_) return outlet_.paint(picture_);
    nextStandInUs_ += kStandInIntervalUs; // a turn that came late does not shift the next one
    const bool inOrder = nextStandInUs_ > nowUs && nextStandInUs_ <= nowUs + kStandInIntervalUs;
    if (!inOrder) nextStandInUs_ = nowUs + kStandInIntervalUs;
    FrameDraft draft = pool_->take(jpeg_->size());
    std::memcpy(draft.room().data(), jpeg_->data(), jpeg_->size());
    draft.setSize(jpeg_->size());
    draft.facts() = {.width = picture_.width, .height = picture_.height, .capturedAtUs = nowUs, .dequeuedAtUs = nowUs};
    draft.dress(dressAsPlaceholder);
    offer_.frame = draft.finish();
    offer_.wire = offer_.frame->wire(dressAsPlaceholder);
    ++offer_.number;
    offer_.online = false;
    offerAll(nowUs);
}

} // namespace camera
