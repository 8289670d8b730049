// limits: what this machine can do right now. Prints one line of JSON; every report has it at its top.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <thread>
#include <vector>

#include "cpu_time.hpp"
#include "histogram.hpp"

namespace {

using bench::nowNs;

/** Nanoseconds of a system call that does nothing. */
double syscallNs() {
    constexpr int kCalls = 500'000;
    const uint64_t begin = nowNs();
    for (int i = 0; i < kCalls; i++) syscall(SYS_getppid);
    return static_cast<double>(nowNs() - begin) / kCalls;
}

/** A connected pair of TCP sockets over loopback; -1 when there is none. */
struct TcpPair {
    int client = -1;
    int server = -1;

    TcpPair() {
        const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto *generic = reinterpret_cast<sockaddr *>(&address);
        if (bind(listener, generic, size) == 0 && listen(listener, 1) == 0 && getsockname(listener, generic, &size) == 0) {
            client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            if (connect(client, generic, size) == 0) server = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        }
        close(listener);
        const int on = 1;
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    ~TcpPair() {
        close(client);
        close(server);
    }
};

/** Nanoseconds of a connection that is made, accepted and cut at once, in one thread. */
double connectNs() {
    constexpr int kConnections = 2'000;
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto *generic = reinterpret_cast<sockaddr *>(&address);
    if (bind(listener, generic, size) != 0 || listen(listener, 1) != 0 || getsockname(listener, generic, &size) != 0) return 0;
    const linger cut{1, 0};
    const uint64_t begin = nowNs();
    for (int i = 0; i < kConnections; i++) {
        const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        setsockopt(client, SOL_SOCKET, SO_LINGER, &cut, sizeof cut);
        if (connect(client, generic, size) != 0) return 0;
        const int server = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        close(client);
        close(server);
    }
    const auto took = static_cast<double>(nowNs() - begin);
    close(listener);
    return took / kConnections;
}

/** Nanoseconds of sending 64 bytes over loopback and receiving them in the same thread. */
double loopbackNs() {
    constexpr int kPairs = 100'000;
    TcpPair pair;
    char bytes[64] = {};
    const uint64_t begin = nowNs();
    for (int i = 0; i < kPairs; i++) {
        if (send(pair.client, bytes, sizeof bytes, 0) != sizeof bytes) return 0;
        if (recv(pair.server, bytes, sizeof bytes, MSG_WAITALL) != sizeof bytes) return 0;
    }
    return static_cast<double>(nowNs() - begin) / kPairs;
}

/** Median round trip between two threads over loopback, which the scheduler puts on two cores. */
uint64_t pingPongNs() {
    constexpr int kRounds = 5'000;
    TcpPair pair;
    std::thread echo([&] {
        char byte = 0;
        for (int i = 0; i < kRounds; i++) {
            if (recv(pair.server, &byte, 1, 0) != 1 || send(pair.server, &byte, 1, 0) != 1) return;
        }
    });
    std::vector<uint64_t> times;
    for (int i = 0; i < kRounds; i++) {
        char byte = 0;
        const uint64_t begin = nowNs();
        if (send(pair.client, &byte, 1, 0) != 1 || recv(pair.client, &byte, 1, 0) != 1) break;
        times.push_back(nowNs() - begin);
    }
    shutdown(pair.client, SHUT_RDWR);
    echo.join();
    if (times.empty()) return 0;
    std::nth_element(times.begin(), times.begin() + static_cast<long>(times.size() / 2), times.end());
    return times[times.size() / 2];
}

/** By how much a sleep of 1 ms is late: what the machine does to everything that waits. */
void measureHiccups(bench::Histogram &late, uint64_t forNs) {
    const timespec pause{0, 1'000'000};
    for (const uint64_t begin = nowNs(); nowNs() - begin < forNs;) {
        const uint64_t from = nowNs();
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, nullptr);
        const uint64_t took = nowNs() - from;
        late.record(took > 1'000'000 ? took - 1'000'000 : 0);
    }
}

}  // namespace

int main() {
    static bench::Histogram late;
    measureHiccups(late, 1'000'000'000);
    std::printf("{\"syscallNs\":%.0f,\"loopbackNs\":%.0f,\"connectNs\":%.0f,\"pingPongNs\":%" PRIu64 ",\"hiccupNs\":{\"p50\":%" PRIu64 ",\"p99\":%" PRIu64
                ",\"p999\":%" PRIu64 ",\"max\":%" PRIu64 "}}\n",
                syscallNs(), loopbackNs(), connectNs(), pingPongNs(), late.percentile(0.5), late.percentile(0.99), late.percentile(0.999), late.max());
    return 0;
}
