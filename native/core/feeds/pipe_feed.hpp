// Carries a source's frames through a pipe into a child process, and back what a decoder makes of them. One epoll thread
// serves all feeds; a feed lives on while its capture restarts, and ends when the child goes or takes nothing for too long.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "hub/capture_types.hpp"
#include "feeds/feed.hpp"
#include "base/result.hpp"

namespace camera {

/// Any thread; calls hold a lock while a non-blocking write copies at most one pipe full.
class PipeFeeds {
public:
    /// Called once per feed, on the feed thread or inside `close` and `stop`.
    using Ended = std::function<void(uint64_t feed, const std::string &source, FeedEnd why)>;
    /// Called on the feed thread.
    using Gapped = std::function<void(uint64_t feed, const std::string &source, const FeedGap &gap)>;

    explicit PipeFeeds(Ended ended, Gapped gapped = {});
    PipeFeeds(const PipeFeeds &) = delete;
    PipeFeeds &operator=(const PipeFeeds &) = delete;
    /// Stops without limit.
    ~PipeFeeds();

    /// Errors of steps "pipe2", "open", "epoll_create1", "eventfd", "epoll_ctl", "pthread_create"; `aborted` after `stop`.
    Result<FeedInfo> open(const std::string &source, const FeedHubs &hubs, const FeedOptions &options);
    /// Closes both of our copies of the child's ends.
    void closeReadEnd(uint64_t feed);
    void close(uint64_t feed);
    std::optional<FeedStats> stats(uint64_t feed) const;
    /// Feeds that are open for this source.
    size_t count(const std::string &source) const;

    /// Closes all feeds and ends the thread; false when it still ran after `timeoutMs` (it is written off). Idempotent.
    bool stop(int timeoutMs);

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace camera
