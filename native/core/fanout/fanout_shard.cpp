#include "fanout/fanout_shard.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <utility>

#include "base/clock.hpp"
#include "fanout/viewer_socket.hpp"

namespace camera {

namespace {

/// How often stalled and lingering viewers are looked for.
constexpr int64_t kLookUs = 250'000;

/// Registered once: edges tell that a full socket has room again, so no call per frame is needed.
constexpr uint32_t kViewerEvents = EPOLLOUT | EPOLLRDHUP | EPOLLET;

bool watch(int epoll, int fd, uint32_t events, void *owner) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = owner;
    return ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

ViewerEnd endOf(int socket) {
    int fault = 0;
    socklen_t size = sizeof fault;
    if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &fault, &size) != 0) return ViewerEnd::Error;
    switch (fault) {
    case 0:
    case EPIPE:
    case ECONNRESET:
        return ViewerEnd::Closed;
    case ETIMEDOUT:
        return ViewerEnd::Stalled;
    default:
        return ViewerEnd::Error;
    }
}

} // namespace

Result<std::shared_ptr<FanoutShard>> FanoutShard::start(int index, const FanoutOptions &options, Outlet outlet) {
    std::shared_ptr<FanoutShard> shard(new FanoutShard(options, std::move(outlet)));
    shard->epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
    if (!shard->epoll_.valid()) return Error{errno, "epoll_create1", {}};
    shard->wakeup_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!shard->wakeup_.valid()) return Error{errno, "eventfd", {}};
    // By edges: each write is one, so the count need never be read.
    if (!watch(shard->epoll_.get(), shard->wakeup_.get(), EPOLLIN | EPOLLET, nullptr)) return Error{errno, "epoll_ctl", {}};
    auto thread = CoreThread::start({.name = "cam-fanout-" + std::to_string(index)}, [shard] { shard->run(); });
    if (!thread.ok()) return thread.error();
    shard->thread_ = thread.take();
    return shard;
}

void FanoutShard::add(std::shared_ptr<Viewer> viewer) {
    post([this, viewer = std::move(viewer)](int64_t nowUs) mutable { admit(std::move(viewer), nowUs); });
}

void FanoutShard::end(uint64_t viewer) {
    post([this, viewer](int64_t nowUs) {
        const auto found = places_.find(viewer);
        if (found != places_.end()) beginEnd(found->second, nowUs);
    });
}

void FanoutShard::endAll(const std::string &channel) {
    post([this, channel](int64_t nowUs) {
        for (auto &[number, place] : places_) {
            if (channel.empty() || place.viewer->channel == channel) beginEnd(place, nowUs);
        }
    });
}

void FanoutShard::showSource(const std::string &name, std::shared_ptr<FrameHub> hub) {
    post([this, name, hub = std::move(hub)](int64_t nowUs) { channel(name).showSource(hub, nowUs); });
}

void FanoutShard::showPlaceholder(const std::string &name, const PlaceholderPicture &picture) {
    post([this, name, picture](int64_t nowUs) { channel(name).showPlaceholder(picture, nowUs); });
}

void FanoutShard::setMaxFrameAge(const std::string &name, int64_t maxAgeUs) {
    post([this, name, maxAgeUs](int64_t) { channel(name).setMaxFrameAge(maxAgeUs); });
}

void FanoutShard::limitRate(double maxFps) {
    post([this, maxFps](int64_t) {
        maxFps_ = maxFps;
        for (auto &[number, place] : places_) place.viewer->limitRate(maxFps);
    });
}

bool FanoutShard::stop(int timeoutMs) {
    constexpr int kEndMs = 100; // for the thread itself, once the viewers are cut off
    post([this, timeoutMs](int64_t nowUs) {
        for (auto &[number, place] : places_) beginEnd(place, nowUs);
        stopping_ = true;
        stopUs_ = nowUs + int64_t{timeoutMs} * 1000;
    });
    if (thread_.joinFor(std::min(timeoutMs, std::numeric_limits<int>::max() - kEndMs) + kEndMs)) return true;
    thread_.writeOff();
    return false;
}

void FanoutShard::post(Task task) {
    {
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
    }
    wake();
}

void FanoutShard::wake() {
    if (!awake_.exchange(true, std::memory_order_acq_rel)) static_cast<void>(::eventfd_write(wakeup_.get(), 1));
}

void FanoutShard::run() {
    std::array<epoll_event, 256> events{};
    for (int64_t nowUs = monotonicUs();;) {
        const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), waitMs(nowUs));
        nowUs = monotonicUs();
        // Before anything is looked at: what comes from now on wakes anew.
        awake_.store(false, std::memory_order_seq_cst);
        for (int i = 0; i < count; ++i) {
            const epoll_event &event = events[static_cast<size_t>(i)];
            if (event.data.ptr != nullptr) note(*static_cast<Viewer *>(event.data.ptr), event.events, nowUs);
        }
        bury();
        runTasks(nowUs);
        for (auto &[name, channel] : channels_) channel->turn(nowUs);
        if (nowUs >= nextLookUs_ || (stopping_ && nowUs >= stopUs_)) look(nowUs);
        bury();
        if (stopping_ && places_.empty()) break;
    }
    channels_.clear();
}

int FanoutShard::waitMs(int64_t nowUs) const {
    int64_t next = std::numeric_limits<int64_t>::max();
    for (const auto &[name, channel] : channels_) next = std::min(next, channel->nextTurnUs());
    if (!places_.empty()) next = std::min(next, nextLookUs_);
    if (stopping_) next = std::min(next, stopUs_);
    if (next == std::numeric_limits<int64_t>::max()) return -1;
    // Up, or the rest of a millisecond would be spent spinning.
    return static_cast<int>((std::max<int64_t>(0, next - nowUs) + 999) / 1000);
}

void FanoutShard::note(Viewer &viewer, uint32_t events, int64_t nowUs) {
    if ((events & EPOLLERR) != 0) return over(viewer, endOf(viewer.socket()));
    if ((events & (EPOLLHUP | EPOLLRDHUP)) != 0) return over(viewer, ViewerEnd::Closed);
    if ((events & EPOLLOUT) == 0) return;
    Place &place = places_.at(viewer.number);
    if (place.channel != nullptr) return place.channel->writable(viewer, nowUs);
    switch (viewer.resume(nowUs)) {
    case Viewer::Outcome::Idle:
        return halfClose(place);
    case Viewer::Outcome::Waiting:
        return;
    case Viewer::Outcome::Broken:
        return over(viewer, endOf(viewer.socket()));
    }
}

void FanoutShard::runTasks(int64_t nowUs) {
    std::vector<Task> tasks;
    {
        const std::lock_guard lock(mutex_);
        tasks.swap(tasks_);
    }
    for (const Task &task : tasks) task(nowUs);
}

/// Who takes nothing for too long is dropped.
void FanoutShard::look(int64_t nowUs) {
    nextLookUs_ = nowUs + kLookUs;
    const bool cutOff = stopping_ && nowUs >= stopUs_;
    for (auto &[number, place] : places_) {
        if (place.channel == nullptr) {
            if (cutOff || nowUs >= place.lingersUntilUs) over(*place.viewer, ViewerEnd::Ended);
        } else if (isStalled(*place.viewer, nowUs)) {
            over(*place.viewer, ViewerEnd::Stalled);
        }
    }
}

/// A reader of 10 kB/s may have 130 kB in its kernel, which tells nothing until all of that is read: while that kernel answers,
/// the viewer gets half as long again.
bool FanoutShard::isStalled(Viewer &viewer, int64_t nowUs) const {
    const int64_t stalledMs = viewer.stalledUs(nowUs) / 1000;
    if (stalledMs < options_.stallMs) return false;
    return stalledMs >= options_.stallMs * 3 / 2 || peerSilenceMs(viewer.socket()) >= options_.stallMs;
}

void FanoutShard::admit(std::shared_ptr<Viewer> viewer, int64_t nowUs) {
    Viewer &admitted = *viewer;
    Place &place = places_[admitted.number];
    place.viewer = std::move(viewer);
    if (maxFps_ > 0) admitted.limitRate(maxFps_);
    if (!watch(epoll_.get(), admitted.socket(), kViewerEvents, &admitted)) return over(admitted, ViewerEnd::Error);
    if (admitted.open(nowUs) == Viewer::Outcome::Broken) return over(admitted, endOf(admitted.socket()));
    if (stopping_) return beginEnd(place, nowUs);
    place.channel = &channel(admitted.channel);
    place.channel->add(admitted, nowUs);
}

void FanoutShard::beginEnd(Place &place, int64_t nowUs) {
    if (place.over || place.lingersUntilUs != 0) return;
    Viewer &viewer = *place.viewer;
    place.lingersUntilUs = nowUs + int64_t{options_.lingerMs} * 1000;
    place.why = ViewerEnd::Ended;
    if (place.channel != nullptr) std::exchange(place.channel, nullptr)->remove(viewer);
    switch (viewer.finish(nowUs)) {
    case Viewer::Outcome::Idle:
        return halfClose(place);
    case Viewer::Outcome::Waiting:
        return;
    case Viewer::Outcome::Broken:
        return over(viewer, ViewerEnd::Ended);
    }
}

/// The viewer reads to the end and closes: closing first could take from it what it has not read yet.
void FanoutShard::halfClose(Place &place) { ::shutdown(place.viewer->socket(), SHUT_WR); }

/// Marks only: the viewer may be one of those that are walked through right now.
void FanoutShard::over(Viewer &viewer, ViewerEnd why) {
    Place &place = places_.at(viewer.number);
    if (std::exchange(place.over, true)) return;
    if (place.why != ViewerEnd::Ended) place.why = why;
    over_.push_back(&viewer);
}

void FanoutShard::bury() {
    for (Viewer *viewer : std::exchange(over_, {})) {
        const auto found = places_.find(viewer->number);
        Place place = std::move(found->second);
        places_.erase(found);
        if (place.channel != nullptr) place.channel->remove(*viewer);
        // Whoever handed the socket over may hold it still: then closing our duplicate alone would not end its events.
        static_cast<void>(::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, viewer->socket(), nullptr));
        viewer->close();
        outlet_.ended(*viewer, place.why);
    }
}

FanoutChannel &FanoutShard::channel(const std::string &name) {
    auto &found = channels_[name];
    if (!found) {
        found = std::make_unique<FanoutChannel>(FanoutChannel::Outlet{
            .wake = [this] { wake(); },
            .paint =
                [this, name](const PlaceholderPicture &picture) {
                    outlet_.paint(picture, [weak = weak_from_this(), name, picture](PlaceholderJpeg jpeg) {
                        const auto self = weak.lock();
                        if (!self) return;
                        self->post([shard = self.get(), name, picture, jpeg = std::move(jpeg)](int64_t nowUs) {
                            shard->channel(name).painted(picture, jpeg, nowUs);
                        });
                    });
                },
            .broken = [this](Viewer &viewer) { over(viewer, endOf(viewer.socket())); },
        });
    }
    return *found;
}

} // namespace camera
