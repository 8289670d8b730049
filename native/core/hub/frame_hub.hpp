// Where the frames of one source meet their readers. A frame is published once and shared; readers never hold up the
// producer: they read by cursor and miss what they are too slow for, or wait for one frame with a deadline.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/courier.hpp"
#include "hub/frame.hpp"
#include "base/result.hpp"

namespace camera {

/// Is told of each new frame, on the producer's thread and under the hub's lock: write an eventfd, nothing more.
class FrameSink {
public:
    virtual ~FrameSink() = default;
    virtual void framePublished() = 0;
    /// For sinks that keep frames in a queue of their own.
    virtual void frameArrived(const FramePtr &) { framePublished(); }
};

/// What a reader with a cursor gets.
struct FrameReading {
    /// Empty when there is nothing newer than the cursor.
    FramePtr frame;
    /// To be given with the next read; 0 before the first.
    uint64_t cursor = 0;
    /// Frames between the cursor and this one that the reader will never see.
    uint64_t skipped = 0;
};

/// Held by shared_ptr; outlives captures. Any thread. Publishing costs microseconds and allocates nothing without waiters.
class FrameHub : public std::enable_shared_from_this<FrameHub> {
public:
    using Answer = std::function<void(Result<FramePtr>)>;

    /// Answers and deadlines run on `courier`.
    static std::shared_ptr<FrameHub> create(std::shared_ptr<Courier> courier);
    FrameHub(const FrameHub &) = delete;
    FrameHub &operator=(const FrameHub &) = delete;

    /// `frame` holds a whole JPEG and is newer than all before. One producer at a time.
    void publish(FramePtr frame);

    FramePtr newest() const;
    /// The newest frame after the cursor: for live readers, which skip.
    FrameReading newestAfter(uint64_t cursor) const;
    /// The oldest kept frame after the cursor: for readers of every frame, who see a gap as `skipped`.
    FrameReading nextAfter(uint64_t cursor) const;

    /// Answers with a frame whose capturedAtUs is at least `wantedUs`: the newest one at once if it is, else the first such.
    /// ETIMEDOUT of step "grab" at `deadlineUs`, EBUSY of step "grab" when too many wait, and what the capture ended with.
    void wait(int64_t wantedUs, int64_t deadlineUs, Answer answer);

    /// Frames will come: who waits from now on waits for them.
    void beginCapture();
    /// Answers every waiter with `reason`, those too that come before the next begin, and forgets the frames.
    void endCapture(const Error &reason);

    /// A sink counts as demand for JPEG. No call reaches it once `removeSink` returned.
    void addSink(FrameSink *sink);
    /// First hands it the kept frames from the newest key frame on, with no gap to the next one. False when there is none.
    bool addSinkFromKeyframe(FrameSink *sink);
    void removeSink(FrameSink *sink);

    /// Frames are wanted although nobody waits, until each true had its false.
    void keepEncoding(bool keep);
    /// Frames kept for `nextAfter`: 1 to 64, 2 at first.
    void retain(size_t frames);
    /// How many are kept now that were captured at `sinceUs` or later.
    size_t keptSince(int64_t sinceUs) const;

    /// True while somebody would use a JPEG: raw captures encode only then. One atomic read.
    bool wanted() const { return demand_.load(std::memory_order_relaxed) > 0; }

private:
    struct Waiter {
        int64_t wantedUs = 0;
        uint64_t timer = 0;
        Answer answer;
    };
    static constexpr size_t kSlots = 64;
    static constexpr size_t kMaxWaiters = 4096;

    explicit FrameHub(std::shared_ptr<Courier> courier) : courier_(std::move(courier)) {}
    void expire(uint64_t number);
    void answerSoon(Answer answer, Result<FramePtr> result);
    std::vector<Waiter> takeSatisfied(int64_t capturedUs);
    FrameReading readingOf(uint64_t number, uint64_t cursor) const;

    // Passed in.
    const std::shared_ptr<Courier> courier_;
    // State, under mutex_.
    mutable std::mutex mutex_;
    std::array<FramePtr, kSlots> ring_;
    size_t retained_ = 2;
    /// Number of the newest frame; frame n lies in slot n % kSlots.
    uint64_t head_ = 0;
    /// The oldest frame that may still be in the ring.
    uint64_t tail_ = 1;
    std::unordered_map<uint64_t, Waiter> waiters_;
    uint64_t lastWaiter_ = 0;
    /// Why no frame comes; empty before the first capture, too.
    std::optional<Error> ended_;
    std::vector<FrameSink *> sinks_;
    int keeps_ = 0;
    std::atomic<int> demand_{0};
};

} // namespace camera
