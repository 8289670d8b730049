// One captured picture: an immutable, reference-counted block. In front of the bytes is room for a header and behind them
// for a trailer, so that a wire form (multipart part) is one contiguous piece without a copy.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "hub/capture_types.hpp"

namespace camera {

class FramePool;
class FramePtr;
class FrameMargins;

inline constexpr size_t kFrameHeadroomBytes = 256;
inline constexpr size_t kFrameTailroomBytes = 64;

/// Written by its one producer through FrameDraft, then shared as FramePtr and never changed again.
class Frame {
public:
    Frame(const Frame &) = delete;
    Frame &operator=(const Frame &) = delete;

    const FrameFacts &facts() const { return facts_; }
    std::span<const uint8_t> bytes() const { return {content(), size_}; }

    using Dress = void (*)(const Frame &frame, FrameMargins margins);
    /// Header, bytes and trailer as one piece. `dress` writes the two when this is first asked for, so a frame that nobody
    /// views costs nothing; who asks later gets what is there. Any thread.
    std::span<const uint8_t> wire(Dress dress) const;

    /// What the producer itself put behind the bytes, and the bytes with it; only for frames whose producer did so.
    std::span<const uint8_t> trailer() const { return {content() + size_, trailerBytes_}; }
    std::span<const uint8_t> wire() const { return {content() - headerBytes_, headerBytes_ + size_ + trailerBytes_}; }

private:
    friend class FramePool;
    friend class FramePtr;
    friend class FrameDraft;
    friend class FrameMargins;

    enum class Wire : uint8_t { Bare, Dressing, Dressed };

    explicit Frame(size_t capacity) : capacity_(capacity) {}
    ~Frame() = default;

    const uint8_t *content() const { return reinterpret_cast<const uint8_t *>(this + 1) + kFrameHeadroomBytes; }
    uint8_t *content() { return reinterpret_cast<uint8_t *>(this + 1) + kFrameHeadroomBytes; }

    std::atomic<uint32_t> references_{0};
    mutable std::atomic<Wire> wire_{Wire::Bare};
    uint32_t headerBytes_ = 0;
    uint32_t trailerBytes_ = 0;
    size_t size_ = 0;
    size_t capacity_;
    FrameFacts facts_;
    /// Set while the frame is out; empty in the pool's own list, or the pool would keep itself alive.
    std::shared_ptr<FramePool> home_;
};

/// The room around a frame's bytes, for who makes its wire form.
class FrameMargins {
public:
    /// At most kFrameHeadroomBytes, written so that it ends where the bytes begin.
    void setHeader(std::span<const uint8_t> header);
    /// At most kFrameTailroomBytes, right behind the bytes.
    void setTrailer(std::span<const uint8_t> trailer);

private:
    friend class Frame;
    friend class FrameDraft;
    explicit FrameMargins(Frame &frame) : frame_(frame) {}

    Frame &frame_;
};

/// Shared owner of a frame; copying costs one atomic increment. Any thread.
class FramePtr {
public:
    FramePtr() = default;
    FramePtr(const FramePtr &other) noexcept : frame_(other.frame_) {
        if (frame_) frame_->references_.fetch_add(1, std::memory_order_relaxed);
    }
    FramePtr(FramePtr &&other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
    FramePtr &operator=(FramePtr other) noexcept {
        std::swap(frame_, other.frame_);
        return *this;
    }
    ~FramePtr() { release(); }

    const Frame *operator->() const { return frame_; }
    const Frame &operator*() const { return *frame_; }
    explicit operator bool() const { return frame_ != nullptr; }
    bool operator==(const FramePtr &other) const { return frame_ == other.frame_; }

private:
    friend class FrameDraft;
    explicit FramePtr(Frame *adopted) : frame_(adopted) {}
    void release();

    Frame *frame_ = nullptr;
};

/// A frame that is being made: writable, with one owner. Empty after `finish` or a move.
class FrameDraft {
public:
    FrameDraft() = default;
    FrameDraft(FrameDraft &&) noexcept = default;
    FrameDraft &operator=(FrameDraft &&) noexcept = default;

    explicit operator bool() const { return static_cast<bool>(frame_); }
    /// All that fits; `setSize` says how much of it counts.
    std::span<uint8_t> room() { return {frame()->content(), frame()->capacity_}; }
    void setSize(size_t bytes) { frame()->size_ = bytes; }
    FrameFacts &facts() { return frame()->facts_; }
    /// A wire form of its own, whatever `Frame::wire` is asked for later; after `setSize` and the facts.
    void dress(Frame::Dress dress);
    /// The same with nothing in front.
    void setTrailer(std::span<const uint8_t> trailer);
    FramePtr finish() { return std::move(frame_); }

private:
    friend class FramePool;
    explicit FrameDraft(Frame *adopted) : frame_(FramePtr(adopted)) {}
    Frame *frame() { return frame_.frame_; }

    FramePtr frame_;
};

/// Keeps the blocks of frames that nobody holds any more, so that a steady stream allocates nothing. Blocks that are still
/// held when the pool goes are freed by their last owner. Any thread.
class FramePool : public std::enable_shared_from_this<FramePool> {
public:
    /// Keeps at most `maxIdle` unused blocks.
    static std::shared_ptr<FramePool> create(size_t maxIdle = 8);
    FramePool(const FramePool &) = delete;
    FramePool &operator=(const FramePool &) = delete;
    ~FramePool();

    /// A block with room for `bytes`; its size is 0 and its facts are empty.
    FrameDraft take(size_t bytes);

    /// Blocks that were newly allocated so far: a steady stream stops counting.
    size_t allocations() const;

private:
    friend class FramePtr;
    explicit FramePool(size_t maxIdle) : maxIdle_(maxIdle) { idle_.reserve(maxIdle); }
    void giveBack(Frame *frame);
    static void destroy(Frame *frame);

    const size_t maxIdle_;
    mutable std::mutex mutex_;
    std::vector<Frame *> idle_;
    size_t allocations_ = 0;
    /// The largest request so far: new blocks are made so large, or a camera whose pictures vary would never settle.
    size_t usualBytes_ = 0;
};

} // namespace camera
