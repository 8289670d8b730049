#include "feeds/feed_reader.hpp"

#include <utility>

namespace camera {

FramePtr NewestReader::next() {
    reading_ = hub_->newestAfter(cursor_);
    return reading_.frame;
}

std::optional<FeedGap> NewestReader::taken(FeedStats &stats) {
    if (cursor_ > 0) stats.dropped += reading_.skipped; // what was published before the feed opened was never meant for it
    cursor_ = reading_.cursor;
    reading_.frame = {};
    return std::nullopt;
}

void QueueReader::arrived(const FramePtr &frame) {
    const std::lock_guard lock(mutex_);
    if (!skipping_ && count_ >= rules_.maxFrames) {
        skipping_ = true;
        wishes_ = true;
        while (rules_.live && count_ > 0) leaveOut(dequeue());
    }
    // Half of it has to be free, or a reader that is a little too slow would see a gap at every other frame.
    const bool goesOn = count_ <= rules_.maxFrames / 2 && frame->facts().keyframe;
    if (skipping_ && !goesOn) {
        if (begun_) leaveOut({frame, {}}); // before the first key frame nothing is missing
        return;
    }
    skipping_ = false;
    begun_ = true;
    enqueue(frame);
}

FramePtr QueueReader::next() {
    if (!shown_.frame) {
        const std::lock_guard lock(mutex_);
        if (count_ > 0) shown_ = dequeue();
    }
    return shown_.frame;
}

std::optional<FeedGap> QueueReader::taken(FeedStats &stats) {
    const Entry entry = std::exchange(shown_, {});
    if (entry.gap.missed == 0) return std::nullopt;
    ++stats.gaps;
    stats.missed += entry.gap.missed;
    return entry.gap;
}

bool QueueReader::takeWish() {
    const std::lock_guard lock(mutex_);
    return std::exchange(wishes_, false);
}

void QueueReader::enqueue(const FramePtr &frame) {
    entries_[(first_ + count_) % entries_.size()] = {frame, std::exchange(gap_, {})};
    ++count_;
}

QueueReader::Entry QueueReader::dequeue() {
    Entry entry = std::exchange(entries_[first_], {});
    first_ = (first_ + 1) % entries_.size();
    --count_;
    return entry;
}

void QueueReader::leaveOut(const Entry &entry) {
    if (gap_.missed == 0) gap_.atUs = entry.gap.missed > 0 ? entry.gap.atUs : entry.frame->facts().capturedAtUs;
    gap_.missed += entry.gap.missed + 1;
}

} // namespace camera
