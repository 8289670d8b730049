#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace bench {

/** What one run of the generator does; each member is the command-line option of the same name. */
struct Options {
    uint16_t port = 0;
    std::string path = "/ws";
    int connections = 100;
    /** Closed loop: requests that each connection keeps outstanding. */
    int depth = 1;
    /** Open loop: requests per second over all connections; 0 means closed loop. */
    double rate = 0;
    double warmupS = 0.5;
    double seconds = 2;
    std::string method = "ping";
    /** JSON text of the params object, empty for none. */
    std::string params;
    /** Each connection authenticates with it before anything is measured; empty: no call. */
    std::string token;
    /** Process whose CPU time is read; 0: none. */
    int serverPid = 0;
};

/** nullopt after a message on stderr. */
std::optional<Options> parseOptions(int argc, char **argv);

}  // namespace bench
