#include "capture/capture_manager.hpp"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>

#include "capture/capture_channel.hpp"
#include "base/clock.hpp"
#include "base/durable_file.hpp"
#include "base/fault_code.hpp"
#include "hub/frame_store.hpp"
#include "feeds/pipe_feed.hpp"

namespace camera {

namespace {

constexpr int kDefaultShutdownMs = 2000;
constexpr int kLeastShareMs = 20; // what each step of a shutdown gets even when the time is up

/// Counts answers down and lets one thread wait for the last.
class Countdown {
public:
    explicit Countdown(size_t count) : left_(count) {}
    void count() {
        const std::lock_guard lock(mutex_);
        if (--left_ == 0) changed_.notify_all();
    }
    void waitFor(int timeoutMs) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, std::chrono::milliseconds(timeoutMs), [this] { return left_ == 0; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    size_t left_;
};

/// The listener, shared with tasks that may still run when the manager is gone.
struct ListenerSlot {
    std::mutex mutex;
    CaptureManager::Listener listener;

    void tell(const CaptureEvent &event) {
        CaptureManager::Listener current;
        {
            const std::lock_guard lock(mutex);
            current = listener;
        }
        if (current) current(event);
    }
};

int64_t wantedUs(const FrameWish &wish) { return monotonicUs() - std::max<int64_t>(wish.maxAgeMs, 0) * 1000; }
int64_t deadlineUs(const FrameWish &wish) { return monotonicUs() + std::max<int64_t>(wish.timeoutMs, 0) * 1000; }

} // namespace

struct CaptureManager::Core {
    std::shared_ptr<ListenerSlot> listener = std::make_shared<ListenerSlot>();
    std::shared_ptr<Courier> courier = std::make_shared<Courier>();
    std::shared_ptr<EncoderPool> encoders;
    std::shared_ptr<FrameStore> store;
    std::shared_ptr<const ChannelServices> services;
    PipeFeeds feeds;

    // Lock order: this, then a channel's.
    std::mutex mutex;
    std::map<std::string, std::shared_ptr<CaptureChannel>> channels;
    bool closing = false;

    Core(const Sys &sys, const CaptureOptions &options)
        : encoders(std::make_shared<EncoderPool>(options.encoderThreads)),
          store(std::make_shared<FrameStore>(options.storeThreads, options.storeQueue)),
          services(std::make_shared<ChannelServices>(
              ChannelServices{.sys = std::make_shared<const Sys>(sys),
                              .options = options,
                              .courier = courier,
                              .encoders = encoders,
                              .emit = [slot = listener](const CaptureEvent &event) { slot->tell(event); }})),
          feeds([slot = listener, courier = courier](uint64_t feed, const std::string &source, FeedEnd why) {
              CaptureEvent event;
              event.source = source;
              event.atUs = monotonicUs();
              event.feed = feed;
              event.feedEnd = why;
              courier->post([slot, event = std::move(event)] { slot->tell(event); });
          },
          [slot = listener, courier = courier](uint64_t feed, const std::string &source, const FeedGap &gap) {
              CaptureEvent event;
              event.source = source;
              event.atUs = gap.atUs;
              event.feed = feed;
              event.gap = gap;
              courier->post([slot, event = std::move(event)] { slot->tell(event); });
          }) {}

    /// Empty after shutdown.
    std::shared_ptr<CaptureChannel> channel(const std::string &source) {
        const std::lock_guard lock(mutex);
        if (closing) return nullptr;
        auto &found = channels[source];
        if (!found) {
            found = std::make_shared<CaptureChannel>(source, services);
            forgetOver(source);
        }
        return channels[source];
    }

    std::shared_ptr<CaptureChannel> find(const std::string &source) {
        const std::lock_guard lock(mutex);
        const auto found = channels.find(source);
        return found == channels.end() ? nullptr : found->second;
    }

    /// Sources are named by appearance, so each replug brings a new one: without this the list would grow for ever.
    void forgetOver(const std::string &but) {
        std::erase_if(channels, [&](const auto &entry) {
            return entry.first != but && entry.second->over() && feeds.count(entry.first) == 0;
        });
    }

    template <typename T>
    void refuse(const Callback<T> &done, const Error &reason) {
        {
            const std::lock_guard lock(mutex);
            if (!closing) return courier->post([done, reason] { done(reason); });
        }
        done(Error{0, kStepAborted, reason.subject}); // the courier is gone
    }
};

CaptureManager::CaptureManager(const Sys &sys, CaptureOptions options) : core_(std::make_unique<Core>(sys, options)) {}

CaptureManager::~CaptureManager() { shutdown(kDefaultShutdownMs); }

void CaptureManager::setListener(Listener listener) {
    const std::lock_guard lock(core_->listener->mutex);
    core_->listener->listener = std::move(listener);
}

void CaptureManager::start(const SourceAddress &address, const CaptureRequest &request, Callback<CaptureInfo> done) {
    const auto channel = core_->channel(address.source);
    if (!channel) return core_->refuse<CaptureInfo>(done, Error{0, kStepAborted, address.source});
    channel->start(address, request, std::move(done));
}

void CaptureManager::stop(const std::string &source, Callback<Done> done) {
    if (const auto channel = core_->find(source)) return channel->stop(std::move(done));
    {
        const std::lock_guard lock(core_->mutex);
        if (!core_->closing) return core_->courier->post([done = std::move(done)] { done(Done{}); });
    }
    done(Done{});
}

void CaptureManager::gone(const std::string &source) {
    if (const auto channel = core_->find(source)) channel->gone();
}

void CaptureManager::grab(const std::string &source, const FrameWish &wish, Callback<FramePtr> done) {
    const auto channel = core_->find(source);
    if (channel && channel->vanished()) return core_->refuse<FramePtr>(done, Error{ENODEV, "grab", source});
    if (!channel || !channel->capturing()) return core_->refuse<FramePtr>(done, Error{0, kStepNotStreaming, source});
    channel->hub()->wait(wantedUs(wish), deadlineUs(wish), std::move(done));
}

void CaptureManager::grabKeyFrame(const std::string &source, const FrameWish &wish, Callback<FramePtr> done) {
    const auto channel = core_->find(source);
    if (channel && channel->vanished()) return core_->refuse<FramePtr>(done, Error{ENODEV, "grab", source});
    if (!channel || !channel->capturing()) return core_->refuse<FramePtr>(done, Error{0, kStepNotStreaming, source});
    const FramePtr newest = channel->h264()->keys()->newest();
    if (!newest || newest->facts().capturedAtUs < wantedUs(wish)) channel->h264()->wantKeyFrame();
    channel->h264()->keys()->wait(wantedUs(wish), deadlineUs(wish), std::move(done));
}

void CaptureManager::save(const std::string &source, const FrameWish &wish, const std::string &dir, const std::string &name,
                          Callback<SavedFrame> done) {
    if (!isPlainFileName(name)) return core_->refuse<SavedFrame>(done, Error{0, kStepPath, name});
    // A frame that is new enough goes straight to the store: one change of threads less than by way of the hub's answer.
    const auto channel = core_->find(source);
    if (channel && !channel->vanished() && channel->capturing()) {
        FramePtr newest = channel->hub()->newest();
        const bool fits = newest && newest->facts().capturedAtUs >= wantedUs(wish);
        if (fits && !core_->store->offer(std::move(newest), dir, name, done)) return;
    }
    grab(source, wish, [store = core_->store, dir, name, done = std::move(done)](Result<FramePtr> frame) {
        if (!frame.ok()) return done(frame.error());
        store->save(frame.take(), dir, name, done);
    });
}

Result<FeedInfo> CaptureManager::openFeed(const std::string &source, const FeedOptions &options) {
    const auto channel = core_->channel(source);
    if (!channel) return Error{0, kStepAborted, source};
    return core_->feeds.open(source, {channel->hub(), channel->h264()}, options);
}

void CaptureManager::closeReadEnd(uint64_t feed) { core_->feeds.closeReadEnd(feed); }

void CaptureManager::closeFeed(uint64_t feed) { core_->feeds.close(feed); }

std::optional<FeedStats> CaptureManager::feedStats(uint64_t feed) const { return core_->feeds.stats(feed); }

void CaptureManager::keepEncoding(const std::string &source, bool keep) {
    if (const auto channel = core_->channel(source)) channel->hub()->keepEncoding(keep);
}

void CaptureManager::setRetained(const std::string &source, size_t frames) {
    if (const auto channel = core_->channel(source)) channel->hub()->retain(frames);
}

void CaptureManager::setJpegQuality(const std::string &source, int quality) {
    if (const auto channel = core_->channel(source)) channel->setJpegQuality(quality);
}

std::shared_ptr<FrameHub> CaptureManager::hub(const std::string &source) {
    const auto channel = core_->channel(source);
    return channel ? channel->hub() : nullptr;
}

std::optional<CaptureStats> CaptureManager::stats(const std::string &source, int64_t maxFrameAgeUs) const {
    const auto channel = core_->find(source);
    if (!channel) return std::nullopt;
    return channel->stats(maxFrameAgeUs);
}

void CaptureManager::shutdown(int timeoutMs) {
    std::map<std::string, std::shared_ptr<CaptureChannel>> channels;
    {
        const std::lock_guard lock(core_->mutex);
        if (std::exchange(core_->closing, true)) return;
        channels.swap(core_->channels);
    }
    const int64_t endUs = monotonicUs() + int64_t{timeoutMs} * 1000;
    const auto leftMs = [endUs] {
        return static_cast<int>(std::max<int64_t>(kLeastShareMs, (endUs - monotonicUs()) / 1000));
    };
    // All stop side by side. The countdown is shared: an answer may come after we stopped waiting for it.
    const auto stopped = std::make_shared<Countdown>(channels.size());
    for (const auto &[source, channel] : channels) channel->stop([stopped](const Result<Done> &) { stopped->count(); });
    if (!channels.empty()) stopped->waitFor(leftMs());
    for (const auto &[source, channel] : channels) channel->abandon(Error{0, kStepAborted, source});
    core_->feeds.stop(leftMs());
    core_->encoders->stop(leftMs());
    core_->store->stop(leftMs());
    core_->courier->stop(leftMs());
}

} // namespace camera
