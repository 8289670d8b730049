#include "courier.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <limits>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "clock.hpp"
#include "core_thread.hpp"

namespace camera {

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
            if (!tasks.empty()) {
                Task task = std::move(tasks.front());
                tasks.pop_front();
                lock.unlock();
                task();
                task = nullptr; // what it owns may call back into the core
                lock.lock();
            } else if (stopping) {
                return;
            } else {
                sleep(lock);
            }
        }
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
        if (timers.empty()) return changed.wait(lock);
        const int64_t waitUs = timers.begin()->first - monotonicUs();
        if (waitUs > 0) changed.wait_for(lock, std::chrono::microseconds(waitUs));
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

uint64_t Courier::postAt(int64_t atUs, Task task) {
    const std::lock_guard lock(state_->mutex);
    const uint64_t number = ++state_->lastNumber;
    if (state_->stopping) return number;
    const auto place = state_->timers.emplace(atUs, std::pair(number, std::move(task)));
    state_->byNumber.emplace(number, place);
    if (place == state_->timers.begin()) state_->wake(state_);
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
        state_->changed.notify_one();
    }
    if (thread.joinFor(timeoutMs)) return true;
    thread.writeOff();
    return false;
}

} // namespace camera
