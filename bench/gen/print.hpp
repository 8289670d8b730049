#pragma once
#include <cinttypes>
#include <cstdio>

#include "histogram.hpp"

namespace bench {

/** As JSON, with what each bucket holds, so that the histograms of several runs can be put together. */
inline void printHistogram(const Histogram &h) {
    std::printf("{\"p50\":%" PRIu64 ",\"p95\":%" PRIu64 ",\"p99\":%" PRIu64 ",\"p999\":%" PRIu64 ",\"max\":%" PRIu64 ",\"buckets\":[",
                h.percentile(0.5), h.percentile(0.95), h.percentile(0.99), h.percentile(0.999), h.max());
    const char *separator = "";
    h.each([&](uint64_t ns, uint32_t count) {
        std::printf("%s[%" PRIu64 ",%" PRIu32 "]", separator, ns, count);
        separator = ",";
    });
    std::printf("]}");
}

}  // namespace bench
