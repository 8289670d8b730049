// One sending thread: its epoll, its viewers and the channels they watch. Everything reaches it as tasks, so that it needs no
// lock while it sends.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/core_thread.hpp"
#include "fanout/fanout_channel.hpp"
#include "base/result.hpp"
#include "fanout/viewer.hpp"

namespace camera {

/// Held by shared_ptr: a thread that was written off goes on with it.
class FanoutShard : public std::enable_shared_from_this<FanoutShard> {
public:
    struct Outlet {
        /// The viewer is gone. On the shard's thread.
        std::function<void(const Viewer &, ViewerEnd)> ended;
        /// Has a placeholder drawn; the answer comes on any thread.
        std::function<void(const PlaceholderPicture &, std::function<void(PlaceholderJpeg)>)> paint;
    };

    /// Errors of steps "epoll_create1", "eventfd", "epoll_ctl" and "pthread_create".
    static Result<std::shared_ptr<FanoutShard>> start(int index, const FanoutOptions &options, Outlet outlet);
    FanoutShard(const FanoutShard &) = delete;
    FanoutShard &operator=(const FanoutShard &) = delete;

    // Any thread; in order.
    void add(std::shared_ptr<Viewer> viewer);
    void end(uint64_t viewer);
    /// Of all channels when the name is empty.
    void endAll(const std::string &channel);
    void showSource(const std::string &channel, std::shared_ptr<FrameHub> hub);
    void showPlaceholder(const std::string &channel, const PlaceholderPicture &picture);
    void setMaxFrameAge(const std::string &channel, int64_t maxAgeUs);
    void limitRate(double maxFps);

    /// Ends all viewers, then the thread; viewers that take longer than `timeoutMs` are cut off. False when the thread still
    /// ran then: it is written off. Once only, by the owner.
    bool stop(int timeoutMs);

private:
    using Task = std::function<void(int64_t nowUs)>;
    struct Place {
        std::shared_ptr<Viewer> viewer;
        /// Empty for one that is being ended.
        FanoutChannel *channel = nullptr;
        int64_t lingersUntilUs = 0;
        ViewerEnd why = ViewerEnd::Closed;
        bool over = false;
    };

    FanoutShard(const FanoutOptions &options, Outlet outlet) : options_(options), outlet_(std::move(outlet)) {}

    void post(Task task);
    void wake();

    // On the thread.
    void run();
    int waitMs(int64_t nowUs) const;
    void note(Viewer &viewer, uint32_t events, int64_t nowUs);
    void runTasks(int64_t nowUs);
    void look(int64_t nowUs);
    bool isStalled(Viewer &viewer, int64_t nowUs) const;
    void admit(std::shared_ptr<Viewer> viewer, int64_t nowUs);
    void beginEnd(Place &place, int64_t nowUs);
    void halfClose(Place &place);
    void over(Viewer &viewer, ViewerEnd why);
    void bury();
    FanoutChannel &channel(const std::string &name);

    // Passed in.
    const FanoutOptions options_;
    const Outlet outlet_;
    // Shared.
    UniqueFd epoll_;
    UniqueFd wakeup_;
    std::atomic<bool> awake_{false};
    std::mutex mutex_;
    std::vector<Task> tasks_;
    CoreThread thread_;
    // The thread's own. Channels are few and stay; a viewer's place is freed between turns only.
    std::unordered_map<std::string, std::unique_ptr<FanoutChannel>> channels_;
    std::unordered_map<uint64_t, Place> places_;
    std::vector<Viewer *> over_;
    int64_t nextLookUs_ = 0;
    double maxFps_ = 0;
    bool stopping_ = false;
    int64_t stopUs_ = 0;
};

} // namespace camera
