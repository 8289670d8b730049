// raw REPLY_BYTES EVENT_BYTES: the practical limit of one core for RPC and events over WebSockets (server.hpp). Prints its ports as one
// line of JSON and runs until it is ended.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>

#include "server.hpp"

int main(int argc, char **argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: raw REPLY_BYTES EVENT_BYTES\n");
        return 64;
    }
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    bench::RawServer server(std::strtoul(argv[1], nullptr, 10), std::strtoul(argv[2], nullptr, 10));
    if (!server.listen()) return 1;
    std::printf("{\"port\":%u,\"control\":%u}\n", server.port(), server.controlPort());
    std::fflush(stdout);
    server.run();
}
