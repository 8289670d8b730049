#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace bench {

/** What one run does; each member is the command-line option of the same name. */
struct ArrivalOptions {
    uint16_t port = 0;
    std::string path = "/ws";
    /** Each one that arrives authenticates with it; empty: no call. */
    std::string token;
    /** The text of one request that each sends after that; empty: none. */
    std::string setup;
    /** Closed loop: so many are under way at once, and whoever is there goes at once. */
    int atOnce = 64;
    /** Open loop: so many arrive per second; 0: closed loop. */
    double rate = 0;
    /** Single shot: so many are there, are cut, and come back all at once; 0: one of the loops. */
    int storm = 0;
    double warmupS = 0.5;
    double seconds = 2;
    /** Connections that stay, asking something meanwhile at a fixed rate; and for how long before anyone else arrives. */
    int others = 0;
    double othersRate = 1'000;
    double beforeS = 0;
    /** What the others authenticate with; empty: no call. */
    std::string othersToken;
    /** Process whose CPU time is read; 0: none. */
    int serverPid = 0;
};

/** nullopt after a message on stderr. */
std::optional<ArrivalOptions> parseArrivalOptions(int argc, char **argv);

}  // namespace bench
