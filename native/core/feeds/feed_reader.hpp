// Which frame a feed sends next: the newest one, or all of them out of a bounded queue.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "hub/capture_types.hpp"
#include "hub/frame_hub.hpp"

namespace camera {

class FeedReader {
public:
    virtual ~FeedReader() = default;

    /// The producer's side, under its hub's lock.
    virtual void arrived(const FramePtr &) {}

    // For the feed's owner, who locks.

    /// What is to be sent now; empty when there is nothing.
    virtual FramePtr next() = 0;
    /// The frame of the last `next` is on its way. What was left out before it counts, and is a gap for readers of a queue.
    virtual std::optional<FeedGap> taken(FeedStats &stats) = 0;
};

/// Skips what is no longer the newest.
class NewestReader : public FeedReader {
public:
    explicit NewestReader(std::shared_ptr<FrameHub> hub) : hub_(std::move(hub)) {}

    FramePtr next() override;
    std::optional<FeedGap> taken(FeedStats &stats) override;

private:
    const std::shared_ptr<FrameHub> hub_;
    FrameReading reading_;
    uint64_t cursor_ = 0;
};

struct QueueRules {
    /// 2 to kFeedQueueFrames.
    size_t maxFrames = kFeedQueueFrames;
    /// What waits is thrown away too when the queue is full: the reader wants what is new.
    bool live = false;
};

/// Keeps every frame until it is taken. Begins, and goes on after a gap, with a key frame.
class QueueReader : public FeedReader {
public:
    explicit QueueReader(const QueueRules &rules) : rules_(rules) {}

    void arrived(const FramePtr &frame) override;
    FramePtr next() override;
    std::optional<FeedGap> taken(FeedStats &stats) override;

    /// True once after the queue overflowed: a key frame would end the gap.
    bool takeWish();

private:
    struct Entry {
        FramePtr frame;
        /// What was left out right before it.
        FeedGap gap;
    };

    void enqueue(const FramePtr &frame);
    Entry dequeue();
    void leaveOut(const Entry &entry);

    const QueueRules rules_;
    /// What `next` showed; the producer cannot throw it away any more. For the owner.
    Entry shown_;
    std::mutex mutex_;
    // Under mutex_: a ring.
    std::array<Entry, kFeedQueueFrames> entries_;
    size_t first_ = 0;
    size_t count_ = 0;
    bool begun_ = false;
    bool skipping_ = true;
    bool wishes_ = false;
    /// What was left out since the last frame that entered.
    FeedGap gap_;
};

} // namespace camera
