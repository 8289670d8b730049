// What threads of the core have for one JavaScript thread: a bounded queue of events and the outcomes of promises, and one
// wake-up for all that gathered meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "running_core.hpp"

namespace camera::binding {

/// `Outcome` tells what became of one promise. Posts come from any thread and never wait; `take` is for the owner's thread.
template <typename Outcome>
class Mailbox {
public:
    struct Event {
        uint32_t view = 0;
        std::shared_ptr<const CoreEvent> event;
        /// Events up to and including this one did not fit and were dropped: the whole list must be told instead.
        bool lost = false;
    };
    struct Batch {
        std::vector<Event> events;
        std::vector<Outcome> outcomes;
    };

    /// `wake` makes the owner call `take` soon; it must not wait, and is never called again once `close` returned.
    Mailbox(size_t maxEvents, std::function<void()> wake) : maxEvents_(maxEvents), wake_(std::move(wake)) {}
    Mailbox(const Mailbox &) = delete;
    Mailbox &operator=(const Mailbox &) = delete;

    /// Full: every waiting event of this view is replaced by one that says so. Ends stay: no list tells of what is over, and their
    /// number is bounded by that of the viewers and feeds there were.
    void post(uint32_t view, std::shared_ptr<const CoreEvent> event) {
        const std::lock_guard lock(mutex_);
        if (closed_) return;
        bool lost = false;
        if (!isEnd(*event) && ++replaceable_ > maxEvents_) {
            lost = true;
            replaceable_ -= std::erase_if(
                waiting_.events, [view](const Event &other) { return other.view == view && !isEnd(*other.event); });
        }
        waiting_.events.push_back({view, std::move(event), lost});
        wakeOnce();
    }

    /// Outcomes are not dropped: their number is bounded by that of the promises given out.
    void post(Outcome outcome) {
        const std::lock_guard lock(mutex_);
        if (closed_) return;
        waiting_.outcomes.push_back(std::move(outcome));
        wakeOnce();
    }

    Batch take() {
        const std::lock_guard lock(mutex_);
        wakePending_ = false;
        replaceable_ = 0;
        return std::exchange(waiting_, {});
    }

    /// Drops what waits and all that will come. Idempotent.
    void close() {
        Batch dropped;
        const std::lock_guard lock(mutex_);
        closed_ = true;
        dropped = std::exchange(waiting_, {});
    }

private:
    void wakeOnce() {
        if (wakePending_) return;
        wakePending_ = true;
        wake_();
    }

    const size_t maxEvents_;
    const std::function<void()> wake_;
    std::mutex mutex_;
    Batch waiting_;
    /// Of the waiting events, those that may be dropped.
    size_t replaceable_ = 0;
    bool wakePending_ = false;
    bool closed_ = false;
};

} // namespace camera::binding
