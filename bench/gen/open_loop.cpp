#include <cstdio>

#include "cpu_time.hpp"
#include "load.hpp"
#include "poller.hpp"
#include "reply_check.hpp"
#include "websocket.hpp"

namespace bench {

std::optional<LoadResult> runOpenLoop(std::vector<Connection> &connections, const Options &options) {
    const RequestTemplate request(options.method, options.params);
    Poller poller(connections);
    std::vector<char> frame(request.bytes()), input(256 * 1024);
    LoadResult result;
    result.requestBytes = request.bytes();

    const uint64_t start = nowNs();
    const auto scheduledAt = [&](uint64_t i) { return start + static_cast<uint64_t>(static_cast<double>(i) * 1e9 / options.rate); };
    const uint64_t measureFrom = start + static_cast<uint64_t>(options.warmupS * 1e9);
    const uint64_t end = measureFrom + static_cast<uint64_t>(options.seconds * 1e9);
    uint64_t sent = 0, serverCpu = 0, ownCpu = 0;

    for (uint64_t now = start; now < end; now = nowNs()) {
        if (serverCpu == 0 && now >= measureFrom) {
            serverCpu = processCpuNs(options.serverPid);
            ownCpu = ownCpuNs();
        }
        for (; sent < RequestTemplate::kIds && scheduledAt(sent) <= now; sent++) {
            request.write(frame.data(), RequestTemplate::kFirstId + static_cast<uint32_t>(sent));
            if (!connections[sent % connections.size()].send(frame.data(), frame.size())) return std::nullopt;
        }
        // No sleep between two sends: a timer would add its own lateness to every latency.
        for (const epoll_event &event : poller.wait(0)) {
            Connection &connection = connections[static_cast<size_t>(event.data.u64)];
            const bool open = connection.receive(input, [&](std::string_view reply) {
                const auto id = replyId(reply);
                const uint64_t due = id ? scheduledAt(*id - RequestTemplate::kFirstId) : 0;
                if (due < measureFrom) return;
                result.replies++;
                result.checked++;
                result.replyBytes = reply.size();
                if (!isResult(reply)) result.wrong++;
                const uint64_t received = nowNs();
                result.latency.record(received > due ? received - due : 0);
            });
            if (!open) return std::nullopt;
            if (connection.hasUnsent() && !connection.flush()) return std::nullopt;
        }
    }
    result.seconds = options.seconds;
    result.serverCpuNs = processCpuNs(options.serverPid) - serverCpu;
    result.ownCpuNs = ownCpuNs() - ownCpu;
    return result;
}

}  // namespace bench
