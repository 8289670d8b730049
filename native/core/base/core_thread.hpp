// A named thread of the core: every signal blocked (signals belong to Node's main thread), small stack, and an owner that
// can stop waiting for it. A thread that hangs in the kernel is written off, so what it runs must own all it touches.
#pragma once

#include <pthread.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"

namespace camera {

struct ThreadOptions {
    /// Shown by `top -H`; cut to 15 bytes.
    std::string name;
    size_t stackBytes = 256 * 1024;
};

/// Move-only owner of one running thread; empty by default. The destructor joins and so may block: owners that must not
/// wait call `joinFor` and `writeOff` first. All functions are for the one thread that owns the object.
class CoreThread {
public:
    CoreThread() = default;
    CoreThread(CoreThread &&other) noexcept;
    CoreThread &operator=(CoreThread &&other) noexcept;
    CoreThread(const CoreThread &) = delete;
    CoreThread &operator=(const CoreThread &) = delete;
    ~CoreThread() { join(); }

    /// Runs `body` on a new thread. Error of step "pthread_create" (EAGAIN: thread limit).
    static Result<CoreThread> start(const ThreadOptions &options, std::function<void()> body);

    bool running() const { return completion_ != nullptr; }

    /// Waits for the end of `body` without limit; nothing to do for an empty object. Joining oneself detaches instead.
    void join();

    /// Waits at most `timeoutMs`; true when the thread has ended and is joined, false when it still runs.
    bool joinFor(int timeoutMs);

    /// Lets the thread go on alone: it can no longer be joined, and frees itself when its call returns.
    void writeOff();

private:
    struct Completion;

    pthread_t handle_{};
    std::shared_ptr<Completion> completion_;
};

} // namespace camera
