#pragma once
#include <array>
#include <bit>
#include <cstdint>

namespace bench {

/** Log-linear histogram of nanoseconds: 1024 steps per power of two, so three significant digits, and no allocation. */
class Histogram {
public:
    void record(uint64_t ns) {
        buckets_[bucketOf(ns)]++;
        count_++;
        if (ns > max_) max_ = ns;
    }
    uint64_t count() const { return count_; }
    uint64_t max() const { return max_; }

    /** Lower edge of the bucket that holds this share (0 to 1) of the values; 0 when there are none. */
    uint64_t percentile(double share) const {
        const auto wanted = static_cast<uint64_t>(share * static_cast<double>(count_));
        uint64_t seen = 0;
        for (size_t i = 0; i < buckets_.size(); i++) {
            seen += buckets_[i];
            if (seen > wanted) return lowerEdge(i);
        }
        return max_;
    }

    /** Calls `take(lower edge in ns, count)` for each bucket that holds something, in order. */
    template <typename Take>
    void each(Take &&take) const {
        for (size_t i = 0; i < buckets_.size(); i++) {
            if (buckets_[i] > 0) take(lowerEdge(i), buckets_[i]);
        }
    }

private:
    static constexpr int kStepBits = 10;
    static constexpr size_t kSteps = 1u << kStepBits;
    static constexpr size_t kBuckets = kSteps * 32;

    static size_t bucketOf(uint64_t ns) {
        if (ns < kSteps) return ns;
        const int shift = std::bit_width(ns) - kStepBits - 1;
        const size_t bucket = (static_cast<size_t>(shift) + 1) * kSteps + ((ns >> shift) - kSteps);
        return bucket < kBuckets ? bucket : kBuckets - 1;
    }
    static uint64_t lowerEdge(size_t bucket) {
        if (bucket < kSteps) return bucket;
        const size_t shift = bucket / kSteps - 1;
        return (kSteps + bucket % kSteps) << shift;
    }

    std::array<uint32_t, kBuckets> buckets_{};
    uint64_t count_ = 0;
    uint64_t max_ = 0;
};

}  // namespace bench
