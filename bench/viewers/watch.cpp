#include <algorithm>
#include <cstdio>
#include <ctime>

#include "audience.hpp"
#include "cpu_time.hpp"
#include "runs.hpp"

namespace bench {
namespace {

/** Questions that nobody answered yet; more would overflow the queue of connections not yet accepted. */
constexpr size_t kAtOnce = 64;
constexpr int kStallMs = 5'000;
/** How often a slow viewer reads its share. */
constexpr uint64_t kSlowTurnNs = 100'000'000;

uint64_t wallNs() {
    timespec t{};
    clock_gettime(CLOCK_REALTIME, &t);
    return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(t.tv_nsec);
}

/** What one viewer saw. */
struct Sight {
    uint32_t frames = 0;
    /** Arrival of the last frame before the measurement, and of the last one. */
    uint64_t beforeNs = 0;
    uint64_t lastNs = 0;
    /** The same by the clock of the camera; 0 without X-Timestamp. */
    uint64_t beforeStampNs = 0;
    uint64_t lastStampNs = 0;
};

class Watch {
public:
    explicit Watch(const ViewerOptions &options)
        : options_(options),
          audience_(options, static_cast<size_t>(options.viewers)),
          slow_(static_cast<size_t>(options.slow)),
          sights_(audience_.size()) {}

    bool run() {
        if (!seatSlow() || !seatAll() || !runFor(options_.warmupS)) return false;
        result_ = {};
        const uint64_t beginWall = wallNs();
        for (Sight &sight : sights_) sight = {0, sight.lastNs == 0 ? beginWall : sight.lastNs, 0, sight.lastStampNs, 0};
        const uint64_t serverCpu = processCpuNs(options_.serverPid), ownCpu = ownCpuNs(), begin = nowNs();
        if (!runFor(options_.seconds)) return false;
        result_.seconds = static_cast<double>(nowNs() - begin) / 1e9;
        result_.serverCpuNs = processCpuNs(options_.serverPid) - serverCpu;
        result_.ownCpuNs = ownCpuNs() - ownCpu;
        for (const Sight &sight : sights_) result_.fps.push_back(rateOf(sight, wallNs()));
        return true;
    }

    const WatchResult &result() const { return result_; }

private:
    bool seatSlow() {
        for (Viewer &viewer : slow_) {
            if (!viewer.ask(options_.port, options_.path, 0)) return false;
        }
        return true;
    }

    bool seatAll() {
        size_t asked = 0;
        while (watching_ < audience_.size()) {
            for (; asked < audience_.size() && asked - watching_ < kAtOnce; asked++) {
                if (!audience_.seat(asked)) return false;
            }
            const auto events = audience_.wait(kStallMs);
            if (events.empty()) {
                std::fprintf(stderr, "viewers: %zu of %zu are answered, then nothing for %d ms\n", watching_, audience_.size(), kStallMs);
                return false;
            }
            if (!serveAll(events)) return false;
        }
        return true;
    }

    bool runFor(double seconds) {
        const uint64_t end = nowNs() + static_cast<uint64_t>(seconds * 1e9);
        for (uint64_t now = nowNs(); now < end; now = nowNs()) {
            if (!slow_.empty() && now >= slowTurnNs_ && !readSlowly(now)) return false;
            const uint64_t waitNs = slow_.empty() ? end - now : std::min(end - now, kSlowTurnNs / 10);
            if (!serveAll(audience_.wait(static_cast<int>(waitNs / 1'000'000 + 1)))) return false;
        }
        return true;
    }

    bool serveAll(std::span<const epoll_event> events) {
        for (const epoll_event &event : events) {
            if (!serve(static_cast<size_t>(event.data.u64))) return false;
        }
        return true;
    }

    bool serve(size_t place) {
        const bool before = audience_[place].answered();
        const bool open = audience_[place].receive([&](const Part &part) { note(place, part); });
        if (!before && audience_[place].answered()) watching_++;
        return open;
    }

    void note(size_t place, const Part &part) {
        if (options_.frameBytes != 0 && part.bodyBytes != options_.frameBytes) {
            result_.foreign++;
            return;
        }
        result_.frames++;
        result_.bytes += part.bodyBytes;
        const uint64_t now = wallNs();
        sights_[place].frames++;
        sights_[place].lastNs = now;
        sights_[place].lastStampNs = part.stampNs;
        if (part.stampNs != 0) result_.ageNs.record(now > part.stampNs ? now - part.stampNs : 0);
    }

    /**
     * From frame to frame, so that no part of an interval counts as a missing frame; a silence at the end counts, though. The camera's
     * clock shows what is missing when late frames arrive in a burst.
     */
    double rateOf(const Sight &sight, uint64_t end) const {
        const auto twoFrames = static_cast<uint64_t>(2e9 / options_.fps);
        const uint64_t last = std::max(sight.lastNs, end - twoFrames);
        const double arrived = sight.frames * 1e9 / static_cast<double>(last - sight.beforeNs);
        if (sight.beforeStampNs == 0 || sight.lastStampNs <= sight.beforeStampNs) return arrived;
        return std::min(arrived, sight.frames * 1e9 / static_cast<double>(sight.lastStampNs - sight.beforeStampNs));
    }

    bool readSlowly(uint64_t now) {
        slowTurnNs_ = now + kSlowTurnNs;
        const auto share = static_cast<size_t>(options_.slowRate) * kSlowTurnNs / 1'000'000'000;
        for (Viewer &viewer : slow_) {
            if (!viewer.discardAny(share)) return false;
        }
        return true;
    }

    const ViewerOptions &options_;
    Audience audience_;
    std::vector<Viewer> slow_;
    std::vector<Sight> sights_;
    size_t watching_ = 0;
    uint64_t slowTurnNs_ = 0;
    WatchResult result_;
};

}  // namespace

std::optional<WatchResult> watch(const ViewerOptions &options) {
    Watch run(options);
    if (!run.run()) return std::nullopt;
    return run.result();
}

}  // namespace bench
