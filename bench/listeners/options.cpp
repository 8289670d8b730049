#include "options.hpp"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>

namespace bench {

std::optional<ListenerOptions> parseListenerOptions(int argc, char **argv) {
    ListenerOptions o;
    const std::map<std::string, std::function<void(const char *)>> known = {
        {"--port", [&](const char *v) { o.port = static_cast<uint16_t>(std::atoi(v)); }},
        {"--control", [&](const char *v) { o.control = static_cast<uint16_t>(std::atoi(v)); }},
        {"--path", [&](const char *v) { o.path = v; }},
        {"--token", [&](const char *v) { o.token = v; }},
        {"--topic", [&](const char *v) { o.topic = v; }},
        {"--connections", [&](const char *v) { o.connections = std::atoi(v); }},
        {"--slow", [&](const char *v) { o.slow = std::atoi(v); }},
        {"--filtered", [&](const char *v) { o.filtered = std::atoi(v); }},
        {"--events", [&](const char *v) { o.events = std::atoi(v); }},
        {"--rate", [&](const char *v) { o.rate = std::atof(v); }},
    };
    for (int i = 1; i < argc; i += 2) {
        const auto found = known.find(argv[i]);
        if (found == known.end() || i + 1 == argc) {
            std::fprintf(stderr, "listeners: unknown option or no value: %s\n", argv[i]);
            return std::nullopt;
        }
        found->second(argv[i + 1]);
    }
    if (o.port == 0 || o.control == 0 || o.events < 1 || o.slow < 0 || o.filtered < 0 || o.connections <= o.slow + o.filtered) {
        std::fprintf(stderr, "listeners: needs --port, --control, events, and connections that listen\n");
        return std::nullopt;
    }
    return o;
}

}  // namespace bench
