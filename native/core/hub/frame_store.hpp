// Writes frames to disk on its own few threads, so that a slow disk delays neither a capture nor JavaScript.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "hub/capture_types.hpp"
#include "hub/frame.hpp"
#include "base/result.hpp"

namespace camera {

/// Any thread.
class FrameStore {
public:
    using Answer = std::function<void(Result<SavedFrame>)>;

    /// At most `maxWaiting` jobs wait. The threads start with the first job.
    FrameStore(int threads, int maxWaiting);
    FrameStore(const FrameStore &) = delete;
    FrameStore &operator=(const FrameStore &) = delete;
    /// Stops without limit.
    ~FrameStore();

    /// Answers on a store thread with what writeDurably says; inside the call with EBUSY of step "store" when too many wait, with
    /// EAGAIN of it when there is no thread to be had, and with `aborted` after `stop`.
    void save(FramePtr frame, const std::string &dir, const std::string &name, Answer answer);

    /// As `save`, but says a refusal instead of answering with it.
    std::optional<Error> offer(FramePtr frame, const std::string &dir, const std::string &name, const Answer &answer);

    /// Answers waiting jobs with `aborted`, finishes those begun and ends the threads; false when one still ran after
    /// `timeoutMs` (it is written off, its answer may come late). Idempotent.
    bool stop(int timeoutMs);

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace camera
