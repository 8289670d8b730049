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
    /** Neither loop: the connections are kept until the server closes them. */
    bool hold = false;
    /** Open loop: requests per second over all connections; 0 means closed loop. */
    double rate = 0;
    double warmupS = 0.5;
    double seconds = 2;
    std::string method = "ping";
    /** JSON text of the params object, empty for none. */
    std::string params;
    /** The whole text of a request instead; the digits of `"id":1000000` in it count up. */
    std::string payload;
    /** What is in every right reply. */
    std::string expect = "\"result\":";
    /** Open loop: a file with several requests in place of one (request_mix.hpp). */
    std::string mix;
    /** Each connection authenticates with it before anything is measured; empty: no call. */
    std::string token;
    /** The text of one request that each connection sends after that; empty: none. */
    std::string setup;
    /** Process whose CPU time is read; 0: none. */
    int serverPid = 0;
};

/** nullopt after a message on stderr. */
std::optional<Options> parseOptions(int argc, char **argv);

}  // namespace bench
