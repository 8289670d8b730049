#include "base/courier.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <limits>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "base/clock.hpp"
#include "base/core_thread.hpp"

namespace camera {

namespace {

constexpr int64_t kForeverUs = std::numeric_limits<int64_t>::max();

} // namespace

/// Shared with the thread, which may outlive the courier when a task hangs.
struct Courier::State {
    using Timers = std::multimap<int64_t, std::pair<uint64_t, Task>>;

    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Task> tasks;
    Timers timers;
    std::unordered_map<uint64_t, Timers::iterator> byNumber;
    uint64_t lastNumber = 0;
    bool stopping = false;
    /// A task runs: on the courier's thread, or on that of a caller.
    bool busy = false;
    bool visited = false;
    /// The courier's thread waits for the task of another thread.
    bool held = false;
    /// When the courier's thread looks at the timers by itself; 0 while it is awake and will look before it sleeps.
    int64_t sleepsUntilUs = kForeverUs;
    CoreThread thread;

    void wake(const std::shared_ptr<State> &self) {
        if (!thread.running()) {
            auto started = CoreThread::start({.name = "cam-courier"}, [self] { self->run(); });
            if (started.ok()) thread = started.take();
        }
        changed.notify_one();
    }

    void run() {
        std::unique_lock lock(mutex);
        for (;;) {
            collectDue();
            if (busy) {
                held = true;
                changed.wait(lock);
                held = false;
            } else if (!tasks.empty()) {
                Task task = std::move(tasks.front());
                tasks.pop_front();
                carryOut(std::move(task), lock);
            } else if (stopping) {
                return;
            } else {
                sleep(lock);
            }
        }
    }

    void carryOut(Task task, std::unique_lock<std::mutex> &lock) {
        busy = true;
        lock.unlock();
        task();
        task = nullptr; // what it owns may call back into the core
        lock.lock();
        busy = false;
    }

    void collectDue() {
        const int64_t now = timers.empty() ? 0 : monotonicUs();
        while (!timers.empty() && timers.begin()->first <= now) {
            auto first = timers.begin();
            byNumber.erase(first->second.first);
            tasks.push_back(std::move(first->second.second));
            timers.erase(first);
        }
    }

    void sleep(std::unique_lock<std::mutex> &lock) {
        sleepsUntilUs = timers.empty() ? kForeverUs : timers.begin()->first;
        if (timers.empty()) {
            changed.wait(lock);
        } else if (const int64_t waitUs = sleepsUntilUs - monotonicUs(); waitUs > 0) {
            changed.wait_for(lock, std::chrono::microseconds(waitUs));
        }
        sleepsUntilUs = 0;
    }
};

Courier::Courier() : state_(std::make_shared<State>()) {}

Courier::~Courier() { stop(std::numeric_limits<int>::max()); }

void Courier::post(Task task) {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopping) return;
    state_->tasks.push_back(std::move(task));
    state_->wake(state_);
}

void Courier::run(Task task) {
    const std::shared_ptr<State> state = state_; // the courier may go while the task runs
    std::unique_lock lock(state->mutex);
    if (state->stopping) return;
    if (state->busy || !state->tasks.empty()) {
        state->tasks.push_back(std::move(task));
        state->wake(state);
        return;
    }
    state->visited = true;
    state->carryOut(std::move(task), lock);
    state->visited = false;
    if (state->held || state->stopping) state->changed.notify_all();
}

uint64_t Courier::postAt(int64_t atUs, Task task) {
    const std::lock_guard lock(state_->mutex);
    const uint64_t number = ++state_->lastNumber;
    if (state_->stopping) return number;
    const auto place = state_->timers.emplace(atUs, std::pair(number, std::move(task)));
    state_->byNumber.emplace(number, place);
    // Deadlines that are cancelled in time leave an early end of the sleep behind, which serves the next ones: no wake-up for each.
    if (atUs < state_->sleepsUntilUs) state_->wake(state_);
    return number;
}

void Courier::cancel(uint64_t timer) {
    Task dropped; // freed after the lock: its destructor may be anything
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->byNumber.find(timer);
    if (found == state_->byNumber.end()) return;
    dropped = std::move(found->second->second.second);
    state_->timers.erase(found->second);
    state_->byNumber.erase(found);
}

bool Courier::stop(int timeoutMs) {
    State::Timers dropped;
    CoreThread thread;
    {
        const std::lock_guard lock(state_->mutex);
        state_->stopping = true;
        state_->byNumber.clear();
        dropped.swap(state_->timers);
        thread = std::move(state_->thread);
        state_->changed.notify_all();
    }
    if (!thread.joinFor(timeoutMs)) {
        thread.writeOff();
        return false;
    }
    std::unique_lock lock(state_->mutex);
    return state_->changed.wait_for(lock, std::chrono::milliseconds(timeoutMs), [this] { return !state_->visited; });
}

} // namespace camera
