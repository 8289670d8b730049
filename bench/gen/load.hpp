#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "connection.hpp"
#include "histogram.hpp"
#include "options.hpp"
#include "request_mix.hpp"

namespace bench {

/** What one run measured after its warm-up. */
struct LoadResult {
    uint64_t replies = 0;
    /** Replies whose text was looked at: an `id` that was asked, and what was expected in it. */
    uint64_t checked = 0;
    uint64_t wrong = 0;
    double seconds = 0;
    uint64_t serverCpuNs = 0;
    /** Of this process, without what it spent on asking in vain whether something has come. */
    uint64_t ownCpuNs = 0;
    size_t requestBytes = 0;
    size_t replyBytes = 0;
    /** Open loop: from the scheduled time; closed loop: from the send, for depth 1 only (empty otherwise). */
    Histogram latency;
};

/** Each connection keeps `depth` requests outstanding. nullopt after a message on stderr. */
std::optional<LoadResult> runClosedLoop(std::vector<Connection> &connections, const Options &options);

/** Requests leave at t0 + i/rate whatever the server does: a stall shows in all requests that it delayed. Fills in `mix`, too. */
std::optional<LoadResult> runOpenLoop(std::vector<Connection> &connections, const Options &options, RequestMix &mix);

/** Prints one line when it begins, answers pings, and returns when the server has closed all of them. */
bool holdUntilClosed(std::vector<Connection> &connections);

}  // namespace bench
