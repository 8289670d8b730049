#include "pictures/encoder_pool.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/core_thread.hpp"
#include "pictures/jpeg_encoder.hpp"

namespace camera {

class EncoderLane {
public:
    EncoderLane(std::shared_ptr<FrameHub> hub, std::shared_ptr<CaptureCounters> counters,
                std::shared_ptr<const CaptureDials> dials)
        : hub(std::move(hub)), counters(std::move(counters)), dials(std::move(dials)), pool(FramePool::create()) {}

    const std::shared_ptr<FrameHub> hub;
    const std::shared_ptr<CaptureCounters> counters;
    const std::shared_ptr<const CaptureDials> dials;
    const std::shared_ptr<FramePool> pool;
    // Under the pool's lock.
    FramePtr waiting;
    RawFormat format;
    bool encoding = false;
};

struct EncoderPool::State {
    const int threadCount;

    std::mutex mutex;
    std::condition_variable changed;
    /// Lanes with a waiting frame that no thread is encoding, in the order of arrival.
    std::deque<std::shared_ptr<EncoderLane>> ready;
    std::vector<CoreThread> threads;
    bool stopping = false;

    explicit State(int threadCount) : threadCount(std::max(threadCount, 1)) {}

    void startThreads(const std::shared_ptr<State> &self) {
        if (!threads.empty()) return;
        for (int i = 0; i < threadCount; ++i) {
            auto started = CoreThread::start({.name = "cam-encode-" + std::to_string(i)}, [self] { self->run(); });
            if (started.ok()) threads.push_back(started.take());
        }
    }

    void run() {
        JpegEncoder encoder;
        RawImage image;
        std::unique_lock lock(mutex);
        for (;;) {
            changed.wait(lock, [this] { return stopping || !ready.empty(); });
            if (stopping) return;
            const std::shared_ptr<EncoderLane> lane = std::move(ready.front());
            ready.pop_front();
            const FramePtr raw = std::move(lane->waiting);
            const RawFormat format = lane->format;
            lane->encoding = true;
            lock.unlock();
            encode(*lane, *raw, format, encoder, image);
            lock.lock();
            lane->encoding = false;
            if (lane->waiting) ready.push_back(lane);
        }
    }

    void encode(EncoderLane &lane, const Frame &raw, const RawFormat &format, JpegEncoder &encoder, RawImage &image) const {
        const auto jpeg = encoder.encode(image.convert(format, raw.bytes()), lane.dials->jpegQuality.load(std::memory_order_relaxed));
        if (!jpeg.ok()) return;
        FrameDraft draft = lane.pool->take(jpeg.value().size());
        std::memcpy(draft.room().data(), jpeg.value().data(), jpeg.value().size());
        draft.setSize(jpeg.value().size());
        draft.facts() = raw.facts();
        lane.hub->publish(draft.finish());
    }
};

EncoderPool::EncoderPool(int threads) : state_(std::make_shared<State>(threads)) {}

EncoderPool::~EncoderPool() { stop(std::numeric_limits<int>::max()); }

std::shared_ptr<EncoderLane> EncoderPool::lane(std::shared_ptr<FrameHub> hub, std::shared_ptr<CaptureCounters> counters,
                                               std::shared_ptr<const CaptureDials> dials) {
    return std::make_shared<EncoderLane>(std::move(hub), std::move(counters), std::move(dials));
}

void EncoderPool::submit(const std::shared_ptr<EncoderLane> &lane, FramePtr raw, const RawFormat &format) {
    FramePtr replaced; // freed after the lock
    const std::lock_guard lock(state_->mutex);
    if (state_->stopping) return;
    state_->startThreads(state_);
    replaced = std::exchange(lane->waiting, std::move(raw));
    lane->format = format;
    if (replaced) {
        lane->counters->encoderBusy.fetch_add(1, std::memory_order_relaxed);
        return; // the lane is in the queue, or its thread looks again
    }
    if (lane->encoding) return;
    state_->ready.push_back(lane);
    state_->changed.notify_one();
}

bool EncoderPool::stop(int timeoutMs) {
    std::vector<CoreThread> threads;
    std::deque<std::shared_ptr<EncoderLane>> dropped;
    {
        const std::lock_guard lock(state_->mutex);
        state_->stopping = true;
        threads.swap(state_->threads);
        dropped.swap(state_->ready);
        state_->changed.notify_all();
    }
    const int64_t deadlineUs = monotonicUs() + int64_t{timeoutMs} * 1000;
    bool all = true;
    for (CoreThread &thread : threads) {
        const int64_t leftMs = std::max<int64_t>(0, (deadlineUs - monotonicUs()) / 1000);
        if (thread.joinFor(static_cast<int>(std::min<int64_t>(leftMs, timeoutMs)))) continue;
        thread.writeOff();
        all = false;
    }
    return all;
}

} // namespace camera
