#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace bench {

/** What one run does; each member is the command-line option of the same name. */
struct ListenerOptions {
    uint16_t port = 0;
    /** Port on which the server takes the order to publish (raw/server.hpp). */
    uint16_t control = 0;
    std::string path = "/ws";
    /** Empty: neither a login nor a subscription, as for the raw server. */
    std::string token;
    std::string topic;
    int connections = 1;
    /** Of these, so many subscribe and then never read. */
    int slow = 0;
    /** Of these, so many subscribe with a filter that no event passes. */
    int filtered = 0;
    int events = 10;
    /** Events per second; 0: the next one when the last has come everywhere. */
    double rate = 0;
};

/** nullopt after a message on stderr. */
std::optional<ListenerOptions> parseListenerOptions(int argc, char **argv);

}  // namespace bench
