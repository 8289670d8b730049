#include "fanout/fanout_server.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "base/clock.hpp"
#include "fanout/fanout_shard.hpp"
#include "base/fault_code.hpp"
#include "fanout/placeholder_painter.hpp"
#include "fanout/viewer_socket.hpp"

namespace camera {

/// Shared with the sending threads.
struct FanoutServer::State : std::enable_shared_from_this<State> {
    State(const FanoutOptions &options, Ended ended) : options(options), ended(std::move(ended)) {}

    // Passed in.
    const FanoutOptions options;
    const Ended ended;
    PlaceholderPainter painter;

    // Lock order: this, then a shard's. Sending threads take it only when a viewer is gone.
    mutable std::mutex mutex;
    std::vector<std::shared_ptr<FanoutShard>> shards;
    std::map<uint64_t, std::shared_ptr<Viewer>> viewers;
    std::unordered_map<std::string, size_t> counts;
    /// Of viewers that are gone.
    ViewerCounts past;
    uint64_t lastNumber = 0;
    bool stopping = false;

    Status startShards() {
        if (stopping) return Error{0, kStepAborted, {}};
        while (static_cast<int>(shards.size()) < std::max(options.threads, 1)) {
            // Weak: what the shard's thread calls must not keep what owns the shard.
            auto started = FanoutShard::start(static_cast<int>(shards.size()), options,
                                              {.ended =
                                                   [weak = weak_from_this()](const Viewer &viewer, ViewerEnd why) {
                                                       if (const auto self = weak.lock()) self->forget(viewer, why);
                                                   },
                                               .paint =
                                                   [weak = weak_from_this()](const PlaceholderPicture &picture,
                                                                             std::function<void(PlaceholderJpeg)> answer) {
                                                       if (const auto self = weak.lock()) {
                                                           self->painter.paint(picture, std::move(answer));
                                                       }
                                                   }});
            if (!started.ok()) return started.error();
            shards.push_back(started.take());
        }
        return done();
    }

    FanoutShard &shardOf(uint64_t viewer) { return *shards[viewer % shards.size()]; }

    void forget(const Viewer &viewer, ViewerEnd why) {
        std::shared_ptr<Viewer> last; // freed outside the lock
        {
            const std::lock_guard lock(mutex);
            const auto found = viewers.find(viewer.number);
            if (found == viewers.end()) return;
            last = std::move(found->second);
            viewers.erase(found);
            past += viewer.counts();
            if (--counts[viewer.channel] == 0) counts.erase(viewer.channel);
        }
        ended({.atUs = monotonicUs(), .viewer = viewer.number, .channel = viewer.channel, .why = why, .counts = viewer.counts()});
    }

    template <typename Tell>
    Status tellShards(const Tell &tell) {
        const std::lock_guard lock(mutex);
        if (Status started = startShards(); !started) return started;
        for (const auto &shard : shards) tell(*shard);
        return done();
    }
};

FanoutServer::FanoutServer(const FanoutOptions &options, Ended ended)
    : state_(std::make_shared<State>(options, std::move(ended))) {}

FanoutServer::~FanoutServer() { stop(std::numeric_limits<int>::max()); }

Status FanoutServer::showSource(const std::string &channel, std::shared_ptr<FrameHub> hub) {
    return state_->tellShards([&](FanoutShard &shard) { shard.showSource(channel, hub); });
}

Status FanoutServer::showPlaceholder(const std::string &channel, const PlaceholderPicture &picture) {
    return state_->tellShards([&](FanoutShard &shard) { shard.showPlaceholder(channel, picture); });
}

Status FanoutServer::setMaxFrameAge(const std::string &channel, int maxFrameAgeMs) {
    return state_->tellShards([&](FanoutShard &shard) { shard.setMaxFrameAge(channel, int64_t{maxFrameAgeMs} * 1000); });
}

Status FanoutServer::limitRate(double maxFps) {
    return state_->tellShards([&](FanoutShard &shard) { shard.limitRate(maxFps); });
}

Result<uint64_t> FanoutServer::addViewer(int fd, const std::string &channel, const ViewerOptions &options) {
    const std::lock_guard lock(state_->mutex);
    if (Status started = state_->startShards(); !started) return started.error();
    const auto count = state_->counts.find(channel);
    const size_t watching = count == state_->counts.end() ? 0 : count->second;
    if (state_->viewers.size() >= static_cast<size_t>(state_->options.max) ||
        watching >= static_cast<size_t>(state_->options.maxPerChannel)) {
        return Error{0, kStepTooManyViewers, channel};
    }
    auto socket = takeViewerSocket(fd, state_->options.stallMs);
    if (!socket.ok()) return socket.error();
    const uint64_t number = ++state_->lastNumber;
    auto viewer = std::make_shared<Viewer>(number, channel, socket.take(), options);
    state_->viewers.emplace(number, viewer);
    ++state_->counts[channel];
    state_->shardOf(number).add(std::move(viewer));
    return number;
}

void FanoutServer::endViewer(uint64_t viewer) {
    const std::lock_guard lock(state_->mutex);
    if (!state_->shards.empty()) state_->shardOf(viewer).end(viewer);
}

void FanoutServer::endViewers(const std::string &channel) {
    const std::lock_guard lock(state_->mutex);
    for (const auto &shard : state_->shards) shard->endAll(channel);
}

std::vector<ViewerStats> FanoutServer::viewers(const std::string &channel) const {
    std::vector<std::shared_ptr<Viewer>> found;
    {
        const std::lock_guard lock(state_->mutex);
        for (const auto &[number, viewer] : state_->viewers) {
            if (viewer->channel == channel) found.push_back(viewer);
        }
    }
    std::vector<ViewerStats> stats;
    stats.reserve(found.size());
    for (const auto &viewer : found) stats.push_back(viewer->stats());
    return stats;
}

size_t FanoutServer::viewerCount(const std::string &channel) const {
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->counts.find(channel);
    return found == state_->counts.end() ? 0 : found->second;
}

ViewerCounts FanoutServer::totals() const {
    const std::lock_guard lock(state_->mutex);
    ViewerCounts sum = state_->past;
    for (const auto &[number, viewer] : state_->viewers) sum += viewer->counts();
    return sum;
}

void FanoutServer::stop(int timeoutMs) {
    std::vector<std::shared_ptr<FanoutShard>> shards;
    {
        const std::lock_guard lock(state_->mutex);
        state_->stopping = true;
        shards.swap(state_->shards);
    }
    for (const auto &shard : shards) shard->endAll({});
    const int64_t deadlineUs = monotonicUs() + int64_t{timeoutMs} * 1000;
    const auto leftMs = [&] { return static_cast<int>(std::max<int64_t>(0, (deadlineUs - monotonicUs()) / 1000)); };
    for (const auto &shard : shards) shard->stop(leftMs());
    state_->painter.stop(leftMs());
}

} // namespace camera
