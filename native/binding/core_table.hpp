// The cores of this process by id. The addon's code is shared by all threads that load it, so this is the one place that
// knows how many views each core has, and that ends a core with its last view.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "running_core.hpp"

namespace camera::binding {

/// Any thread; nothing but `waitForStops` waits. Each id is used once.
class CoreTable {
public:
    /// The process's table. Never destroyed: threads of a core may outlive a hard exit's destructors.
    static CoreTable &ofProcess();

    CoreTable() = default;
    CoreTable(const CoreTable &) = delete;
    CoreTable &operator=(const CoreTable &) = delete;

    /// Enters a core with one view.
    uint32_t add(std::shared_ptr<RunningCore> core);

    /// One more view; null when the core is gone or stopping.
    std::shared_ptr<RunningCore> attach(uint32_t id);

    /// One view less; the last one out ends the core.
    void detach(uint32_t id);

    /// Ends the core on a thread of its own, whatever views it has; `done` runs there, or here when the core is gone already.
    void stop(uint32_t id, int timeoutMs, std::function<void()> done);

    /// Waits until no core is stopping, at most `timeoutMs`.
    void waitForStops(int timeoutMs);

private:
    struct Entry {
        std::shared_ptr<RunningCore> core;
        int views = 1;
        bool stopping = false;
        std::vector<std::function<void()>> waiters;
    };

    void finish(uint32_t id, const std::shared_ptr<RunningCore> &core, int timeoutMs);

    std::mutex mutex_;
    std::condition_variable stopped_;
    uint32_t lastId_ = 0;
    std::map<uint32_t, Entry> entries_;
};

} // namespace camera::binding
