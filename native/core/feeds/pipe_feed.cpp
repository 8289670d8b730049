#include "feeds/pipe_feed.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <limits>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/core_thread.hpp"
#include "base/fault_code.hpp"

namespace camera {

namespace {

constexpr int kCheckMs = 100; // how often a feed whose reader is behind is looked at
constexpr uint64_t kWakeKey = 0;
/// Marks the key of a decoder's output.
constexpr uint64_t kOutputBit = uint64_t{1} << 63;

} // namespace

struct PipeFeeds::State {
    using Feeds = std::unordered_map<uint64_t, std::unique_ptr<Feed>>;
    struct End {
        uint64_t feed;
        std::string source;
        FeedEnd why;
    };
    struct Gap {
        uint64_t feed;
        std::string source;
        FeedGap gap;
    };

    State(Ended ended, Gapped gapped) : ended(std::move(ended)), gapped(std::move(gapped)) {}

    // Passed in.
    const Ended ended;
    const Gapped gapped;
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
            std::vector<Gap> gaps;
            Feeds removed;
            {
                const std::lock_guard lock(mutex);
                if (stopping) return;
                for (int i = 0; i < count; ++i) note(events[static_cast<size_t>(i)]);
                behind = serve(over, gaps);
                for (const End &end : over) removed.insert(feeds.extract(end.feed));
            }
            removed.clear(); // who hears of the end may count on it
            for (const Gap &gap : gaps) {
                if (gapped) gapped(gap.feed, gap.source, gap.gap);
            }
            for (const End &end : over) ended(end.feed, end.source, end.why);
        }
    }

    void note(const epoll_event &event) {
        if (event.data.u64 == kWakeKey) {
            eventfd_t count = 0;
            static_cast<void>(::eventfd_read(wakeup.get(), &count));
            return;
        }
        const bool isOutput = (event.data.u64 & kOutputBit) != 0;
        const auto found = feeds.find(event.data.u64 & ~kOutputBit);
        if (found == feeds.end()) return;
        if (isOutput) {
            // Whatever came, the decoder may take more now.
            found->second->fresh.store(true, std::memory_order_release);
            if (!found->second->readOutput(monotonicUs())) broken.push_back(found->first);
            return;
        }
        if ((event.events & EPOLLOUT) != 0) found->second->fresh.store(true, std::memory_order_release);
        if ((event.events & (EPOLLERR | EPOLLHUP)) != 0) broken.push_back(event.data.u64);
    }

    /// True while some reader is behind and has to be looked at again without an event.
    bool serve(std::vector<End> &over, std::vector<Gap> &gaps) {
        bool behind = false;
        const int64_t nowUs = monotonicUs();
        for (auto &[id, feed] : feeds) {
            if (std::erase(broken, id) > 0) {
                over.push_back({id, feed->source, FeedEnd::BrokenPipe});
                continue;
            }
            if (!feed->fresh.exchange(false, std::memory_order_acq_rel) && !feed->writer->behind()) continue;
            const auto outcome = feed->advance(nowUs);
            for (const FeedGap &gap : feed->writer->takeGaps()) gaps.push_back({id, feed->source, gap});
            if (outcome == PipeWriter::Outcome::Broken) {
                over.push_back({id, feed->source, FeedEnd::BrokenPipe});
                continue;
            }
            watchWritable(id, *feed, outcome == PipeWriter::Outcome::Partial);
            if (feed->writer->stalledUs(nowUs) >= int64_t{feed->stallMs} * 1000) over.push_back({id, feed->source, FeedEnd::Stalled});
            behind = behind || feed->writer->behind();
        }
        broken.clear();
        return behind;
    }

    /// Only while a frame is half written: an idle pipe is always writable and would wake the thread for nothing.
    void watchWritable(uint64_t id, Feed &feed, bool wanted) const {
        if (feed.watchesWritable == wanted) return;
        feed.watchesWritable = wanted;
        watch(feed.writer->fd(), id, wanted ? static_cast<uint32_t>(EPOLLOUT) : 0, EPOLL_CTL_MOD);
    }

    std::vector<uint64_t> broken;
};

PipeFeeds::PipeFeeds(Ended ended, Gapped gapped) : state_(std::make_shared<State>(std::move(ended), std::move(gapped))) {}

PipeFeeds::~PipeFeeds() { stop(std::numeric_limits<int>::max()); }

Result<FeedInfo> PipeFeeds::open(const std::string &source, const FeedHubs &hubs, const FeedOptions &options) {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopping) return Error{0, kStepAborted, source};
    if (Status status = state_->startThread(state_); !status.ok()) return status.error();
    auto opened = FeedPipes::open(options);
    if (!opened.ok()) return opened.error();
    FeedPipes pipes = opened.take();
    const FeedInfo info{.id = ++state_->lastId, .readFd = pipes.readEnd.get(), .writeFd = pipes.outputWrite.get()};
    // Watched descriptors that are closed leave the epoll by themselves.
    if (!state_->watch(pipes.writeEnd.get(), info.id, 0, EPOLL_CTL_ADD)) return Error{errno, "epoll_ctl", source};
    if (options.decodes && !state_->watch(pipes.outputRead.get(), info.id | kOutputBit, EPOLLIN, EPOLL_CTL_ADD)) {
        return Error{errno, "epoll_ctl", source};
    }
    state_->feeds.emplace(info.id, std::make_unique<Feed>(source, hubs, options, std::move(pipes), state_->wakeup.get()));
    return info;
}

void PipeFeeds::closeReadEnd(uint64_t feed) {
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->feeds.find(feed);
    if (found != state_->feeds.end()) found->second->closeChildEnds();
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
    return found->second->writer->stats();
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
