#include "hub/frame_store.hpp"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/core_thread.hpp"
#include "base/durable_file.hpp"
#include "base/fault_code.hpp"

namespace camera {

namespace {

struct Job {
    FramePtr frame;
    std::string dir;
    std::string name;
    FrameStore::Answer answer;

    Result<SavedFrame> run() const {
        const Status written = writeDurably(dir, name, frame->bytes());
        if (!written.ok()) return written.error();
        return SavedFrame{.facts = frame->facts(), .file = dir + "/" + name, .sizeBytes = frame->bytes().size()};
    }
};

} // namespace

struct FrameStore::State {
    const size_t maxThreads;
    const size_t maxWaiting;

    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Job> jobs;
    std::vector<CoreThread> threads;
    size_t idle = 0;
    bool stopping = false;

    State(int threads, int maxWaiting)
        : maxThreads(static_cast<size_t>(std::max(threads, 1))), maxWaiting(static_cast<size_t>(std::max(maxWaiting, 1))) {}

    void ensureThread(const std::shared_ptr<State> &self) {
        if (idle >= jobs.size() || threads.size() >= maxThreads) return;
        auto started = CoreThread::start({.name = "cam-store-" + std::to_string(threads.size())}, [self] { self->run(); });
        if (started.ok()) threads.push_back(started.take());
    }

    void run() {
        std::unique_lock lock(mutex);
        for (;;) {
            ++idle;
            changed.wait(lock, [this] { return stopping || !jobs.empty(); });
            --idle;
            if (stopping) return;
            Job job = std::move(jobs.front());
            jobs.pop_front();
            lock.unlock();
            job.answer(job.run());
            job = {};
            lock.lock();
        }
    }
};

FrameStore::FrameStore(int threads, int maxWaiting) : state_(std::make_shared<State>(threads, maxWaiting)) {}

FrameStore::~FrameStore() { stop(std::numeric_limits<int>::max()); }

void FrameStore::save(FramePtr frame, const std::string &dir, const std::string &name, Answer answer) {
    if (const auto refusal = offer(std::move(frame), dir, name, answer)) answer(*refusal);
}

std::optional<Error> FrameStore::offer(FramePtr frame, const std::string &dir, const std::string &name, const Answer &answer) {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopping) return Error{0, kStepAborted, dir + "/" + name};
    if (state_->jobs.size() >= state_->maxWaiting) return Error{EBUSY, "store", dir + "/" + name};
    state_->jobs.push_back({std::move(frame), dir, name, answer});
    state_->ensureThread(state_);
    if (state_->threads.empty()) {
        state_->jobs.pop_back();
        return Error{EAGAIN, "store", dir + "/" + name};
    }
    state_->changed.notify_one();
    return std::nullopt;
}

bool FrameStore::stop(int timeoutMs) {
    std::vector<CoreThread> threads;
    std::deque<Job> dropped;
    {
        const std::lock_guard lock(state_->mutex);
        state_->stopping = true;
        threads.swap(state_->threads);
        dropped.swap(state_->jobs);
        state_->changed.notify_all();
    }
    for (const Job &job : dropped) job.answer(Error{0, kStepAborted, job.dir + "/" + job.name});
    const int64_t deadlineUs = monotonicUs() + int64_t{timeoutMs} * 1000;
    bool all = true;
    for (CoreThread &thread : threads) {
        const int64_t leftMs = std::clamp<int64_t>((deadlineUs - monotonicUs()) / 1000, 0, timeoutMs);
        if (thread.joinFor(static_cast<int>(leftMs))) continue;
        thread.writeOff();
        all = false;
    }
    return all;
}

} // namespace camera
