#include "devices/prober.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "base/clock.hpp"
#include "base/core_thread.hpp"
#include "base/fault_code.hpp"

namespace camera {

/// All that a thread touches after its job was written off. The answer is moved out by whoever settles the job: a thread that
/// hangs for ever keeps nothing of the caller alive.
struct Prober::Job {
    enum class Phase { Waiting, Running, Finished, WrittenOff };

    JobSubject subject;
    std::function<Outcome(const Sys &)> work;
    Answer answer;
    std::atomic<Phase> phase{Phase::Waiting};
    /// The written-off thread came back.
    std::atomic<bool> returned{false};
    uint64_t thread = 0;
    uint64_t timer = 0;

    /// One of the worker and its supervisors wins the running job; all of them hold the mutex.
    bool claim(Phase next) {
        Phase running = Phase::Running;
        return phase.compare_exchange_strong(running, next);
    }
};

/// Shared by the threads. Lock order: this mutex, then the courier's (never the other way: tasks run without a lock).
struct Prober::State {
    using JobPtr = std::shared_ptr<Job>;

    State(const Sys &table, Courier &answers, ProberOptions limits) : sys(table), courier(&answers), options(limits) {}

    // Passed in.
    const Sys sys;
    Courier *const courier; // used under the mutex or while `delivering`: not after `stop`
    const ProberOptions options;

    // Guarded by the mutex.
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<JobPtr> waiting;
    std::map<std::string, JobPtr> running;
    std::map<std::string, JobPtr> stuck;
    std::map<uint64_t, CoreThread> threads;
    uint64_t lastThread = 0;
    size_t idle = 0;
    /// Threads that hand an answer to the courier; `stop` waits for them.
    size_t delivering = 0;
    bool stopping = false;

    JobPtr takeRunnable() {
        for (auto job = waiting.begin(); job != waiting.end(); ++job) {
            if (running.contains((*job)->subject.key)) continue;
            JobPtr taken = std::move(*job);
            waiting.erase(job);
            return taken;
        }
        return nullptr;
    }

    size_t stuckThreads() {
        std::erase_if(stuck, [](const auto &entry) { return entry.second->returned.load(); });
        return stuck.size();
    }

    void answerLater(const JobPtr &job, Outcome outcome, Error error) {
        courier->post([answer = std::exchange(job->answer, nullptr), outcome = std::move(outcome),
                       error = std::move(error)] { answer(outcome, error); });
    }

    void failLater(const JobPtr &job, int errnoValue, const char *step = "probe") {
        answerLater(job, nullptr, Error{errnoValue, step, job->subject.node});
    }

    /// A thread for waiting work, unless there are enough. Without any thread left the waiting jobs fail.
    void staff(const std::shared_ptr<State> &self) {
        if (waiting.size() <= idle || threads.size() >= options.threads) return;
        if (threads.size() + stuckThreads() < options.maxThreads) {
            const uint64_t number = ++lastThread;
            auto started = CoreThread::start({.name = "camera-probe"}, [self, number] { work(self, number); });
            if (started) threads.emplace(number, started.take());
        }
        if (!threads.empty()) return;
        for (const JobPtr &job : waiting) failLater(job, EAGAIN);
        waiting.clear();
    }

    static void work(const std::shared_ptr<State> &self, uint64_t number) {
        std::unique_lock lock(self->mutex);
        while (!self->stopping) {
            const JobPtr job = self->takeRunnable();
            if (!job) {
                ++self->idle;
                self->changed.wait(lock);
                --self->idle;
                continue;
            }
            self->begin(self, job, number);
            lock.unlock();
            Outcome outcome = job->work(self->sys);
            // Seen without the lock, so that a thread that was written off leaves everything but its job alone.
            if (job->phase == Job::Phase::WrittenOff) {
                job->returned = true;
                return;
            }
            lock.lock();
            if (!self->finish(job)) return;
            ++self->delivering;
            lock.unlock();
            self->courier->run([answer = std::exchange(job->answer, nullptr), outcome = std::move(outcome)] {
                answer(outcome, {});
            });
            lock.lock();
            if (--self->delivering == 0 && self->stopping) self->changed.notify_all();
        }
    }

    void begin(const std::shared_ptr<State> &self, const JobPtr &job, uint64_t number) {
        job->thread = number;
        job->phase = Job::Phase::Running;
        running[job->subject.key] = job;
        const int64_t deadlineUs = monotonicUs() + int64_t{job->subject.deadlineMs} * 1'000;
        job->timer = courier->postAt(deadlineUs, [self, job] { expire(self, job); });
    }

    /// False when the job was written off in the meantime.
    bool finish(const JobPtr &job) {
        if (!job->claim(Job::Phase::Finished)) {
            job->returned = true;
            return false;
        }
        running.erase(job->subject.key);
        courier->cancel(job->timer);
        changed.notify_all(); // another job of this device may have waited for it
        return true;
    }

    /// On the courier: the job's thread hangs in the kernel.
    static void expire(const std::shared_ptr<State> &self, const JobPtr &job) {
        const std::lock_guard lock(self->mutex);
        if (self->stopping || !job->claim(Job::Phase::WrittenOff)) return;
        self->running.erase(job->subject.key);
        self->stuck[job->subject.key] = job;
        self->threads.at(job->thread).writeOff();
        self->threads.erase(job->thread);
        self->failLater(job, ETIMEDOUT);
        self->failWaitingBehind(job->subject.key);
        self->staff(self);
    }

    /// They would hang at the same place, each with another thread.
    void failWaitingBehind(const std::string &key) {
        std::erase_if(waiting, [&](const JobPtr &job) {
            if (job->subject.key != key) return false;
            failLater(job, ETIMEDOUT);
            return true;
        });
    }
};

Prober::Prober(const Sys &sys, Courier &courier, ProberOptions options)
    : state_(std::make_shared<State>(sys, courier, options)) {}

void Prober::enqueue(JobSubject subject, std::function<Outcome(const Sys &)> work, Answer answer) {
    auto job = std::make_shared<Job>();
    job->subject = std::move(subject);
    job->work = std::move(work);
    job->answer = std::move(answer);
    {
        const std::lock_guard lock(state_->mutex);
        State &state = *state_;
        if (!state.stopping) {
            const bool hangs = state.stuckThreads() > 0 && state.stuck.contains(job->subject.key);
            if (hangs || state.waiting.size() >= state.options.maxWaiting) {
                state.failLater(job, hangs ? ETIMEDOUT : EAGAIN);
                return;
            }
            state.waiting.push_back(std::move(job));
            state.changed.notify_one();
            state.staff(state_);
            return;
        }
    }
    job->answer(nullptr, Error{0, kStepAborted, job->subject.node});
}

void Prober::stop(int timeoutMs) {
    std::map<uint64_t, CoreThread> threads;
    std::vector<State::JobPtr> aborted;
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->stopping) return;
        state_->stopping = true;
        aborted.assign(state_->waiting.begin(), state_->waiting.end());
        state_->waiting.clear();
        for (const auto &[key, job] : state_->running) {
            state_->courier->cancel(job->timer);
            if (job->claim(Job::Phase::WrittenOff)) aborted.push_back(job);
        }
        for (const State::JobPtr &job : aborted) state_->failLater(job, 0, kStepAborted);
        state_->running.clear();
        state_->stuck.clear();
        threads.swap(state_->threads);
        state_->changed.notify_all();
    }
    const int64_t deadlineUs = monotonicUs() + int64_t{timeoutMs} * 1'000;
    for (auto &[number, thread] : threads) {
        const int64_t leftMs = std::max<int64_t>((deadlineUs - monotonicUs()) / 1'000, 0);
        if (!thread.joinFor(static_cast<int>(leftMs))) thread.writeOff();
    }
    // Answers do not block: what is on its way arrives, and nobody uses the courier afterwards.
    std::unique_lock lock(state_->mutex);
    state_->changed.wait(lock, [this] { return state_->delivering == 0; });
}

} // namespace camera
