#include "pipe_feed.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <limits>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "clock.hpp"
#include "core_thread.hpp"
#include "fault_code.hpp"
#include "pipe_writer.hpp"

namespace camera {

namespace {

constexpr int kCheckMs = 100; // how often a feed whose reader is behind is looked at
constexpr uint64_t kWakeKey = 0;

class Feed : public FrameSink {
public:
    Feed(std::string source, std::shared_ptr<FrameHub> hub, UniqueFd readEnd, UniqueFd writeEnd, int stallMs, int wakeFd)
        : source(std::move(source)), hub(hub), readEnd(std::move(readEnd)),
          writer(std::move(writeEnd), std::move(hub), monotonicUs()), stallMs(stallMs), wakeFd_(wakeFd) {
        this->hub->addSink(this);
        framePublished(); // the newest frame is there already
    }
    ~Feed() override { hub->removeSink(this); }

    void framePublished() override {
        if (!fresh.exchange(true, std::memory_order_acq_rel)) static_cast<void>(::eventfd_write(wakeFd_, 1));
    }

    const std::string source;
    const std::shared_ptr<FrameHub> hub;
    UniqueFd readEnd;
    PipeWriter writer;
    const int stallMs;
    std::atomic<bool> fresh{false};
    bool watchesWritable = false;

private:
    const int wakeFd_;
};

} // namespace

struct PipeFeeds::State {
    using Feeds = std::unordered_map<uint64_t, std::unique_ptr<Feed>>;
    struct End {
        uint64_t feed;
        std::string source;
        FeedEnd why;
    };

    explicit State(Ended ended) : ended(std::move(ended)) {}

    // Passed in.
    const Ended ended;
    // Lock order: mutex, then a hub's.
    mutable std::mutex mutex;
    UniqueFd epoll;
    UniqueFd wakeup;
    Feeds feeds;
    uint64_t lastId = 0;
    bool stopping = false;
    CoreThread thread;

    Status startThread(const std::shared_ptr<State> &self) {
        if (thread.running()) return done();
        epoll.reset(::epoll_create1(EPOLL_CLOEXEC));
        if (!epoll.valid()) return Error{errno, "epoll_create1", {}};
        wakeup.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        if (!wakeup.valid()) return Error{errno, "eventfd", {}};
        if (!watch(wakeup.get(), kWakeKey, EPOLLIN, EPOLL_CTL_ADD)) return Error{errno, "epoll_ctl", {}};
        auto started = CoreThread::start({.name = "cam-feeds"}, [self] { self->run(); });
        if (!started.ok()) return started.error();
        thread = started.take();
        return done();
    }

    bool watch(int fd, uint64_t key, uint32_t events, int operation) const {
        epoll_event event{};
        event.events = events;
        event.data.u64 = key;
        return ::epoll_ctl(epoll.get(), operation, fd, &event) == 0;
    }

    void run() {
        std::array<epoll_event, 64> events{};
        for (bool behind = false;;) {
            const int count = ::epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()), behind ? kCheckMs : -1);
            std::vector<End> over;
            Feeds removed;
            {
                const std::lock_guard lock(mutex);
                if (stopping) return;
                for (int i = 0; i < count; ++i) note(events[static_cast<size_t>(i)]);
                behind = serve(over);
                for (const End &end : over) removed.insert(feeds.extract(end.feed));
            }
            removed.clear(); // who hears of the end may count on it
            for (const End &end : over) ended(end.feed, end.source, end.why);
        }
    }

    void note(const epoll_event &event) {
        if (event.data.u64 == kWakeKey) {
            eventfd_t count = 0;
            static_cast<void>(::eventfd_read(wakeup.get(), &count));
            return;
        }
        const auto found = feeds.find(event.data.u64);
        if (found == feeds.end()) return;
        if ((event.events & EPOLLOUT) != 0) found->second->fresh.store(true, std::memory_order_release);
        if ((event.events & (EPOLLERR | EPOLLHUP)) != 0) broken.push_back(event.data.u64);
    }

    /// True while some reader is behind and has to be looked at again without an event.
    bool serve(std::vector<End> &over) {
        bool behind = false;
        const int64_t nowUs = monotonicUs();
        for (auto &[id, feed] : feeds) {
            if (std::erase(broken, id) > 0) {
                over.push_back({id, feed->source, FeedEnd::BrokenPipe});
                continue;
            }
            if (!feed->fresh.exchange(false, std::memory_order_acq_rel) && !feed->writer.behind()) continue;
            const auto outcome = feed->writer.advance(nowUs);
            if (outcome == PipeWriter::Outcome::Broken) {
                over.push_back({id, feed->source, FeedEnd::BrokenPipe});
                continue;
            }
            watchWritable(id, *feed, outcome == PipeWriter::Outcome::Partial);
            if (feed->writer.stalledUs(nowUs) >= int64_t{feed->stallMs} * 1000) over.push_back({id, feed->source, FeedEnd::Stalled});
            behind = behind || feed->writer.behind();
        }
        broken.clear();
        return behind;
    }

    /// Only while a frame is half written: an idle pipe is always writable and would wake the thread for nothing.
    void watchWritable(uint64_t id, Feed &feed, bool wanted) const {
        if (feed.watchesWritable == wanted) return;
        feed.watchesWritable = wanted;
        watch(feed.writer.fd(), id, wanted ? static_cast<uint32_t>(EPOLLOUT) : 0, EPOLL_CTL_MOD);
    }

    std::vector<uint64_t> broken;
};

PipeFeeds::PipeFeeds(Ended ended) : state_(std::make_shared<State>(std::move(ended))) {}

PipeFeeds::~PipeFeeds() { stop(std::numeric_limits<int>::max()); }

Result<FeedInfo> PipeFeeds::open(const std::string &source, std::shared_ptr<FrameHub> hub, const FeedOptions &options) {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopping) return Error{0, kStepAborted, source};
    if (Status status = state_->startThread(state_); !status.ok()) return status.error();
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return Error{errno, "pipe2", source};
    UniqueFd readEnd(ends[0]);
    UniqueFd writeEnd(ends[1]);
    // Ours alone: the child expects a blocking stdin.
    ::fcntl(writeEnd.get(), F_SETFL, O_WRONLY | O_NONBLOCK);
    const int writeFd = writeEnd.get();
    const FeedInfo info{.id = ++state_->lastId, .readFd = readEnd.get()};
    if (!state_->watch(writeFd, info.id, 0, EPOLL_CTL_ADD)) return Error{errno, "epoll_ctl", source};
    state_->feeds.emplace(info.id, std::make_unique<Feed>(source, std::move(hub), std::move(readEnd), std::move(writeEnd),
                                                          options.stallMs, state_->wakeup.get()));
    return info;
}

void PipeFeeds::closeReadEnd(uint64_t feed) {
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->feeds.find(feed);
    if (found != state_->feeds.end()) found->second->readEnd.reset();
}

void PipeFeeds::close(uint64_t feed) {
    State::Feeds::node_type removed;
    {
        const std::lock_guard lock(state_->mutex);
        removed = state_->feeds.extract(feed);
    }
    if (!removed) return;
    const std::string source = removed.mapped()->source;
    removed = {};
    state_->ended(feed, source, FeedEnd::Closed);
}

std::optional<FeedStats> PipeFeeds::stats(uint64_t feed) const {
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->feeds.find(feed);
    if (found == state_->feeds.end()) return std::nullopt;
    return found->second->writer.stats();
}

size_t PipeFeeds::count(const std::string &source) const {
    const std::lock_guard lock(state_->mutex);
    return static_cast<size_t>(
        std::count_if(state_->feeds.begin(), state_->feeds.end(), [&](const auto &entry) { return entry.second->source == source; }));
}

bool PipeFeeds::stop(int timeoutMs) {
    State::Feeds removed;
    CoreThread thread;
    {
        const std::lock_guard lock(state_->mutex);
        state_->stopping = true;
        removed.swap(state_->feeds);
        thread = std::move(state_->thread);
        if (state_->wakeup.valid()) static_cast<void>(::eventfd_write(state_->wakeup.get(), 1));
    }
    for (auto &[id, feed] : removed) {
        const std::string source = feed->source;
        feed.reset();
        state_->ended(id, source, FeedEnd::Closed);
    }
    if (thread.joinFor(timeoutMs)) return true;
    thread.writeOff();
    return false;
}

} // namespace camera
