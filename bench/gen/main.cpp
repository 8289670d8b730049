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

void print(const bench::LoadResult &r) {
    std::printf("{\"replies\":%" PRIu64 ",\"seconds\":%.6f,\"perSecond\":%.1f,\"serverCpuNs\":%" PRIu64 ",\"ownCpuNs\":%" PRIu64
                ",\"requestBytes\":%zu,\"replyBytes\":%zu,\"checked\":%" PRIu64 ",\"wrong\":%" PRIu64
                ",\"latencyNs\":{\"p50\":%" PRIu64 ",\"p95\":%" PRIu64 ",\"p99\":%" PRIu64 ",\"p999\":%" PRIu64 ",\"max\":%" PRIu64 "}}\n",
                r.replies, r.seconds, static_cast<double>(r.replies) / r.seconds, r.serverCpuNs, r.ownCpuNs, r.requestBytes,
                r.replyBytes, r.checked, r.wrong, r.latency.percentile(0.5), r.latency.percentile(0.95), r.latency.percentile(0.99),
                r.latency.percentile(0.999), r.latency.max());
}

}  // namespace

int main(int argc, char **argv) {
    const auto options = bench::parseOptions(argc, argv);
    if (!options) return 64;
    raiseDescriptorLimit();
    std::vector<bench::Connection> connections(static_cast<size_t>(options->connections));
    for (auto &connection : connections) {
        if (!connection.open(options->port, options->path, options->token)) return 1;
    }
    const auto result = options->rate > 0 ? bench::runOpenLoop(connections, *options) : bench::runClosedLoop(connections, *options);
    if (!result) return 1;
    print(*result);
    return result->wrong == 0 && result->replies > 0 ? 0 : 1;
}
