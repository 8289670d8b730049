#include "core_table.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/core_thread.hpp"

namespace camera::binding {

namespace {

constexpr int kLastViewTimeoutMs = 1000;

} // namespace

CoreTable &CoreTable::ofProcess() {
    static CoreTable &table = *new CoreTable;
    return table;
}

uint32_t CoreTable::add(std::shared_ptr<RunningCore> core) {
    const std::lock_guard lock(mutex_);
    entries_[++lastId_].core = std::move(core);
    return lastId_;
}

std::shared_ptr<RunningCore> CoreTable::attach(uint32_t id) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(id);
    if (found == entries_.end() || found->second.stopping) return nullptr;
    ++found->second.views;
    return found->second.core;
}

void CoreTable::detach(uint32_t id) {
    {
        const std::lock_guard lock(mutex_);
        const auto found = entries_.find(id);
        if (found == entries_.end() || --found->second.views > 0) return;
    }
    stop(id, kLastViewTimeoutMs, [] {});
}

void CoreTable::stop(uint32_t id, int timeoutMs, std::function<void()> done) {
    std::shared_ptr<RunningCore> core;
    {
        const std::lock_guard lock(mutex_);
        const auto found = entries_.find(id);
        if (found != entries_.end()) {
            Entry &entry = found->second;
            entry.waiters.push_back(std::move(done));
            if (entry.stopping) return;
            entry.stopping = true;
            core = entry.core;
        }
    }
    if (!core) return done();

    Result<CoreThread> thread = CoreThread::start({.name = "cam-stop"}, [this, id, core, timeoutMs] { finish(id, core, timeoutMs); });
    if (thread) thread.value().writeOff(); // the table outlives it, and waitForStops waits for what it does
    else finish(id, core, timeoutMs);      // no thread to be had: late is better than never
}

void CoreTable::waitForStops(int timeoutMs) {
    std::unique_lock lock(mutex_);
    stopped_.wait_for(lock, std::chrono::milliseconds(timeoutMs), [this] {
        return std::none_of(entries_.begin(), entries_.end(), [](const auto &entry) { return entry.second.stopping; });
    });
}

void CoreTable::finish(uint32_t id, const std::shared_ptr<RunningCore> &core, int timeoutMs) {
    core->stop(timeoutMs);
    std::vector<std::function<void()>> waiters;
    {
        const std::lock_guard lock(mutex_);
        const auto found = entries_.find(id);
        waiters.swap(found->second.waiters);
        entries_.erase(found);
        stopped_.notify_all();
    }
    for (const auto &waiter : waiters) waiter();
}

} // namespace camera::binding
