// Carries answers out of the core: runs callbacks and deadlines one at a time, on a thread of its own, so that no capture
// thread ever runs a stranger's code or waits for it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/result.hpp"

namespace camera {

/// Any thread. Tasks are as many as there are unanswered requests, whose makers bound them. A task must not block.
class Courier {
public:
    using Task = std::function<void()>;

    Courier();
    Courier(const Courier &) = delete;
    Courier &operator=(const Courier &) = delete;
    /// Stops without limit.
    ~Courier();

    /// Runs `task` soon, in the order of posts. Dropped after `stop`. The thread starts with the first task.
    void post(Task task);

    /// As `post`, but right here, before it returns, when nothing else runs or waits: saves a change of threads. The caller must
    /// hold no lock that a task could want, and must not run on behalf of a task.
    void run(Task task);

    /// Runs `task` at `atUs` (CLOCK_MONOTONIC) unless cancelled. The number is never 0.
    uint64_t postAt(int64_t atUs, Task task);

    /// Nothing to do when it ran already; it may also be running right now.
    void cancel(uint64_t timer);

    /// Runs what is posted, drops the timers, ends the thread. False when a task still ran after `timeoutMs`: the thread is
    /// then written off, or the caller of `run` left to itself. Idempotent.
    bool stop(int timeoutMs);

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace camera
