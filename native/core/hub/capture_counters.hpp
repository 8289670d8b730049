// What a capture counts. Written by its threads, read by anyone; kept by the source over restarts.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "hub/capture_types.hpp"

namespace camera {

/// Frames per second over the last two seconds, as far as 512 arrivals reach. One writer; readers on any thread never hold it up.
class RateMeter {
public:
    struct Rate {
        double fps = 0;
        double bytesPerSecond = 0;
    };

    void count(int64_t atUs, size_t bytes) {
        const size_t next = next_.load(std::memory_order_relaxed);
        Arrival &arrival = arrivals_[next % kKept];
        arrival.atUs.store(atUs, std::memory_order_relaxed);
        arrival.bytes.store(static_cast<uint32_t>(bytes), std::memory_order_relaxed);
        next_.store(next + 1, std::memory_order_release);
    }

    /// 0 before the second frame and when the last one is long ago.
    Rate rate(int64_t nowUs) const {
        const size_t next = next_.load(std::memory_order_acquire);
        const size_t known = std::min(next, kKept - kSlack);
        size_t frames = 0;
        uint64_t bytes = 0;
        uint64_t oldestBytes = 0;
        int64_t oldest = nowUs;
        for (size_t i = 1; i <= known; ++i) {
            const Arrival &arrival = arrivals_[(next - i) % kKept];
            const int64_t at = arrival.atUs.load(std::memory_order_relaxed);
            if (nowUs - at > kWindowUs) break;
            oldest = at;
            oldestBytes = arrival.bytes.load(std::memory_order_relaxed);
            bytes += oldestBytes;
            ++frames;
        }
        if (frames < 2) return {};
        const int64_t newest = arrivals_[(next - 1) % kKept].atUs.load(std::memory_order_relaxed);
        if (newest <= oldest) return {};
        const double seconds = static_cast<double>(newest - oldest) / 1e6;
        return {static_cast<double>(frames - 1) / seconds, static_cast<double>(bytes - oldestBytes) / seconds};
    }

private:
    struct Arrival {
        std::atomic<int64_t> atUs{0};
        std::atomic<uint32_t> bytes{0};
    };
    static constexpr size_t kKept = 512;
    /// What the writer may overwrite while a reader looks.
    static constexpr size_t kSlack = 16;
    static constexpr int64_t kWindowUs = 2'000'000;

    std::array<Arrival, kKept> arrivals_{};
    std::atomic<size_t> next_{0};
};

/// What may change while a capture runs. Written by anyone, read by its threads.
struct CaptureDials {
    /// Of JPEGs that we make, 1 to 100.
    std::atomic<int> jpegQuality{80};
};

struct CaptureCounters {
    std::atomic<uint64_t> frames{0};
    std::atomic<uint64_t> bytes{0};
    std::atomic<uint64_t> lost{0};
    std::atomic<uint64_t> invalidJpeg{0};
    std::array<std::atomic<uint64_t>, kJpegRejects> invalidReasons{};
    std::atomic<uint64_t> invalidUnits{0};
    std::atomic<uint64_t> errorFlag{0};
    std::atomic<uint64_t> encoderBusy{0};
    std::atomic<uint64_t> restarts{0};
    std::array<std::atomic<uint64_t>, kIncidents> incidents{};
    std::atomic<int64_t> lastFrameAtUs{0};
    RateMeter rate;

    CaptureStats snapshot(bool running, int64_t nowUs) const {
        const RateMeter::Rate measured = running ? rate.rate(nowUs) : RateMeter::Rate{};
        const int64_t lastUs = lastFrameAtUs;
        CaptureStats stats{.running = running,
                           .frames = frames,
                           .bytes = bytes,
                           .lost = lost,
                           .invalidJpeg = invalidJpeg,
                           .invalidUnits = invalidUnits,
                           .errorFlag = errorFlag,
                           .encoderBusy = encoderBusy,
                           .restarts = restarts,
                           .fps = measured.fps,
                           .bytesPerSecond = measured.bytesPerSecond,
                           .lastFrameAtUs = lastUs,
                           .lastFrameAgeUs = lastUs > 0 ? std::max<int64_t>(0, nowUs - lastUs) : -1};
        std::copy(invalidReasons.begin(), invalidReasons.end(), stats.invalidReasons.begin());
        std::copy(incidents.begin(), incidents.end(), stats.incidents.begin());
        return stats;
    }

    void reject(JpegReject reason) {
        invalidJpeg.fetch_add(1, std::memory_order_relaxed);
        invalidReasons[static_cast<size_t>(reason)].fetch_add(1, std::memory_order_relaxed);
    }

    void note(Incident incident, uint64_t times = 1) {
        incidents[static_cast<size_t>(incident)].fetch_add(times, std::memory_order_relaxed);
    }

    void goodFrame(size_t frameBytes, int64_t atUs) {
        frames.fetch_add(1, std::memory_order_relaxed);
        bytes.fetch_add(frameBytes, std::memory_order_relaxed);
        lastFrameAtUs.store(atUs, std::memory_order_relaxed);
        rate.count(atUs, frameBytes);
    }
};

} // namespace camera
