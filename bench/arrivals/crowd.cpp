#include "crowd.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cinttypes>
#include <cstdio>

#include "cpu_time.hpp"

namespace bench {
namespace {

constexpr uint64_t kStallNs = 20'000'000'000;
/** Open loop: more than these under way at once, and the server does not keep up. */
constexpr size_t kMostUnderWay = 4'096;
/** So many begin before what has come is looked at. */
constexpr size_t kBatch = 32;

uint64_t nanoseconds(double seconds) { return static_cast<uint64_t>(seconds * 1e9); }

size_t visitorsOf(const ArrivalOptions &options) {
    if (options.storm > 0) return static_cast<size_t>(options.storm);
    return options.rate > 0 ? kMostUnderWay : static_cast<size_t>(options.atOnce);
}

bool complain(const char *what) {
    std::fprintf(stderr, "arrivals: %s\n", what);
    return false;
}

}  // namespace

Crowd::Crowd(const ArrivalOptions &options)
    : options_(options),
      journey_(journeyTo(options.port, options.path, options.token, options.setup)),
      poll_(epoll_create1(EPOLL_CLOEXEC)),
      others_(options),
      visitors_(visitorsOf(options)),
      input_(64 * 1024) {}

Crowd::~Crowd() { close(poll_); }

bool Crowd::open() { return others_.open(); }

template <typename OnArrival>
bool Crowd::tend(OnArrival &&onArrival) {
    if (!others_.tend()) return false;
    std::array<epoll_event, 64> events;
    // It never sleeps: to wake another core costs a server several times what an answer costs.
    const int n = epoll_wait(poll_, events.data(), static_cast<int>(events.size()), 0);
    const uint64_t now = nowNs();
    if (n <= 0) {
        idleNs_ += now - lastAtNs_;
        lastAtNs_ = now;
        return true;
    }
    lastAtNs_ = now;
    for (int i = 0; i < n; i++) {
        const auto number = static_cast<size_t>(events[static_cast<size_t>(i)].data.u64);
        Visitor &visitor = visitors_[number];
        if (visitor.arrived(journey_)) continue;
        if (!visitor.proceed(journey_, input_)) return false;
        if (visitor.arrived(journey_) && !onArrival(number)) return false;
    }
    return true;
}

bool Crowd::runClosedLoop(ArrivalResult &result) {
    bool measuring = false;
    uint64_t lastArrivalNs = nowNs();
    const auto onArrival = [&](size_t number) {
        lastArrivalNs = nowNs();
        if (measuring) {
            result.readyNs.record(lastArrivalNs - visitors_[number].beganAtNs());
            result.arrived++;
        }
        visitors_[number].leave();
        return begin(number);
    };
    for (size_t i = 0; i < visitors_.size(); i++) {
        if (!begin(i)) return false;
    }
    const uint64_t measureFrom = nowNs() + nanoseconds(options_.warmupS), end = measureFrom + nanoseconds(options_.seconds);
    for (uint64_t now = nowNs(); now < end; now = nowNs()) {
        if (!measuring && now >= measureFrom) {
            measuring = true;
            startCounting();
        }
        if (!tend(onArrival)) return false;
        if (now > lastArrivalNs + kStallNs) return complain("nobody gets in any more");
    }
    endCounting(result);
    return true;
}

bool Crowd::runOpenLoop(ArrivalResult &result) {
    if (!othersAlone(result)) return false;
    others_.measureInto(result.othersNs);
    std::vector<size_t> idle(visitors_.size());
    for (size_t i = 0; i < idle.size(); i++) idle[i] = i;
    std::vector<uint64_t> dueAtNs(visitors_.size());
    const auto onArrival = [&](size_t number) {
        result.readyNs.record(nowNs() - dueAtNs[number]);
        result.arrived++;
        visitors_[number].leave();
        idle.push_back(number);
        return true;
    };
    const auto wanted = static_cast<uint64_t>(options_.rate * options_.seconds);
    const uint64_t from = nowNs();
    startCounting();
    for (uint64_t begun = 0; result.arrived < wanted;) {
        const uint64_t due = from + static_cast<uint64_t>(static_cast<double>(begun) * 1e9 / options_.rate);
        if (begun < wanted && nowNs() >= due) {
            if (idle.empty()) return complain("too many are under way: the server does not keep up");
            const size_t number = idle.back();
            idle.pop_back();
            dueAtNs[number] = due;
            begun++;
            if (!begin(number)) return false;
        }
        if (!tend(onArrival)) return false;
        if (nowNs() > from + nanoseconds(options_.seconds) + kStallNs) return complain("not all got in");
    }
    endCounting(result);
    return true;
}

bool Crowd::runStorm(ArrivalResult &result) {
    Histogram unmeasured;
    if (!gather(unmeasured) || !othersAlone(result)) return false;
    others_.measureInto(result.othersNs);
    startCounting();
    for (size_t i = 0; i < visitors_.size(); i++) {
        visitors_[i].leave();
        if (i % kBatch == 0 && !others_.tend()) return false;
    }
    if (!gather(result.readyNs)) return false;
    endCounting(result);
    result.arrived = visitors_.size();
    return true;
}

bool Crowd::gather(Histogram &readyNs) {
    size_t arrived = 0;
    const auto onArrival = [&](size_t number) {
        readyNs.record(nowNs() - visitors_[number].beganAtNs());
        arrived++;
        return true;
    };
    for (size_t i = 0; i < visitors_.size(); i++) {
        if (!begin(i)) return false;
        if (i % kBatch == 0 && !tend(onArrival)) return false;
    }
    for (const uint64_t from = nowNs(); arrived < visitors_.size();) {
        if (!tend(onArrival)) return false;
        if (nowNs() > from + kStallNs) return complain("not all got in");
    }
    return true;
}

bool Crowd::othersAlone(ArrivalResult &result) {
    const auto nobody = [](size_t) { return true; };
    // The first of them warm the server up.
    const uint64_t warm = nowNs() + nanoseconds(options_.warmupS), end = warm + nanoseconds(options_.beforeS);
    while (nowNs() < warm) {
        if (!tend(nobody)) return false;
    }
    others_.measureInto(result.othersBeforeNs);
    while (nowNs() < end) {
        if (!tend(nobody)) return false;
    }
    return true;
}

void Crowd::startCounting() {
    idleNs_ = 0;
    serverCpuNs_ = processCpuNs(options_.serverPid);
    ownCpuNs_ = ownCpuNs();
    beganAtNs_ = nowNs();
    lastAtNs_ = beganAtNs_;
}

void Crowd::endCounting(ArrivalResult &result) {
    result.seconds = static_cast<double>(nowNs() - beganAtNs_) / 1e9;
    result.serverCpuNs = processCpuNs(options_.serverPid) - serverCpuNs_;
    const uint64_t used = ownCpuNs() - ownCpuNs_;
    result.ownCpuNs = used > idleNs_ ? used - idleNs_ : 0;
}

}  // namespace bench
