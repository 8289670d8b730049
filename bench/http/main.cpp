// http PORT CONNECTIONS SECONDS SERVER_PID REQUEST: asks again and again over so many connections, each waiting for its answer. Prints one
// line of JSON. Exit 1 when an answer was not 200.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "cpu_time.hpp"

namespace {

constexpr double kWarmupS = 0.3;

struct Client {
    int fd = -1;
    std::string partial;
};

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

/** Bytes of the answer at the start of `text`; 0 when it is not whole yet. */
size_t answerBytes(std::string_view text) {
    const size_t head = text.find("\r\n\r\n");
    if (head == std::string_view::npos) return 0;
    for (const std::string_view name : {"Content-Length: ", "content-length: "}) {
        const size_t at = text.find(name);
        if (at >= head) continue;
        const size_t all = head + 4 + std::strtoul(text.data() + at + name.size(), nullptr, 10);
        return all <= text.size() ? all : 0;
    }
    return 0;
}

bool ask(const Client &client, std::string_view request) {
    return send(client.fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size());
}

}  // namespace

int main(int argc, char **argv) {
    if (argc != 6) {
        std::fprintf(stderr, "usage: http PORT CONNECTIONS SECONDS SERVER_PID REQUEST\n");
        return 64;
    }
    const int serverPid = std::atoi(argv[4]);
    const std::string request = argv[5];
    std::vector<Client> clients(static_cast<size_t>(std::atoi(argv[2])));
    const int poll = epoll_create1(EPOLL_CLOEXEC);
    for (Client &client : clients) {
        client.fd = connectTo(static_cast<uint16_t>(std::atoi(argv[1])));
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = &client;
        if (client.fd < 0 || epoll_ctl(poll, EPOLL_CTL_ADD, client.fd, &event) != 0 || !ask(client, request)) {
            std::perror("http: connect");
            return 1;
        }
    }
    uint64_t answers = 0, wrong = 0, serverCpu = 0, ownCpu = 0;
    size_t bytes = 0;
    std::array<char, 64 * 1024> input;
    const uint64_t begin = bench::nowNs() + static_cast<uint64_t>(kWarmupS * 1e9);
    const uint64_t end = begin + static_cast<uint64_t>(std::atof(argv[3]) * 1e9);
    for (uint64_t now = bench::nowNs(); now < end; now = bench::nowNs()) {
        if (ownCpu == 0 && now >= begin) {
            answers = 0;
            serverCpu = bench::processCpuNs(serverPid);
            ownCpu = bench::ownCpuNs();
        }
        std::array<epoll_event, 64> events;
        const int n = epoll_wait(poll, events.data(), static_cast<int>(events.size()), 1'000);
        for (int i = 0; i < n; i++) {
            auto &client = *static_cast<Client *>(events[static_cast<size_t>(i)].data.ptr);
            const ssize_t got = recv(client.fd, input.data(), input.size(), 0);
            if (got <= 0) {
                std::fprintf(stderr, "http: the server closed a connection\n");
                return 1;
            }
            client.partial.append(input.data(), static_cast<size_t>(got));
            const size_t all = answerBytes(client.partial);
            if (all == 0) continue;
            if (!client.partial.starts_with("HTTP/1.1 200") && wrong++ == 0) std::fprintf(stderr, "http: %.80s\n", client.partial.c_str());
            bytes = all;
            answers++;
            client.partial.erase(0, all);
            if (!ask(client, request)) return 1;
        }
    }
    const double seconds = static_cast<double>(bench::nowNs() - begin) / 1e9;
    std::printf("{\"answers\":%" PRIu64 ",\"wrong\":%" PRIu64 ",\"seconds\":%.6f,\"perSecond\":%.1f,\"bytes\":%zu,\"serverCpuNs\":%" PRIu64
                ",\"ownCpuNs\":%" PRIu64 "}\n",
                answers, wrong, seconds, static_cast<double>(answers) / seconds, bytes, bench::processCpuNs(serverPid) - serverCpu,
                bench::ownCpuNs() - ownCpu);
    return wrong == 0 && answers > 0 ? 0 : 1;
}
