#include "others.hpp"

#include <cstdio>

#include "cpu_time.hpp"
#include "reply_check.hpp"

namespace bench {

Others::Others(const ArrivalOptions &options)
    : options_(options),
      histogram_(&unmeasured_),
      connections_(static_cast<size_t>(options.others)),
      request_(requestText("ping", "")),
      frame_(request_.bytes()),
      input_(64 * 1024) {}

bool Others::open() {
    for (Connection &connection : connections_) {
        if (!connection.open(options_.port, options_.path, options_.othersToken)) return false;
    }
    poller_ = std::make_unique<Poller>(connections_);
    begin_ = nowNs();
    return true;
}

bool Others::tend() {
    if (connections_.empty()) return true;
    if (wrong_) return false;
    for (const uint64_t now = nowNs(); dueAt(sent_) <= now; sent_++) {
        request_.write(frame_.data(), RequestTemplate::kFirstId + static_cast<uint32_t>(sent_ % RequestTemplate::kIds));
        if (!connections_[sent_ % connections_.size()].send(frame_.data(), request_.bytes())) return false;
    }
    for (const epoll_event &event : poller_->wait(0)) {
        Connection &connection = connections_[static_cast<size_t>(event.data.u64)];
        if (!connection.receive(input_, [&](std::string_view reply) { take(reply); })) {
            std::fprintf(stderr, "arrivals: one of the others was cut\n");
            return false;
        }
    }
    return true;
}

void Others::take(std::string_view reply) {
    const auto id = replyId(reply);
    if (!id || *id < RequestTemplate::kFirstId) return;
    if (reply.find("\"result\":") == std::string_view::npos) {
        wrong_ = true;
        std::fprintf(stderr, "arrivals: wrong reply: %.*s\n", static_cast<int>(reply.size()), reply.data());
    }
    const uint64_t due = dueAt(*id - RequestTemplate::kFirstId), received = nowNs();
    histogram_->record(received > due ? received - due : 0);
}

}  // namespace bench
