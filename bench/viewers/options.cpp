#include "options.hpp"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>

namespace bench {

std::optional<ViewerOptions> parseViewerOptions(int argc, char **argv) {
    ViewerOptions o;
    const std::map<std::string, std::function<void(const char *)>> known = {
        {"--port", [&](const char *v) { o.port = static_cast<uint16_t>(std::atoi(v)); }},
        {"--path", [&](const char *v) { o.path = v; }},
        {"--viewers", [&](const char *v) { o.viewers = std::atoi(v); }},
        {"--slow", [&](const char *v) { o.slow = std::atoi(v); }},
        {"--slow-rate", [&](const char *v) { o.slowRate = std::atoi(v); }},
        {"--warmup", [&](const char *v) { o.warmupS = std::atof(v); }},
        {"--seconds", [&](const char *v) { o.seconds = std::atof(v); }},
        {"--frame-bytes", [&](const char *v) { o.frameBytes = std::strtoull(v, nullptr, 10); }},
        {"--fps", [&](const char *v) { o.fps = std::atof(v); }},
        {"--cycles", [&](const char *v) { o.cycles = std::atoi(v); }},
        {"--spread", [&](const char *v) { o.spread = std::atoi(v) != 0; }},
        {"--server-pid", [&](const char *v) { o.serverPid = std::atoi(v); }},
    };
    for (int i = 1; i < argc; i += 2) {
        const auto found = known.find(argv[i]);
        if (found == known.end() || i + 1 == argc) {
            std::fprintf(stderr, "viewers: unknown option or no value: %s\n", argv[i]);
            return std::nullopt;
        }
        found->second(argv[i + 1]);
    }
    if (o.port == 0 || o.viewers < 1 || o.seconds <= 0 || o.fps <= 0) {
        std::fprintf(stderr, "viewers: needs --port, and viewers, seconds and fps above 0\n");
        return std::nullopt;
    }
    return o;
}

}  // namespace bench
