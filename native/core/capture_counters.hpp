// What a capture counts. Written by its threads, read by anyone; kept by the source over restarts.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "capture_types.hpp"

namespace camera {

/// Frames per second over the last 32 arrivals or 1.5 s, whichever is shorter. Any thread.
class RateMeter {
public:
    void count(int64_t atUs) {
        const std::lock_guard lock(mutex_);
        arrivals_[next_++ % kKept] = atUs;
    }

    /// 0 before the second frame and when the last one is long ago.
    double fps(int64_t nowUs) const {
        const std::lock_guard lock(mutex_);
        const size_t known = std::min(next_, kKept);
        size_t frames = 0;
        int64_t oldest = nowUs;
        for (size_t i = 1; i <= known; ++i) {
            const int64_t at = arrivals_[(next_ - i) % kKept];
            if (nowUs - at > kWindowUs) break;
            oldest = at;
            ++frames;
        }
        if (frames < 2) return 0;
        const int64_t newest = arrivals_[(next_ - 1) % kKept];
        return newest > oldest ? static_cast<double>(frames - 1) * 1e6 / static_cast<double>(newest - oldest) : 0;
    }

private:
    static constexpr size_t kKept = 32;
    static constexpr int64_t kWindowUs = 1'500'000;

    mutable std::mutex mutex_;
    std::array<int64_t, kKept> arrivals_{};
    size_t next_ = 0;
};

struct CaptureCounters {
    std::atomic<uint64_t> frames{0};
    std::atomic<uint64_t> bytes{0};
    std::atomic<uint64_t> lost{0};
    std::atomic<uint64_t> invalidJpeg{0};
    std::array<std::atomic<uint64_t>, kJpegRejects> invalidReasons{};
    std::atomic<uint64_t> errorFlag{0};
    std::atomic<uint64_t> encoderBusy{0};
    std::atomic<uint64_t> restarts{0};
    std::atomic<int64_t> lastFrameAtUs{0};
    RateMeter rate;

    CaptureStats snapshot(bool running, int64_t nowUs) const {
        CaptureStats stats{.running = running,
                           .frames = frames,
                           .bytes = bytes,
                           .lost = lost,
                           .invalidJpeg = invalidJpeg,
                           .errorFlag = errorFlag,
                           .encoderBusy = encoderBusy,
                           .restarts = restarts,
                           .fps = running ? rate.fps(nowUs) : 0,
                           .lastFrameAtUs = lastFrameAtUs};
        std::copy(invalidReasons.begin(), invalidReasons.end(), stats.invalidReasons.begin());
        return stats;
    }

    void reject(JpegReject reason) {
        invalidJpeg.fetch_add(1, std::memory_order_relaxed);
        invalidReasons[static_cast<size_t>(reason)].fetch_add(1, std::memory_order_relaxed);
    }

    void goodFrame(size_t frameBytes, int64_t atUs) {
        frames.fetch_add(1, std::memory_order_relaxed);
        bytes.fetch_add(frameBytes, std::memory_order_relaxed);
        lastFrameAtUs.store(atUs, std::memory_order_relaxed);
        rate.count(atUs);
    }
};

} // namespace camera
