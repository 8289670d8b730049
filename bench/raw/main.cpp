// raw REPLY_BYTES EVENT_BYTES [THREADS [PING_SECONDS]]: the practical limit of one core, or of several that share a port, for RPC and events over
// WebSockets (server.hpp). Prints its ports as one line of JSON and runs until it is ended.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "server.hpp"

int main(int argc, char **argv) {
    if (argc < 3 || argc > 5) {
        std::fprintf(stderr, "usage: raw REPLY_BYTES EVENT_BYTES [THREADS [PING_SECONDS]]\n");
        return 64;
    }
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    bench::RawServer server(std::strtoul(argv[1], nullptr, 10), std::strtoul(argv[2], nullptr, 10));
    if (!server.listen() || (argc == 5 && !server.pingEvery(static_cast<uint32_t>(std::atoi(argv[4]))))) return 1;
    std::printf("{\"port\":%u,\"control\":%u}\n", server.port(), server.controlPort());
    std::fflush(stdout);
    std::vector<std::thread> others;
    for (int number = argc > 3 ? std::atoi(argv[3]) : 1; number > 1; number--) {
        others.emplace_back([argv, port = server.port()] {
            bench::RawServer other(std::strtoul(argv[1], nullptr, 10), std::strtoul(argv[2], nullptr, 10));
            if (!other.listen(port)) std::exit(1);
            other.run();
        });
    }
    server.run();
}
