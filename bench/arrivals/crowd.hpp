#pragma once
#include <optional>
#include <vector>

#include "histogram.hpp"
#include "options.hpp"
#include "others.hpp"
#include "visitor.hpp"

namespace bench {

/** What one run measured after its warm-up. */
struct ArrivalResult {
    uint64_t arrived = 0;
    double seconds = 0;
    uint64_t serverCpuNs = 0;
    /** Of this process, without what it spent on asking in vain whether something has come. */
    uint64_t ownCpuNs = 0;
    /** From the begin of connecting to the last answer; open loop: from the time that it was due. */
    Histogram readyNs;
    /** Of the others' calls, before anyone came and meanwhile. */
    Histogram othersBeforeNs;
    Histogram othersNs;
};

/** Clients that come, and go or stay. One thread, one epoll beside that of the others. */
class Crowd {
public:
    explicit Crowd(const ArrivalOptions &options);
    Crowd(const Crowd &) = delete;
    Crowd &operator=(const Crowd &) = delete;
    ~Crowd();

    /** The others come first. False after a message on stderr, as with all below. */
    bool open();

    /** So many at once, each gone as soon as it is there; then the next. */
    bool runClosedLoop(ArrivalResult &result);
    /** They come at t0 + i/rate whatever the server does, and go as soon as they are there. */
    bool runOpenLoop(ArrivalResult &result);
    /** All are there, are cut, and come back at once; `seconds` is until the last one is there. */
    bool runStorm(ArrivalResult &result);

private:
    /** Cuts nobody; `onArrival(number)` for each that is there now. */
    template <typename OnArrival>
    bool tend(OnArrival &&onArrival);
    bool begin(size_t number) { return visitors_[number].begin(journey_, poll_, number); }
    /** Everyone, until all are there. */
    bool gather(Histogram &readyNs);
    bool othersAlone(ArrivalResult &result);
    /** From now on `end` counts. */
    void startCounting();
    void endCounting(ArrivalResult &result);

    // Passed in.
    const ArrivalOptions &options_;

    // Owned, made once.
    const Journey journey_;
    const int poll_;
    Others others_;
    std::vector<Visitor> visitors_;
    std::vector<char> input_;

    // State.
    uint64_t idleNs_ = 0;
    uint64_t lastAtNs_ = 0;
    uint64_t beganAtNs_ = 0;
    uint64_t serverCpuNs_ = 0;
    uint64_t ownCpuNs_ = 0;
};

}  // namespace bench
