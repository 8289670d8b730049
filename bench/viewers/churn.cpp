#include <cstdio>

#include "audience.hpp"
#include "cpu_time.hpp"
#include "runs.hpp"

namespace bench {
namespace {

constexpr int kStallMs = 5'000;

}  // namespace

std::optional<ChurnResult> churn(const ViewerOptions &options) {
    const auto wanted = static_cast<uint64_t>(options.cycles);
    Audience audience(options, static_cast<size_t>(options.viewers));
    ChurnResult result;
    uint64_t begun = 0;
    const uint64_t begin = nowNs();
    for (size_t place = 0; place < audience.size() && begun < wanted; place++, begun++) {
        if (!audience.seat(place)) return std::nullopt;
    }
    while (result.cycles < wanted) {
        const auto events = audience.wait(kStallMs);
        if (events.empty()) {
            std::fprintf(stderr, "viewers: %llu came and left, then nothing for %d ms\n", static_cast<unsigned long long>(result.cycles),
                         kStallMs);
            return std::nullopt;
        }
        for (const epoll_event &event : events) {
            const auto place = static_cast<size_t>(event.data.u64);
            bool seen = false;
            if (!audience[place].receive([&](const Part &) { seen = true; })) return std::nullopt;
            if (!seen) continue;
            audience.unseat(place, result.cycles++ % 2 == 0);
            if (begun < wanted && !audience.seat(place)) return std::nullopt;
            if (begun < wanted) begun++;
        }
    }
    result.seconds = static_cast<double>(nowNs() - begin) / 1e9;
    return result;
}

}  // namespace bench
