// Threads that ask devices. A device may hang in the kernel for seconds or for ever: each job has a deadline, and a thread
// that misses it is written off and replaced.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/courier.hpp"
#include "base/result.hpp"
#include "base/sys.hpp"

namespace camera {

struct ProberOptions {
    /// Threads at work; with the written-off ones there are at most `maxThreads`.
    size_t threads = 4;
    size_t maxThreads = 16;
    /// Jobs that may wait; further ones fail with EAGAIN.
    size_t maxWaiting = 1'024;
};

/// What a job is about: jobs with the same key (one physical device) run one after another.
struct JobSubject {
    std::string key;
    std::string node;
    int deadlineMs = 2'000;
};

/// Any thread. Threads start when there is work.
class Prober {
public:
    /// `sys` is copied and stays alive as long as any thread uses it. The courier must outlive `stop`.
    Prober(const Sys &sys, Courier &courier, ProberOptions options = {});
    Prober(const Prober &) = delete;
    Prober &operator=(const Prober &) = delete;
    ~Prober() { stop(0); }

    /// Runs `work` on a prober thread, then `answer` through the courier, exactly once. `work` must own what it touches: it may
    /// outlive everything. Errors besides those of `work`: step "probe" with ETIMEDOUT (deadline; or an earlier job of this
    /// key still hangs) or EAGAIN (queue full, all threads hang); step `aborted` after `stop`.
    template <typename T>
    void submit(JobSubject subject, std::function<Result<T>(const Sys &)> work, std::function<void(Result<T>)> answer) {
        enqueue(
            std::move(subject),
            [work = std::move(work)](const Sys &sys) -> Outcome { return std::make_shared<Result<T>>(work(sys)); },
            [answer = std::move(answer)](const Outcome &outcome, const Error &error) {
                answer(outcome ? std::move(*std::static_pointer_cast<Result<T>>(outcome)) : Result<T>(error));
            });
    }

    /// Settles every job (`aborted`) and joins; threads that still hang after `timeoutMs` are written off. Idempotent.
    void stop(int timeoutMs);

private:
    /// A `Result<T>` whose type the two ends of `submit` know.
    using Outcome = std::shared_ptr<void>;
    /// Gets the outcome, or none and the error that settled the job instead.
    using Answer = std::function<void(const Outcome &, const Error &)>;
    struct Job;
    struct State;

    void enqueue(JobSubject subject, std::function<Outcome(const Sys &)> work, Answer answer);

    std::shared_ptr<State> state_;
};

} // namespace camera
