#include "request_mix.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>

namespace bench {

std::optional<RequestMix> RequestMix::of(const Options &options) {
    RequestMix mix;
    if (options.mix.empty()) {
        const std::string text = options.payload.empty() ? requestText(options.method, options.params) : options.payload;
        mix.classes.push_back({options.method, 1, options.expect, RequestTemplate(text)});
    } else {
        std::ifstream file(options.mix);
        for (std::string line; std::getline(file, line);) {
            std::istringstream members(line);
            std::string name, weight, expect, request;
            for (std::string *member : {&name, &weight, &expect, &request}) std::getline(members, *member, '\t');
            mix.classes.push_back({name, static_cast<uint32_t>(std::atoi(weight.c_str())), expect, RequestTemplate(request)});
        }
    }
    for (const RequestClass &one : mix.classes) {
        if (one.weight > 0 && one.request.hasId()) continue;
        std::fprintf(stderr, "gen: a request of the mix has no weight or no id: %s\n", one.name.c_str());
        return std::nullopt;
    }
    if (mix.classes.empty() || mix.classes.size() > 256) {
        std::fprintf(stderr, "gen: no requests in %s\n", options.mix.c_str());
        return std::nullopt;
    }
    mix.shuffle();
    return mix;
}

size_t RequestMix::bytes() const {
    size_t most = 0;
    for (const RequestClass &one : classes) most = std::max(most, one.request.bytes());
    return most;
}

void RequestMix::shuffle() {
    for (size_t i = 0; i < classes.size(); i++) order_.insert(order_.end(), classes[i].weight, static_cast<uint8_t>(i));
    std::mt19937 random(1);
    std::shuffle(order_.begin(), order_.end(), random);
}

}  // namespace bench
