// What the viewers of one channel see, on one sending thread: the frames of a source, or a placeholder when there are none.
// Decides what is offered and when; the viewers know how to send it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hub/frame_hub.hpp"
#include "fanout/placeholder_painter.hpp"
#include "fanout/viewer.hpp"
#include "fanout/viewer_types.hpp"

namespace camera {

/// For its one thread, except `framePublished`. A hub hears of it only while somebody watches, so raw cameras encode only then.
class FanoutChannel : public FrameSink {
public:
    struct Outlet {
        /// Makes the thread call `turn` soon. Any thread.
        std::function<void()> wake;
        /// Has the picture drawn and then given to `painted`.
        std::function<void(const PlaceholderPicture &)> paint;
        /// The viewer's connection is over. Called while viewers are walked through: it must not remove any.
        std::function<void(Viewer &)> broken;
    };

    explicit FanoutChannel(Outlet outlet);
    ~FanoutChannel() override;

    void framePublished() override;

    void showSource(std::shared_ptr<FrameHub> hub, int64_t nowUs);
    void showPlaceholder(const PlaceholderPicture &picture, int64_t nowUs);
    void setMaxFrameAge(int64_t maxAgeUs) { maxAgeUs_ = maxAgeUs; }
    void painted(const PlaceholderPicture &picture, const PlaceholderJpeg &jpeg, int64_t nowUs);

    /// An opened viewer: it gets the newest picture at once.
    void add(Viewer &viewer, int64_t nowUs);
    void remove(Viewer &viewer);
    /// The viewer's socket has room again.
    void writable(Viewer &viewer, int64_t nowUs);

    /// New frames, and whatever is due by now.
    void turn(int64_t nowUs);
    /// When `turn` is needed at the latest although no frame comes.
    int64_t nextTurnUs() const;

    const std::vector<Viewer *> &viewers() const { return viewers_; }

private:
    void subscribe();
    void unsubscribe();
    void takeFrame(int64_t nowUs);
    void offerAll(int64_t nowUs);
    void offerTo(Viewer &viewer, int64_t nowUs);
    void repeatFinal(int64_t nowUs);
    void standIn(const PlaceholderPicture &picture, int64_t nowUs);
    void showStandIn(int64_t nowUs);
    bool watched() const { return !viewers_.empty(); }
    bool isStale(int64_t nowUs) const { return nowUs - freshUs_ >= maxAgeUs_; }

    const Outlet outlet_;
    const std::shared_ptr<FramePool> pool_;
    std::atomic<bool> published_{false};

    std::shared_ptr<FrameHub> hub_;
    bool subscribed_ = false;
    uint64_t cursor_ = 0;
    int64_t maxAgeUs_ = 5'000'000;
    FrameOffer offer_;
    int64_t offeredUs_ = 0;
    /// When the last live frame came, or the wait for the first began.
    int64_t freshUs_ = 0;

    /// A placeholder is shown until the next live frame.
    bool standsIn_ = false;
    PlaceholderPicture picture_;
    PlaceholderJpeg jpeg_;
    int64_t nextStandInUs_ = 0;

    std::vector<Viewer *> viewers_;
    size_t first_ = 0;
    size_t finalTwice_ = 0;
    bool finalPending_ = false;
};

} // namespace camera
