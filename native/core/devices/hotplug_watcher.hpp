// Hears of device nodes coming and going: inotify on the device directory and the kernel's uevents, on one thread. It says
// that something happened; what is there now is for the listener to look at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/core_thread.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "devices/uevent_socket.hpp"

namespace camera {

struct HotplugEvent {
    enum class Kind {
        /// The node `number` came, went or was replaced.
        Node,
        /// Owner or mode of node `number` changed: it may be accessible now.
        Attributes,
        /// The driver finished setting up the device at `devicePath` (sysfs): all its nodes exist.
        Settled,
        /// Events were lost: compare everything.
        Rescan,
    };

    Kind kind = Kind::Rescan;
    int number = -1;
    std::string devicePath;
    /// CLOCK_MONOTONIC, when it was read.
    int64_t atUs = 0;
};

/// Reads the records of one inotify read. `onEvent` gets each that concerns video nodes; a full kernel queue gives `Rescan`.
/// False when the watch itself is gone. Pure; takes any bytes.
bool readInotifyRecords(std::string_view bytes, const std::function<void(HotplugEvent)> &onEvent);

struct WatcherOptions {
    std::string devDir = "/dev";
    bool uevents = true;
    /// Pause between tries to watch a directory that is gone.
    int retryMs = 2'000;
};

/// Owner of the watcher thread. Start and stop from one thread.
class HotplugWatcher {
public:
    using Listener = std::function<void(HotplugEvent)>;

    HotplugWatcher() = default;
    HotplugWatcher(const HotplugWatcher &) = delete;
    HotplugWatcher &operator=(const HotplugWatcher &) = delete;
    ~HotplugWatcher() { stop(); }

    /// Fails when neither source can be had (step of the last one tried) or no thread. The listener runs on the watcher
    /// thread and must not block.
    Status start(const WatcherOptions &options, Listener listener);

    /// Joins; does not block for long. No event comes after it. Idempotent.
    void stop();

    /// The sources in use, as decided at start.
    bool watchesDirectory() const { return inotify_.valid(); }
    bool hearsUevents() const { return uevents_.has_value(); }

private:
    void run();
    bool addWatch();
    void drainInotify();
    void drainUevents();

    // Passed in.
    WatcherOptions options_;
    Listener listener_;
    // Owned; used by the watcher thread between start and stop.
    UniqueFd inotify_;
    std::optional<UeventSocket> uevents_;
    UniqueFd stopSignal_;
    CoreThread thread_;
    // State of the watcher thread.
    bool watching_ = false;
};

} // namespace camera
