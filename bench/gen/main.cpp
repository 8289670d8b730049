// gen: load generator for JSON-RPC over WebSocket on loopback. One thread, one epoll, no allocation while it measures.
// Prints one line of JSON. Exit 0 when every reply that was looked at was right, 1 when not, 64 on wrong options.
#include <cinttypes>
#include <cstdio>

#include "descriptor_limit.hpp"
#include "load.hpp"
#include "print.hpp"

namespace {

void print(const bench::LoadResult &r, const std::vector<bench::RequestClass> &classes) {
    std::printf("{\"replies\":%" PRIu64 ",\"seconds\":%.6f,\"perSecond\":%.1f,\"serverCpuNs\":%" PRIu64 ",\"ownCpuNs\":%" PRIu64
                ",\"requestBytes\":%zu,\"replyBytes\":%zu,\"checked\":%" PRIu64 ",\"wrong\":%" PRIu64 ",\"latencyNs\":",
                r.replies, r.seconds, static_cast<double>(r.replies) / r.seconds, r.serverCpuNs, r.ownCpuNs, r.requestBytes,
                r.replyBytes, r.checked, r.wrong);
    bench::printHistogram(r.latency);
    std::printf(",\"classes\":{");
    for (const auto &one : classes) {
        std::printf("%s\"%s\":{\"replies\":%" PRIu64 ",\"wrong\":%" PRIu64 ",\"replyBytes\":%zu,\"latencyNs\":", &one == classes.data() ? "" : ",",
                    one.name.c_str(), one.replies, one.wrong, one.replyBytes);
        bench::printHistogram(one.latency);
        std::printf("}");
    }
    std::printf("}}\n");
}

}  // namespace

int main(int argc, char **argv) {
    const auto options = bench::parseOptions(argc, argv);
    if (!options) return 64;
    bench::raiseDescriptorLimit();
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
