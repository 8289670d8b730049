// listeners: connections that subscribed to a topic, and how long an event takes to reach them. Orders the events itself (raw/server.hpp).
// Prints one line of JSON; exit 1 when an event did not come everywhere, 64 on wrong options.
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "audience.hpp"
#include "cpu_time.hpp"
#include "descriptor_limit.hpp"
#include "histogram.hpp"

namespace {

constexpr uint64_t kDeadlineNs = 20'000'000'000;
/** Between two single events, so that one does not find the other's work. */
constexpr useconds_t kPauseUs = 30'000;

bool waitFor(bench::Audience &audience, size_t event) {
    const uint64_t deadline = bench::nowNs() + kDeadlineNs;
    while (!audience.hasComeEverywhere(event)) {
        if (!audience.receive(1'000)) return false;
        if (bench::nowNs() <= deadline) continue;
        std::fprintf(stderr, "listeners: event %zu did not come everywhere\n", event);
        return false;
    }
    return true;
}

/** One event after the other; nanoseconds from the beginning until the first, the median and the last listener had it. */
bool single(bench::Audience &audience, size_t events) {
    for (size_t event = 0; event < events; event++) {
        usleep(kPauseUs);
        if (!audience.order() || !waitFor(audience, event)) return false;
        std::vector<uint64_t> arrivals = audience.arrivalsOf(event);
        std::sort(arrivals.begin(), arrivals.end());
        const uint64_t began = audience.beganAt(event);
        std::printf("%s{\"firstNs\":%" PRIu64 ",\"medianNs\":%" PRIu64 ",\"lastNs\":%" PRIu64 "}", event == 0 ? "{\"events\":[" : ",",
                    arrivals.front() - began, arrivals[arrivals.size() / 2] - began, arrivals.back() - began);
    }
    std::printf("]}\n");
    return true;
}

/** Events at fixed times, whatever becomes of them; a delivery's time counts from when its event was due. */
bool steady(bench::Audience &audience, size_t events, double rate) {
    const uint64_t start = bench::nowNs() + 100'000'000;
    const auto due = [&](size_t event) { return start + static_cast<uint64_t>(static_cast<double>(event) * 1e9 / rate); };
    for (size_t ordered = 0; ordered < events;) {
        if (bench::nowNs() >= due(ordered)) {
            if (!audience.order()) return false;
            ordered++;
        }
        if (!audience.receive(0)) return false;
    }
    if (!waitFor(audience, events - 1)) return false;
    static bench::Histogram took;
    uint64_t last = start;
    for (size_t event = 0; event < events; event++) {
        for (const uint64_t at : audience.arrivalsOf(event)) {
            took.record(at > due(event) ? at - due(event) : 0);
            last = std::max(last, at);
        }
    }
    std::printf("{\"deliveries\":%zu,\"seconds\":%.6f,\"latencyNs\":{\"p50\":%" PRIu64 ",\"p95\":%" PRIu64 ",\"p99\":%" PRIu64 ",\"max\":%" PRIu64
                "}}\n",
                audience.deliveries(), static_cast<double>(last - start) / 1e9, took.percentile(0.5), took.percentile(0.95),
                took.percentile(0.99), took.max());
    return true;
}

}  // namespace

int main(int argc, char **argv) {
    const auto options = bench::parseListenerOptions(argc, argv);
    if (!options) return 64;
    bench::raiseDescriptorLimit();
    bench::Audience audience(*options);
    if (!audience.open()) return 1;
    const auto events = static_cast<size_t>(options->events);
    return (options->rate > 0 ? steady(audience, events, options->rate) : single(audience, events)) ? 0 : 1;
}
