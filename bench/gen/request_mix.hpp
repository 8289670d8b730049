#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "histogram.hpp"
#include "options.hpp"
#include "websocket.hpp"

namespace bench {

/** One kind of request, and what became of those that were measured. */
struct RequestClass {
    std::string name;
    uint32_t weight = 1;
    /** What is in every right reply. */
    std::string expect;
    RequestTemplate request;

    uint64_t replies = 0;
    uint64_t wrong = 0;
    size_t replyBytes = 0;
    /** From the scheduled time. */
    Histogram latency{};
};

/** Which request is sent when: each class as often as its weight says, in an order that looks random and is always the same. */
class RequestMix {
public:
    /**
     * Of the file `options.mix`, one class per line, `NAME<tab>WEIGHT<tab>EXPECT<tab>REQUEST`; else the one of the other options.
     * nullopt after a message on stderr.
     */
    static std::optional<RequestMix> of(const Options &options);

    /** The class of request number `i`. */
    RequestClass &at(uint64_t i) { return classes[order_[i % order_.size()]]; }
    /** Of the longest request. */
    size_t bytes() const;

    std::vector<RequestClass> classes;

private:
    void shuffle();

    std::vector<uint8_t> order_;
};

}  // namespace bench
