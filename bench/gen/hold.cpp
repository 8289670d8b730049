#include <cstdio>

#include "load.hpp"
#include "poller.hpp"

namespace bench {

bool holdUntilClosed(std::vector<Connection> &connections) {
    Poller poller(connections);
    std::vector<char> input(64 * 1024);
    std::printf("{\"held\":%zu}\n", connections.size());
    std::fflush(stdout);
    for (size_t open = connections.size(); open > 0;) {
        for (const epoll_event &event : poller.wait(-1)) {
            Connection &connection = connections[static_cast<size_t>(event.data.u64)];
            if (connection.receive(input, [](std::string_view) {})) continue;
            connection.disconnect();
            open--;
        }
    }
    return true;
}

}  // namespace bench
