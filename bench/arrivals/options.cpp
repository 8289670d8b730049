#include "options.hpp"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>

namespace bench {

std::optional<ArrivalOptions> parseArrivalOptions(int argc, char **argv) {
    ArrivalOptions o;
    const std::map<std::string, std::function<void(const char *)>> known = {
        {"--port", [&](const char *v) { o.port = static_cast<uint16_t>(std::atoi(v)); }},
        {"--path", [&](const char *v) { o.path = v; }},
        {"--token", [&](const char *v) { o.token = v; }},
        {"--setup", [&](const char *v) { o.setup = v; }},
        {"--at-once", [&](const char *v) { o.atOnce = std::atoi(v); }},
        {"--rate", [&](const char *v) { o.rate = std::atof(v); }},
        {"--storm", [&](const char *v) { o.storm = std::atoi(v); }},
        {"--warmup", [&](const char *v) { o.warmupS = std::atof(v); }},
        {"--seconds", [&](const char *v) { o.seconds = std::atof(v); }},
        {"--others", [&](const char *v) { o.others = std::atoi(v); }},
        {"--others-rate", [&](const char *v) { o.othersRate = std::atof(v); }},
        {"--before", [&](const char *v) { o.beforeS = std::atof(v); }},
        {"--others-token", [&](const char *v) { o.othersToken = v; }},
        {"--server-pid", [&](const char *v) { o.serverPid = std::atoi(v); }},
    };
    for (int i = 1; i < argc; i += 2) {
        const auto found = known.find(argv[i]);
        if (found == known.end() || i + 1 == argc) {
            std::fprintf(stderr, "arrivals: unknown option or no value: %s\n", argv[i]);
            return std::nullopt;
        }
        found->second(argv[i + 1]);
    }
    if (o.port == 0 || o.atOnce < 1 || o.storm < 0 || o.rate < 0 || o.others < 0 || o.seconds <= 0) {
        std::fprintf(stderr, "arrivals: needs --port, and numbers above 0\n");
        return std::nullopt;
    }
    return o;
}

}  // namespace bench
