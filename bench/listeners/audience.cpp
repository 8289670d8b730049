#include "audience.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>

#include "cpu_time.hpp"
#include "websocket.hpp"

namespace bench {
namespace {

constexpr uint64_t kControl = UINT64_MAX;
constexpr int kSubscribeMs = 10'000;
/** What the kernel keeps for a reader that never reads. */
constexpr int kSlowBytes = 4096;

bool complain(const char *what) {
    std::perror(what);
    return false;
}

int connectTo(uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0) return -1;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

}  // namespace

Audience::Audience(const ListenerOptions &options)
    : options_(options),
      poll_(epoll_create1(EPOLL_CLOEXEC)),
      listeners_(static_cast<size_t>(options.connections - options.slow - options.filtered)),
      others_(static_cast<size_t>(options.slow + options.filtered)),
      input_(256 * 1024),
      arrivals_(listeners_.size() * static_cast<size_t>(options.events)),
      received_(listeners_.size()),
      complete_(static_cast<size_t>(options.events)) {
    began_.reserve(static_cast<size_t>(options.events));
}

Audience::~Audience() {
    close(control_);
    close(poll_);
}

bool Audience::open() {
    control_ = connectTo(options_.control);
    if (control_ < 0 || !watch(control_, kControl)) return complain("listeners: control");
    for (size_t i = 0; i < listeners_.size(); i++) {
        if (!listeners_[i].open(options_.port, options_.path, options_.token) || !subscribe(listeners_[i], false)) return false;
        if (!watch(listeners_[i].fd(), i)) return complain("listeners: epoll");
    }
    for (size_t i = 0; i < others_.size(); i++) {
        const bool slow = i < static_cast<size_t>(options_.slow);
        if (!others_[i].open(options_.port, options_.path, options_.token) || !subscribe(others_[i], !slow)) return false;
        if (slow) setsockopt(others_[i].fd(), SOL_SOCKET, SO_RCVBUF, &kSlowBytes, sizeof kSlowBytes);
    }
    return true;
}

bool Audience::subscribe(Connection &connection, bool filtered) {
    if (options_.token.empty()) return true;
    const std::string filters = filtered ? R"(,"filters":{"device":"camera255"})" : "";
    const std::string call = textFrame(R"({"jsonrpc":"2.0","id":2,"method":"subscribe_events","params":{"topics":[")" + options_.topic +
                                       "\"]" + filters + "}}");
    bool subscribed = false;
    if (!connection.send(call.data(), call.size())) return false;
    while (!subscribed) {
        pollfd p{connection.fd(), POLLIN, 0};
        if (poll(&p, 1, kSubscribeMs) != 1) return complain("listeners: subscribe");
        std::string refusal;
        const bool open = connection.receive(input_, [&](std::string_view reply) {
            subscribed = reply.find("\"result\":") != std::string_view::npos;
            if (!subscribed) refusal = reply;
        });
        if (!refusal.empty()) std::fprintf(stderr, "listeners: refused: %s\n", refusal.c_str());
        if (!open || !refusal.empty()) return false;
    }
    return true;
}

bool Audience::watch(int fd, uint64_t number) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = number;
    return epoll_ctl(poll_, EPOLL_CTL_ADD, fd, &event) == 0;
}

bool Audience::order() {
    const char one = 'e';
    return send(control_, &one, 1, MSG_NOSIGNAL) == 1 || complain("listeners: order");
}

bool Audience::receive(int timeoutMs) {
    std::array<epoll_event, 256> events;
    const int n = epoll_wait(poll_, events.data(), static_cast<int>(events.size()), timeoutMs);
    for (int i = 0; i < n; i++) {
        const uint64_t number = events[static_cast<size_t>(i)].data.u64;
        if (number == kControl) {
            if (!receiveTimes()) return false;
            continue;
        }
        const bool open = listeners_[number].receive(input_, [&](std::string_view) {
            const size_t event = received_[number]++;
            if (event >= complete_.size()) return;
            arrivals_[event * listeners_.size() + number] = nowNs();
            complete_[event]++;
            deliveries_++;
        });
        if (!open) return false;
    }
    return true;
}

bool Audience::receiveTimes() {
    char bytes[512];
    const ssize_t n = recv(control_, bytes, sizeof bytes, 0);
    if (n <= 0) return complain("listeners: control");
    times_.insert(times_.end(), bytes, bytes + n);
    size_t used = 0;
    for (uint64_t at = 0; used + sizeof at <= times_.size(); used += sizeof at) {
        std::memcpy(&at, times_.data() + used, sizeof at);
        began_.push_back(at);
    }
    times_.erase(times_.begin(), times_.begin() + static_cast<ssize_t>(used));
    return true;
}

bool Audience::hasComeEverywhere(size_t number) const {
    return began_.size() > number && complete_[number] == listeners_.size();
}

std::vector<uint64_t> Audience::arrivalsOf(size_t number) const {
    const auto first = arrivals_.begin() + static_cast<ssize_t>(number * listeners_.size());
    return {first, first + static_cast<ssize_t>(listeners_.size())};
}

}  // namespace bench
