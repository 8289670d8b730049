#pragma once
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "connection.hpp"
#include "histogram.hpp"
#include "options.hpp"
#include "poller.hpp"
#include "websocket.hpp"

namespace bench {

/** Connections that were there before, asking `ping` at times fixed in advance: what those who come cost them. */
class Others {
public:
    explicit Others(const ArrivalOptions &options);

    /** From now on they ask. False after a message on stderr. */
    bool open();
    /** Sends what is due and takes what has come; to be called all the time. False after a message on stderr. */
    bool tend();
    /** Where the times of replies go from now on; before the first call, nowhere. */
    void measureInto(Histogram &histogram) { histogram_ = &histogram; }

private:
    uint64_t dueAt(uint64_t number) const { return begin_ + static_cast<uint64_t>(static_cast<double>(number) * 1e9 / options_.othersRate); }
    void take(std::string_view reply);

    // Passed in.
    const ArrivalOptions &options_;
    Histogram *histogram_;

    // Owned, made once.
    std::vector<Connection> connections_;
    std::unique_ptr<Poller> poller_;
    const RequestTemplate request_;
    std::vector<char> frame_;
    std::vector<char> input_;
    Histogram unmeasured_;

    // State.
    uint64_t begin_ = 0;
    uint64_t sent_ = 0;
    bool wrong_ = false;
};

}  // namespace bench
