#include <cstdio>

#include "cpu_time.hpp"
#include "load.hpp"
#include "poller.hpp"
#include "reply_check.hpp"
#include "request_mix.hpp"

namespace bench {
namespace {

/** After the last request: what is not answered then never will be. */
constexpr uint64_t kDrainNs = 5'000'000'000;

/** State of one run; nothing is allocated once it began. */
class OpenLoop {
public:
    OpenLoop(std::vector<Connection> &connections, const Options &options, RequestMix &mix)
        : connections_(connections), options_(options), mix_(mix), poller_(connections), frame_(mix.bytes()), input_(256 * 1024) {}

    std::optional<LoadResult> run() {
        begin_ = nowNs();
        measureFrom_ = begin_ + static_cast<uint64_t>(options_.warmupS * 1e9);
        const uint64_t end = measureFrom_ + static_cast<uint64_t>(options_.seconds * 1e9);
        uint64_t serverCpu = 0, ownCpu = 0;
        for (uint64_t now = begin_; now < end; now = nowNs()) {
            if (ownCpu == 0 && now >= measureFrom_) {
                serverCpu = processCpuNs(options_.serverPid);
                ownCpu = ownCpuNs();
            }
            if (!sendDue(now) || !receive(0)) return std::nullopt;
        }
        result_.seconds = options_.seconds;
        result_.serverCpuNs = processCpuNs(options_.serverPid) - serverCpu;
        result_.ownCpuNs = ownCpuNs() - ownCpu;
        // The last ones count too: they would be missing just when the server stalls.
        while (outstanding_ > 0 && nowNs() < end + kDrainNs) {
            if (!receive(100)) return std::nullopt;
        }
        if (outstanding_ > 0) {
            std::fprintf(stderr, "gen: %llu requests were never answered\n", static_cast<unsigned long long>(outstanding_));
            result_.wrong += outstanding_;
        }
        return result_;
    }

private:
    uint64_t scheduledAt(uint64_t i) const { return begin_ + static_cast<uint64_t>(static_cast<double>(i) * 1e9 / options_.rate); }

    bool sendDue(uint64_t now) {
        for (; sent_ < RequestTemplate::kIds && scheduledAt(sent_) <= now; sent_++) {
            const RequestTemplate &request = mix_.at(sent_).request;
            request.write(frame_.data(), RequestTemplate::kFirstId + static_cast<uint32_t>(sent_));
            if (!connections_[sent_ % connections_.size()].send(frame_.data(), request.bytes())) return false;
            outstanding_++;
        }
        return true;
    }

    bool receive(int timeoutMs) {
        // No sleep between two sends: a timer would add its own lateness to every latency.
        for (const epoll_event &event : poller_.wait(timeoutMs)) {
            Connection &connection = connections_[static_cast<size_t>(event.data.u64)];
            if (!connection.receive(input_, [&](std::string_view reply) { take(reply); })) return false;
            if (connection.hasUnsent() && !connection.flush()) return false;
        }
        return true;
    }

    void take(std::string_view reply) {
        const auto id = replyId(reply);
        if (!id || *id < RequestTemplate::kFirstId) return;
        outstanding_--;
        const uint64_t number = *id - RequestTemplate::kFirstId, due = scheduledAt(number);
        if (due < measureFrom_) return;
        const uint64_t received = nowNs();
        const uint64_t took = received > due ? received - due : 0;
        RequestClass &kind = mix_.at(number);
        kind.replies++;
        kind.replyBytes = reply.size();
        kind.latency.record(took);
        result_.replies++;
        result_.checked++;
        result_.replyBytes = reply.size();
        result_.latency.record(took);
        if (reply.find(kind.expect) != std::string_view::npos) return;
        kind.wrong++;
        if (result_.wrong++ == 0) std::fprintf(stderr, "gen: wrong reply: %.*s\n", static_cast<int>(reply.size()), reply.data());
    }

    // Passed in.
    std::vector<Connection> &connections_;
    const Options &options_;
    RequestMix &mix_;

    // Owned, made once.
    Poller poller_;
    std::vector<char> frame_;
    std::vector<char> input_;

    // State.
    uint64_t begin_ = 0;
    uint64_t measureFrom_ = 0;
    uint64_t sent_ = 0;
    uint64_t outstanding_ = 0;
    LoadResult result_;
};

}  // namespace

std::optional<LoadResult> runOpenLoop(std::vector<Connection> &connections, const Options &options, RequestMix &mix) {
    OpenLoop loop(connections, options, mix);
    return loop.run();
}

}  // namespace bench
