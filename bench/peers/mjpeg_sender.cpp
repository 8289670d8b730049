// mjpeg_sender FRAMES BYTES [FPS]: the least code that sends MJPEG to many viewers: one thread, one epoll, one `send` per idle viewer
// and frame, in the service's wire format. No authorisation, no statistics, no camera: the pictures of the file FRAMES (each BYTES
// long) in turn. What it costs is the limit for the service. Prints its port and runs until it is killed.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::string_view kHead =
    "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    "--frame\r\n";
constexpr std::string_view kTrailer = "\r\n--frame\r\n";

/** A part in its final bytes. */
struct Wire {
    std::string bytes;
    int senders = 0;
};

struct Viewer {
    int fd = -1;
    bool asked = false;
    /** The part that the socket did not take as a whole, and how much of it went. */
    Wire *unsent = nullptr;
    size_t sent = 0;
    const Wire *last = nullptr;
    size_t place = 0;
};

class Sender {
public:
    Sender(std::string pictures, size_t bytes, int fps) : pictures_(std::move(pictures)), bytes_(bytes) {
        listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto *generic = reinterpret_cast<sockaddr *>(&address);
        if (bind(listener_, generic, size) != 0 || listen(listener_, 4096) != 0 || getsockname(listener_, generic, &size) != 0) std::abort();
        port_ = ntohs(address.sin_port);
        timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        const timespec interval{0, 1'000'000'000 / fps};
        const itimerspec every{interval, interval};
        timerfd_settime(timer_, 0, &every, nullptr);
        watch(EPOLL_CTL_ADD, listener_, EPOLLIN, &listener_);
        watch(EPOLL_CTL_ADD, timer_, EPOLLIN, &timer_);
    }

    int port() const { return port_; }

    void run() {
        epoll_event events[256];
        for (;;) {
            const int n = epoll_wait(epoll_, events, 256, -1);
            for (int i = 0; i < n; i++) {
                void *who = events[i].data.ptr;
                if (who == &timer_) tick();
                else if (who == &listener_) welcome();
                else serve(static_cast<Viewer *>(who), events[i].events);
            }
            gone_.clear();
        }
    }

private:
    void watch(int operation, int fd, uint32_t what, void *who) {
        epoll_event event{};
        event.events = what;
        event.data.ptr = who;
        epoll_ctl(epoll_, operation, fd, &event);
    }

    void welcome() {
        for (int fd; (fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0;) {
            const int on = 1;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            viewers_.push_back(std::make_unique<Viewer>());
            viewers_.back()->fd = fd;
            viewers_.back()->place = viewers_.size() - 1;
            watch(EPOLL_CTL_ADD, fd, EPOLLIN, viewers_.back().get());
        }
    }

    void serve(Viewer *viewer, uint32_t events) {
        if (viewer->fd < 0) return;
        if ((events & EPOLLIN) != 0) {
            char request[2048];
            if (recv(viewer->fd, request, sizeof request, 0) <= 0) return leave(viewer);
            if (!viewer->asked && send(viewer->fd, kHead.data(), kHead.size(), MSG_NOSIGNAL) < 0) return leave(viewer);
            viewer->asked = true;
            if (viewer->unsent == nullptr) give(viewer);
        } else if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
            leave(viewer);
        } else if ((events & EPOLLOUT) != 0) {
            push(viewer, true);
        }
    }

    void tick() {
        uint64_t ticks = 0;
        if (read(timer_, &ticks, sizeof ticks) < 0) return;
        newest_ = freeWire();
        timespec t{};
        clock_gettime(CLOCK_REALTIME, &t);
        char header[160];
        const int length = std::snprintf(header, sizeof header, "Content-Type: image/jpeg\r\nContent-Length: %zu\r\nX-Timestamp: %ld.%06ld\r\n\r\n",
                                         bytes_, t.tv_sec, t.tv_nsec / 1000);
        newest_->bytes.assign(header, static_cast<size_t>(length));
        newest_->bytes.append(pictures_, picture_ * bytes_, bytes_);
        newest_->bytes.append(kTrailer);
        picture_ = (picture_ + 1) % (pictures_.size() / bytes_);
        // From behind: one that leaves is replaced by the last, which was served.
        for (size_t i = viewers_.size(); i-- > 0;) {
            Viewer *viewer = viewers_[i].get();
            if (viewer->asked && viewer->unsent == nullptr) give(viewer);
        }
    }

    /** A part that nobody is being sent. */
    Wire *freeWire() {
        for (Wire &wire : wires_) {
            if (wire.senders == 0 && &wire != newest_) return &wire;
        }
        return &wires_.emplace_back();
    }

    void give(Viewer *viewer) {
        if (newest_ == nullptr || viewer->last == newest_) return;
        viewer->last = newest_;
        viewer->unsent = newest_;
        viewer->sent = 0;
        newest_->senders++;
        push(viewer, false);
    }

    void push(Viewer *viewer, bool wasWaiting) {
        const std::string &bytes = viewer->unsent->bytes;
        const ssize_t n = send(viewer->fd, bytes.data() + viewer->sent, bytes.size() - viewer->sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN) return leave(viewer);
        viewer->sent += n > 0 ? static_cast<size_t>(n) : 0;
        const bool done = viewer->sent == bytes.size();
        if (done == wasWaiting) watch(EPOLL_CTL_MOD, viewer->fd, done ? EPOLLIN : EPOLLIN | EPOLLOUT, viewer);
        if (!done) return;
        viewer->unsent->senders--;
        viewer->unsent = nullptr;
        if (wasWaiting) give(viewer);
    }

    void leave(Viewer *viewer) {
        close(viewer->fd);
        viewer->fd = -1;
        if (viewer->unsent != nullptr) viewer->unsent->senders--;
        const size_t place = viewer->place;
        // Freed after the events at hand, which may name it.
        gone_.push_back(std::move(viewers_[place]));
        if (place + 1 != viewers_.size()) {
            viewers_[place] = std::move(viewers_.back());
            viewers_[place]->place = place;
        }
        viewers_.pop_back();
    }

    const std::string pictures_;
    const size_t bytes_;
    const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
    int listener_ = -1;
    int timer_ = -1;
    int port_ = 0;
    std::vector<std::unique_ptr<Viewer>> viewers_;
    std::vector<std::unique_ptr<Viewer>> gone_;
    std::deque<Wire> wires_;
    Wire *newest_ = nullptr;
    size_t picture_ = 0;
};

}  // namespace

int main(int argc, char **argv) {
    if (argc < 3) {
        std::fprintf(stderr, "usage: mjpeg_sender FRAMES BYTES [FPS]\n");
        return 64;
    }
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    std::ifstream file(argv[1], std::ios::binary);
    std::string pictures((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const size_t bytes = std::strtoul(argv[2], nullptr, 10);
    if (bytes == 0 || pictures.size() < bytes) {
        std::fprintf(stderr, "mjpeg_sender: no pictures of %zu bytes in %s\n", bytes, argv[1]);
        return 1;
    }
    Sender sender(std::move(pictures), bytes, argc > 3 ? std::atoi(argv[3]) : 30);
    std::printf("{\"port\":%d}\n", sender.port());
    std::fflush(stdout);
    sender.run();
}
