#include "base/core_thread.hpp"

#include <limits.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace camera {

struct CoreThread::Completion {
    std::mutex mutex;
    std::condition_variable changed;
    bool ended = false;

    void finish() {
        // Notified under the lock: a waiter may free this object as soon as it sees `ended`.
        const std::lock_guard lock(mutex);
        ended = true;
        changed.notify_all();
    }
};

namespace {

struct Start {
    std::string name;
    std::function<void()> body;
    std::function<void()> finish;
};

void *enter(void *argument) {
    const std::unique_ptr<Start> start(static_cast<Start *>(argument));
    ::pthread_setname_np(::pthread_self(), start->name.c_str());
    start->body();
    start->body = nullptr; // what the body owns is gone before anyone is told that the thread ended
    start->finish();
    return nullptr;
}

int createBlocked(pthread_t *handle, size_t stackBytes, Start *start) {
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    // A new thread inherits the mask: blocking before it exists leaves no instant at which a signal can reach it.
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_t attributes;
    ::pthread_attr_init(&attributes);
    ::pthread_attr_setstacksize(&attributes, std::max<size_t>(stackBytes, PTHREAD_STACK_MIN));
    const int failure = ::pthread_create(handle, &attributes, enter, start);
    ::pthread_attr_destroy(&attributes);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return failure;
}

} // namespace

CoreThread::CoreThread(CoreThread &&other) noexcept
    : handle_(other.handle_), completion_(std::move(other.completion_)) {}

CoreThread &CoreThread::operator=(CoreThread &&other) noexcept {
    if (this != &other) {
        join();
        handle_ = other.handle_;
        completion_ = std::move(other.completion_);
    }
    return *this;
}

Result<CoreThread> CoreThread::start(const ThreadOptions &options, std::function<void()> body) {
    constexpr size_t kMaxNameBytes = 15;
    auto completion = std::make_shared<Completion>();
    auto start = std::make_unique<Start>(Start{options.name.substr(0, kMaxNameBytes), std::move(body),
                                               [completion] { completion->finish(); }});
    CoreThread thread;
    if (const int failure = createBlocked(&thread.handle_, options.stackBytes, start.get())) {
        return Error{failure, "pthread_create", options.name};
    }
    static_cast<void>(start.release()); // the thread frees it
    thread.completion_ = std::move(completion);
    return thread;
}

void CoreThread::join() {
    if (!completion_) return;
    if (::pthread_equal(handle_, ::pthread_self())) return writeOff();
    ::pthread_join(handle_, nullptr);
    completion_.reset();
}

bool CoreThread::joinFor(int timeoutMs) {
    if (!completion_) return true;
    {
        std::unique_lock lock(completion_->mutex);
        const auto limit = std::chrono::milliseconds(timeoutMs);
        if (!completion_->changed.wait_for(lock, limit, [this] { return completion_->ended; })) return false;
    }
    join();
    return true;
}

void CoreThread::writeOff() {
    if (!completion_) return;
    ::pthread_detach(handle_);
    completion_.reset();
}

} // namespace camera
