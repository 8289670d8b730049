// gen: load generator for JSON-RPC over WebSocket on loopback. One thread, one epoll, no allocation while it measures.
// Prints one line of JSON. Exit 0 when every reply that was looked at was right, 1 when not, 64 on wrong options.
#include <sys/resource.h>

#include <cinttypes>
#include <cstdio>

#include "load.hpp"

namespace {

void raiseDescriptorLimit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/** With what each bucket holds, so that the histograms of several runs can be put together. */
void printLatency(const bench::Histogram &h) {
    std::printf("{\"p50\":%" PRIu64 ",\"p95\":%" PRIu64 ",\"p99\":%" PRIu64 ",\"p999\":%" PRIu64 ",\"max\":%" PRIu64 ",\"buckets\":[",
                h.percentile(0.5), h.percentile(0.95), h.percentile(0.99), h.percentile(0.999), h.max());
    const char *separator = "";
    h.each([&](uint64_t ns, uint32_t count) {
        std::printf("%s[%" PRIu64 ",%" PRIu32 "]", separator, ns, count);
        separator = ",";
    });
    std::printf("]}");
}

void print(const bench::LoadResult &r, const std::vector<bench::RequestClass> &classes) {
    std::printf("{\"replies\":%" PRIu64 ",\"seconds\":%.6f,\"perSecond\":%.1f,\"serverCpuNs\":%" PRIu64 ",\"ownCpuNs\":%" PRIu64
                ",\"requestBytes\":%zu,\"replyBytes\":%zu,\"checked\":%" PRIu64 ",\"wrong\":%" PRIu64 ",\"latencyNs\":",
                r.replies, r.seconds, static_cast<double>(r.replies) / r.seconds, r.serverCpuNs, r.ownCpuNs, r.requestBytes,
                r.replyBytes, r.checked, r.wrong);
    printLatency(r.latency);
    std::printf(",\"classes\":{");
    for (const auto &one : classes) {
        std::printf("%s\"%s\":{\"replies\":%" PRIu64 ",\"wrong\":%" PRIu64 ",\"replyBytes\":%zu,\"latencyNs\":", &one == classes.data() ? "" : ",",
                    one.name.c_str(), one.replies, one.wrong, one.replyBytes);
        printLatency(one.latency);
        std::printf("}");
    }
    std::printf("}}\n");
}

}  // namespace

int main(int argc, char **argv) {
    const auto options = bench::parseOptions(argc, argv);
    if (!options) return 64;
    raiseDescriptorLimit();
    std::vector<bench::Connection> connections(static_cast<size_t>(options->connections));
    for (auto &connection : connections) {
        if (!connection.open(options->port, options->path, options->token)) return 1;
        if (!options->setup.empty() && !connection.ask(options->setup)) return 1;
    }
    if (options->hold) return bench::holdUntilClosed(connections) ? 0 : 1;
    std::optional<bench::RequestMix> mix;
    if (options->rate > 0) {
        mix = bench::RequestMix::of(*options);
        if (!mix) return 64;
    }
    const auto result = mix ? bench::runOpenLoop(connections, *options, *mix) : bench::runClosedLoop(connections, *options);
    if (!result) {
        std::fprintf(stderr, "gen: the load ended early\n");
        return 1;
    }
    print(*result, mix ? mix->classes : std::vector<bench::RequestClass>{});
    return result->wrong == 0 && result->replies > 0 ? 0 : 1;
}
