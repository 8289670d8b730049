#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "histogram.hpp"
#include "options.hpp"

namespace bench {

/** What the viewers saw between the warm-up and the end. */
struct WatchResult {
    double seconds = 0;
    /** Frames of all viewers. */
    uint64_t frames = 0;
    /** Frames per second of each viewer. */
    std::vector<double> fps;
    uint64_t bytes = 0;
    /** Parts of another size than the frames asked for. */
    uint64_t foreign = 0;
    /** From X-Timestamp to the arrival of the part's last byte. Empty when the server writes none. */
    Histogram ageNs;
    uint64_t serverCpuNs = 0;
    uint64_t ownCpuNs = 0;
};

/** Everybody watches for a while. nullopt after a message on stderr: a stream that broke, a server that does not answer. */
std::optional<WatchResult> watch(const ViewerOptions &options);

struct ChurnResult {
    uint64_t cycles = 0;
    double seconds = 0;
};

/** Viewers come, see one part and leave, every other one without a farewell. nullopt after a message on stderr. */
std::optional<ChurnResult> churn(const ViewerOptions &options);

}  // namespace bench
