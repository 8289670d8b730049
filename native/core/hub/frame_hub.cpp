#include "hub/frame_hub.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace camera {

std::shared_ptr<FrameHub> FrameHub::create(std::shared_ptr<Courier> courier) {
    return std::shared_ptr<FrameHub>(new FrameHub(std::move(courier)));
}

void FrameHub::publish(FramePtr frame) {
    std::vector<Waiter> satisfied;
    FramePtr dropped[kSlots]; // freed outside the lock
    {
        const std::lock_guard lock(mutex_);
        ++head_;
        // Room first: of a full ring the oldest frame lies where the new one goes.
        for (size_t i = 0; head_ - tail_ >= retained_; ++tail_) dropped[i++] = std::move(ring_[tail_ % kSlots]);
        ring_[head_ % kSlots] = frame;
        if (!waiters_.empty()) satisfied = takeSatisfied(frame->facts().capturedAtUs);
        for (FrameSink *sink : sinks_) sink->frameArrived(ring_[head_ % kSlots]);
    }
    if (satisfied.empty()) return;
    for (const Waiter &waiter : satisfied) courier_->cancel(waiter.timer);
    courier_->post([satisfied = std::move(satisfied), frame = std::move(frame)] {
        for (const Waiter &waiter : satisfied) waiter.answer(frame);
    });
}

std::vector<FrameHub::Waiter> FrameHub::takeSatisfied(int64_t capturedUs) {
    std::vector<Waiter> satisfied;
    for (auto it = waiters_.begin(); it != waiters_.end();) {
        if (it->second.wantedUs > capturedUs) {
            ++it;
            continue;
        }
        satisfied.push_back(std::move(it->second));
        it = waiters_.erase(it);
        demand_.fetch_sub(1, std::memory_order_relaxed);
    }
    return satisfied;
}

size_t FrameHub::keptSince(int64_t sinceUs) const {
    const std::lock_guard lock(mutex_);
    size_t kept = 0;
    for (uint64_t number = tail_; number <= head_; ++number) {
        const FramePtr &frame = ring_[number % kSlots];
        if (frame && frame->facts().capturedAtUs >= sinceUs) ++kept;
    }
    return kept;
}

FramePtr FrameHub::newest() const {
    const std::lock_guard lock(mutex_);
    return ring_[head_ % kSlots];
}

FrameReading FrameHub::newestAfter(uint64_t cursor) const {
    const std::lock_guard lock(mutex_);
    return readingOf(head_, cursor);
}

FrameReading FrameHub::nextAfter(uint64_t cursor) const {
    const std::lock_guard lock(mutex_);
    return readingOf(std::min(head_, std::max(cursor + 1, tail_)), cursor);
}

FrameReading FrameHub::readingOf(uint64_t number, uint64_t cursor) const {
    if (number <= cursor || !ring_[number % kSlots]) return {.frame = {}, .cursor = cursor, .skipped = 0};
    return {.frame = ring_[number % kSlots], .cursor = number, .skipped = number - cursor - 1};
}

void FrameHub::wait(int64_t wantedUs, int64_t deadlineUs, Answer answer) {
    std::unique_lock lock(mutex_);
    const FramePtr &newest = ring_[head_ % kSlots];
    if (newest && newest->facts().capturedAtUs >= wantedUs) return answerSoon(std::move(answer), newest);
    if (ended_) return answerSoon(std::move(answer), *ended_);
    if (waiters_.size() >= kMaxWaiters) return answerSoon(std::move(answer), Error{EBUSY, "grab", {}});
    const uint64_t number = ++lastWaiter_;
    Waiter &waiter = waiters_[number];
    waiter.wantedUs = wantedUs;
    waiter.answer = std::move(answer);
    demand_.fetch_add(1, std::memory_order_relaxed);
    waiter.timer = courier_->postAt(deadlineUs, [weak = weak_from_this(), number] {
        if (const auto hub = weak.lock()) hub->expire(number);
    });
}

void FrameHub::expire(uint64_t number) {
    Answer answer;
    {
        const std::lock_guard lock(mutex_);
        const auto found = waiters_.find(number);
        if (found == waiters_.end()) return;
        answer = std::move(found->second.answer);
        waiters_.erase(found);
        demand_.fetch_sub(1, std::memory_order_relaxed);
    }
    answer(Error{ETIMEDOUT, "grab", {}});
}

void FrameHub::answerSoon(Answer answer, Result<FramePtr> result) {
    courier_->post([answer = std::move(answer), result = std::move(result)] { answer(result); });
}

void FrameHub::beginCapture() {
    const std::lock_guard lock(mutex_);
    ended_.reset();
}

void FrameHub::endCapture(const Error &reason) {
    std::unordered_map<uint64_t, Waiter> waiters;
    std::array<FramePtr, kSlots> frames;
    {
        const std::lock_guard lock(mutex_);
        ended_ = reason;
        waiters.swap(waiters_);
        frames.swap(ring_);
        tail_ = head_ + 1;
        demand_.fetch_sub(static_cast<int>(waiters.size()), std::memory_order_relaxed);
    }
    for (auto &[number, waiter] : waiters) {
        courier_->cancel(waiter.timer);
        answerSoon(std::move(waiter.answer), reason);
    }
}

void FrameHub::addSink(FrameSink *sink) {
    const std::lock_guard lock(mutex_);
    sinks_.push_back(sink);
    demand_.fetch_add(1, std::memory_order_relaxed);
}

bool FrameHub::addSinkFromKeyframe(FrameSink *sink) {
    const std::lock_guard lock(mutex_);
    sinks_.push_back(sink);
    demand_.fetch_add(1, std::memory_order_relaxed);
    for (uint64_t start = head_; start >= tail_ && ring_[start % kSlots]; --start) {
        if (!ring_[start % kSlots]->facts().keyframe) continue;
        for (uint64_t number = start; number <= head_; ++number) sink->frameArrived(ring_[number % kSlots]);
        return true;
    }
    return false;
}

void FrameHub::removeSink(FrameSink *sink) {
    const std::lock_guard lock(mutex_);
    demand_.fetch_sub(static_cast<int>(std::erase(sinks_, sink)), std::memory_order_relaxed);
}

void FrameHub::keepEncoding(bool keep) {
    const std::lock_guard lock(mutex_);
    if (!keep && keeps_ == 0) return; // kept in a hub that was forgotten meanwhile
    keeps_ += keep ? 1 : -1;
    demand_.fetch_add(keep ? 1 : -1, std::memory_order_relaxed);
}

void FrameHub::retain(size_t frames) {
    const std::lock_guard lock(mutex_);
    retained_ = std::clamp<size_t>(frames, 1, kSlots);
}

} // namespace camera
