#include "options.hpp"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>

namespace bench {

std::optional<Options> parseOptions(int argc, char **argv) {
    Options o;
    const std::map<std::string, std::function<void(const char *)>> known = {
        {"--port", [&](const char *v) { o.port = static_cast<uint16_t>(std::atoi(v)); }},
        {"--path", [&](const char *v) { o.path = v; }},
        {"--connections", [&](const char *v) { o.connections = std::atoi(v); }},
        {"--depth", [&](const char *v) { o.depth = std::atoi(v); }},
        {"--hold", [&](const char *v) { o.hold = std::atoi(v) != 0; }},
        {"--rate", [&](const char *v) { o.rate = std::atof(v); }},
        {"--warmup", [&](const char *v) { o.warmupS = std::atof(v); }},
        {"--seconds", [&](const char *v) { o.seconds = std::atof(v); }},
        {"--method", [&](const char *v) { o.method = v; }},
        {"--params", [&](const char *v) { o.params = v; }},
        {"--payload", [&](const char *v) { o.payload = v; }},
        {"--expect", [&](const char *v) { o.expect = v; }},
        {"--mix", [&](const char *v) { o.mix = v; }},
        {"--token", [&](const char *v) { o.token = v; }},
        {"--setup", [&](const char *v) { o.setup = v; }},
        {"--server-pid", [&](const char *v) { o.serverPid = std::atoi(v); }},
    };
    for (int i = 1; i < argc; i += 2) {
        const auto found = known.find(argv[i]);
        if (found == known.end() || i + 1 == argc) {
            std::fprintf(stderr, "gen: unknown option or no value: %s\n", argv[i]);
            return std::nullopt;
        }
        found->second(argv[i + 1]);
    }
    if (o.port == 0 || o.connections < 1 || o.depth < 1 || o.seconds <= 0) {
        std::fprintf(stderr, "gen: needs --port, and connections, depth and seconds above 0\n");
        return std::nullopt;
    }
    return o;
}

}  // namespace bench
