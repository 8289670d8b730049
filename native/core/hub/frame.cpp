#include "hub/frame.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace camera {

namespace {

constexpr size_t kGrainBytes = 16 * 1024;

size_t roundUp(size_t bytes) { return (bytes + kGrainBytes - 1) / kGrainBytes * kGrainBytes; }

} // namespace

void FramePtr::release() {
    if (!frame_) return;
    // Release on the way down and acquire at the end: all reads of other owners happen before the block is used again.
    if (frame_->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        const std::shared_ptr<FramePool> home = std::move(frame_->home_);
        home->giveBack(frame_);
    }
    frame_ = nullptr;
}

std::span<const uint8_t> Frame::wire(Dress dress) const {
    Wire seen = wire_.load(std::memory_order_acquire);
    if (seen == Wire::Bare && wire_.compare_exchange_strong(seen, Wire::Dressing, std::memory_order_acquire)) {
        // Every frame is made as a writable one; the margins belong to whoever turned Bare into Dressing.
        dress(*this, FrameMargins(const_cast<Frame &>(*this)));
        wire_.store(Wire::Dressed, std::memory_order_release);
        wire_.notify_all();
    } else {
        for (; seen == Wire::Dressing; seen = wire_.load(std::memory_order_acquire)) wire_.wait(Wire::Dressing);
    }
    return wire();
}

void FrameMargins::setHeader(std::span<const uint8_t> header) {
    const size_t bytes = std::min(header.size(), kFrameHeadroomBytes);
    std::memcpy(frame_.content() - bytes, header.data(), bytes);
    frame_.headerBytes_ = static_cast<uint32_t>(bytes);
}

void FrameMargins::setTrailer(std::span<const uint8_t> trailer) {
    const size_t bytes = std::min(trailer.size(), kFrameTailroomBytes);
    std::memcpy(frame_.content() + frame_.size_, trailer.data(), bytes);
    frame_.trailerBytes_ = static_cast<uint32_t>(bytes);
}

void FrameDraft::dress(Frame::Dress dress) {
    dress(*frame(), FrameMargins(*frame()));
    frame()->wire_.store(Frame::Wire::Dressed, std::memory_order_relaxed);
}

void FrameDraft::setTrailer(std::span<const uint8_t> trailer) {
    FrameMargins(*frame()).setTrailer(trailer);
    frame()->wire_.store(Frame::Wire::Dressed, std::memory_order_relaxed);
}

std::shared_ptr<FramePool> FramePool::create(size_t maxIdle) {
    return std::shared_ptr<FramePool>(new FramePool(maxIdle));
}

FramePool::~FramePool() {
    for (Frame *frame : idle_) destroy(frame);
}

FrameDraft FramePool::take(size_t bytes) {
    Frame *frame = nullptr;
    size_t capacity = 0;
    {
        const std::lock_guard lock(mutex_);
        usualBytes_ = std::max(usualBytes_, bytes);
        const auto fits = std::find_if(idle_.rbegin(), idle_.rend(), [&](Frame *idle) { return idle->capacity_ >= bytes; });
        if (fits != idle_.rend()) {
            frame = *fits;
            idle_.erase(std::next(fits).base());
        } else {
            ++allocations_;
            capacity = roundUp(usualBytes_);
        }
    }
    if (!frame) frame = new (::operator new(sizeof(Frame) + kFrameHeadroomBytes + capacity + kFrameTailroomBytes)) Frame(capacity);
    frame->references_.store(1, std::memory_order_relaxed);
    frame->wire_.store(Frame::Wire::Bare, std::memory_order_relaxed);
    frame->headerBytes_ = 0;
    frame->trailerBytes_ = 0;
    frame->size_ = 0;
    frame->facts_ = FrameFacts{};
    frame->home_ = shared_from_this();
    return FrameDraft(frame);
}

size_t FramePool::allocations() const {
    const std::lock_guard lock(mutex_);
    return allocations_;
}

void FramePool::giveBack(Frame *frame) {
    {
        const std::lock_guard lock(mutex_);
        // A block too small for what comes now is not kept: it would be passed over again and again.
        if (idle_.size() < maxIdle_ && frame->capacity_ >= usualBytes_) {
            idle_.push_back(frame);
            return;
        }
    }
    destroy(frame);
}

void FramePool::destroy(Frame *frame) {
    frame->~Frame();
    ::operator delete(frame);
}

} // namespace camera
