#include <cinttypes>
#include <cstdio>

#include "cpu_time.hpp"
#include "load.hpp"
#include "poller.hpp"
#include "reply_check.hpp"
#include "websocket.hpp"

namespace bench {
namespace {

constexpr uint64_t kCheckEvery = 64;
constexpr uint64_t kStallNs = 5'000'000'000;

/** State of one run; nothing is allocated once it began. */
class ClosedLoop {
public:
    ClosedLoop(std::vector<Connection> &connections, const Options &options)
        : connections_(connections),
          depth_(static_cast<uint32_t>(options.depth)),
          serverPid_(options.serverPid),
          expect_(options.expect),
          request_(options.payload.empty() ? requestText(options.method, options.params) : options.payload),
          poller_(connections),
          batch_(request_.bytes() * depth_),
          input_(256 * 1024),
          sentAt_(connections.size()) {
        result_.requestBytes = request_.bytes();
    }

    std::optional<LoadResult> run(double warmupS, double seconds) {
        for (size_t i = 0; i < connections_.size(); i++) {
            if (!refill(i, depth_)) return std::nullopt;
        }
        if (!runFor(warmupS)) return std::nullopt;
        const size_t requestBytes = result_.requestBytes;
        result_ = LoadResult{};
        result_.requestBytes = requestBytes;
        idleNs_ = 0;
        const uint64_t serverCpu = processCpuNs(serverPid_), ownCpu = ownCpuNs(), begin = nowNs();
        if (!runFor(seconds)) return std::nullopt;
        result_.seconds = static_cast<double>(nowNs() - begin) / 1e9;
        result_.serverCpuNs = processCpuNs(serverPid_) - serverCpu;
        const uint64_t used = ownCpuNs() - ownCpu;
        result_.ownCpuNs = used > idleNs_ ? used - idleNs_ : 0;
        return result_;
    }

private:
    bool runFor(double seconds) {
        const uint64_t end = nowNs() + static_cast<uint64_t>(seconds * 1e9);
        uint64_t lastReply = nowNs();
        for (uint64_t now = lastReply; now < end;) {
            // It never sleeps: to wake another core costs a server several times what a reply costs, and only one that is slow would pay it.
            const auto events = poller_.wait(0);
            const uint64_t before = now;
            now = nowNs();
            if (events.empty()) {
                idleNs_ += now - before;
                if (now - lastReply < kStallNs) continue;
                std::fprintf(stderr, "gen: no reply for %" PRIu64 " s\n", kStallNs / 1'000'000'000);
                return false;
            }
            lastReply = now;
            for (const epoll_event &event : events) {
                if (!serve(static_cast<size_t>(event.data.u64))) return false;
            }
        }
        return true;
    }

    bool serve(size_t index) {
        Connection &connection = connections_[index];
        uint32_t replies = 0;
        const bool open = connection.receive(input_, [&](std::string_view reply) {
            replies++;
            if (++result_.replies % kCheckEvery == 0) check(connection, reply);
        });
        if (!open) return false;
        if (connection.hasUnsent()) {
            if (!connection.flush()) return false;
            if (!connection.hasUnsent()) poller_.watchWrites(connection, index, false);
        }
        if (replies == 0) return true;
        if (depth_ == 1) result_.latency.record(nowNs() - sentAt_[index]);
        return refill(index, replies);
    }

    /** The id must be one of those that may be outstanding on this connection. */
    void check(const Connection &connection, std::string_view reply) {
        result_.checked++;
        result_.replyBytes = reply.size();
        const auto id = replyId(reply);
        // Ids wrap around, so the distance is what counts.
        const uint32_t newest = connection.nextId;
        const bool asked = !request_.hasId() ||
                           (id && (newest + RequestTemplate::kIds - (*id - RequestTemplate::kFirstId)) % RequestTemplate::kIds <= 2 * depth_);
        if (!asked || reply.find(expect_) == std::string_view::npos) {
            if (result_.wrong++ == 0) std::fprintf(stderr, "gen: wrong reply: %.*s\n", static_cast<int>(reply.size()), reply.data());
        }
    }

    bool refill(size_t index, uint32_t count) {
        Connection &connection = connections_[index];
        for (uint32_t i = 0; i < count; i++) {
            request_.write(batch_.data() + i * request_.bytes(), RequestTemplate::kFirstId + connection.nextId);
            connection.nextId = (connection.nextId + 1) % RequestTemplate::kIds;
        }
        sentAt_[index] = nowNs();
        if (!connection.send(batch_.data(), count * request_.bytes())) return false;
        if (connection.hasUnsent()) poller_.watchWrites(connection, index, true);
        return true;
    }

    // Passed in.
    std::vector<Connection> &connections_;
    const uint32_t depth_;
    const int serverPid_;
    const std::string_view expect_;

    // Owned, made once.
    const RequestTemplate request_;
    Poller poller_;
    std::vector<char> batch_;
    std::vector<char> input_;

    // State.
    std::vector<uint64_t> sentAt_;
    LoadResult result_;
    uint64_t idleNs_ = 0;
};

}  // namespace

std::optional<LoadResult> runClosedLoop(std::vector<Connection> &connections, const Options &options) {
    ClosedLoop loop(connections, options);
    return loop.run(options.warmupS, options.seconds);
}

}  // namespace bench
