// mediamtx LATENCY_US CONFIG: as much of MediaMTX's control API as the service uses, each call answered after a fixed time. It runs beside
// the generator, on the same core, and whatever it takes there the generator is late; so it takes microseconds. It has a path run its
// program when it is made, as the real one does, and nobody can publish. CONFIG: JSON of the global configuration. Prints its port.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "cpu_time.hpp"

namespace {

struct Reply {
    uint64_t dueNs;
    int fd;
    std::string text;
};

class MediaMtx {
public:
    MediaMtx(uint64_t latencyNs, std::string config) : latencyNs_(latencyNs), config_(std::move(config)) {}

    /** The port; 0 after a message on stderr. */
    uint16_t listen() {
        listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        poll_ = epoll_create1(EPOLL_CLOEXEC);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto *generic = reinterpret_cast<sockaddr *>(&address);
        if (bind(listener_, generic, size) != 0 || ::listen(listener_, 64) != 0 || getsockname(listener_, generic, &size) != 0 ||
            !watch(listener_) || !watch(timer_)) {
            std::perror("mediamtx: listen");
            return 0;
        }
        return ntohs(address.sin_port);
    }

    [[noreturn]] void run() {
        for (;;) {
            std::array<epoll_event, 32> events{};
            const int n = epoll_wait(poll_, events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < n; i++) {
                const int fd = events[static_cast<size_t>(i)].data.fd;
                if (fd == listener_) accept();
                else if (fd == timer_) sendDue();
                else read(fd);
            }
        }
    }

private:
    bool watch(int fd) const {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = fd;
        return epoll_ctl(poll_, EPOLL_CTL_ADD, fd, &event) == 0;
    }

    void accept() {
        const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        const int on = 1;
        if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 || !watch(fd)) return;
        clients_[fd].clear();
    }

    void read(int fd) {
        std::string &text = clients_[fd];
        char bytes[8192];
        const ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        if (got <= 0) {
            close(fd);
            clients_.erase(fd);
            std::erase_if(replies_, [fd](const Reply &reply) { return reply.fd == fd; });
            return;
        }
        text.append(bytes, static_cast<size_t>(got));
        for (size_t used = take(fd, text); used > 0; used = take(fd, text)) text.erase(0, used);
    }

    /** Answers the request at the start of `text`; its bytes, 0 when it is not whole yet. */
    size_t take(int fd, std::string_view text) {
        const size_t head = text.find("\r\n\r\n");
        if (head == std::string_view::npos) return 0;
        const size_t length = text.find("content-length: ");
        const size_t bodyBytes = length < head ? std::strtoul(text.data() + length + 16, nullptr, 10) : 0;
        if (text.size() < head + 4 + bodyBytes) return 0;
        const size_t path = text.find(" /v3/") + 5;
        const std::string body = answerTo(text.substr(path, text.find_first_of(" ?", path) - path), text.substr(head + 4, bodyBytes));
        const std::string status = body.empty() ? "404 Not Found" : "200 OK";
        replies_.push_back({bench::nowNs() + latencyNs_, fd,
                            "HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
                                "\r\n\r\n" + body});
        if (replies_.size() == 1) setTimer();
        return head + 4 + bodyBytes;
    }

    /** Empty for a call that there is not. */
    std::string answerTo(std::string_view call, std::string_view body) {
        constexpr std::string_view kReplace = "config/paths/replace/", kDelete = "config/paths/delete/";
        const std::string done = R"({"status":"ok"})";
        if (call == "info") return R"({"version":"v1.20.1","started":"2030-04-01T08:15:00Z"})";
        if (call == "config/global/get") return config_;
        if (call == "config/paths/list")
            return list([](const std::string &, const std::string &fields) { return fields.size() > 2 ? "," + fields.substr(1) : "}"; });
        if (call == "paths/list")
            return list([](const std::string &name, const std::string &) {
                return ",\"confName\":\"" + name + R"(","available":false,"availableTime":null,"source":null,"tracks":[],"readers":[],)" +
                       R"("inboundBytes":0,"outboundBytes":0})";
            });
        if (call.starts_with(kReplace)) {
            const std::string name(call.substr(kReplace.size()));
            paths_[name] = body;
            runHook(name, body);
            return done;
        }
        if (!call.starts_with(kDelete)) return {};
        const std::string name(call.substr(kDelete.size()));
        paths_.erase(name);
        endHook(name);
        return done;
    }

    /** `rest(name, fields)`: what follows the name in an entry. */
    template <typename Rest>
    std::string list(Rest rest) const {
        std::string text = "{\"itemCount\":" + std::to_string(paths_.size()) + ",\"pageCount\":1,\"items\":[";
        for (const auto &[name, fields] : paths_) text += (text.back() == '[' ? "{\"name\":\"" : ",{\"name\":\"") + name + "\"" + rest(name, fields);
        return text + "]}";
    }

    void runHook(const std::string &path, std::string_view fields) {
        constexpr std::string_view kMember = "\"runOnInit\":\"";
        endHook(path);
        const size_t at = fields.find(kMember);
        if (at == std::string_view::npos) return;
        const size_t begin = at + kMember.size();
        const std::string line(fields.substr(begin, fields.find('"', begin) - begin));
        if (line.empty()) return;
        const pid_t child = fork();
        if (child == 0) {
            setenv("MTX_PATH", path.c_str(), 1);
            execl("/bin/sh", "sh", "-c", ("exec " + line).c_str(), nullptr);
            _exit(127);
        }
        hooks_[path] = child;
    }

    void endHook(const std::string &path) {
        const auto found = hooks_.find(path);
        if (found == hooks_.end()) return;
        if (found->second > 0) kill(found->second, SIGTERM);
        hooks_.erase(found);
    }

    void sendDue() {
        uint64_t times = 0;
        if (::read(timer_, &times, sizeof times) < 0) return;
        for (const uint64_t now = bench::nowNs(); !replies_.empty() && replies_.front().dueNs <= now; replies_.pop_front()) {
            const std::string &text = replies_.front().text;
            if (send(replies_.front().fd, text.data(), text.size(), MSG_NOSIGNAL) < 0) std::perror("mediamtx: send");
        }
        if (!replies_.empty()) setTimer();
    }

    void setTimer() const {
        const uint64_t due = replies_.front().dueNs;
        const itimerspec at{{0, 0}, {static_cast<time_t>(due / 1'000'000'000), static_cast<long>(due % 1'000'000'000)}};
        timerfd_settime(timer_, TFD_TIMER_ABSTIME, &at, nullptr);
    }

    const uint64_t latencyNs_;
    const std::string config_;
    int listener_ = -1;
    int timer_ = -1;
    int poll_ = -1;
    std::map<int, std::string> clients_;
    std::deque<Reply> replies_;
    std::map<std::string, std::string> paths_;
    std::map<std::string, pid_t> hooks_;
};

}  // namespace

int main(int argc, char **argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: mediamtx LATENCY_US CONFIG\n");
        return 64;
    }
    // Nobody waits for the programs of paths.
    signal(SIGCHLD, SIG_IGN);
    MediaMtx server(std::strtoull(argv[1], nullptr, 10) * 1'000, argv[2]);
    const uint16_t port = server.listen();
    if (port == 0) return 1;
    std::printf("{\"port\":%u}\n", port);
    std::fflush(stdout);
    server.run();
}
