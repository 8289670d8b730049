#include "devices/hotplug_watcher.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/clock.hpp"
#include "devices/device_path.hpp"

namespace camera {

namespace {

constexpr uint32_t kWatchMask =
    IN_CREATE | IN_DELETE | IN_ATTRIB | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE_SELF | IN_ONLYDIR;
constexpr uint32_t kWatchGone = IN_IGNORED | IN_UNMOUNT | IN_DELETE_SELF;

} // namespace

bool readInotifyRecords(std::string_view bytes, const std::function<void(HotplugEvent)> &onEvent) {
    bool watching = true;
    while (bytes.size() >= sizeof(inotify_event)) {
        inotify_event record{};
        std::memcpy(&record, bytes.data(), sizeof record);
        bytes.remove_prefix(sizeof record);
        if (record.len > bytes.size()) break;
        std::string_view name = bytes.substr(0, record.len);
        name = name.substr(0, name.find('\0'));
        bytes.remove_prefix(record.len);

        if (record.mask & IN_Q_OVERFLOW) onEvent({HotplugEvent::Kind::Rescan, -1, {}, monotonicUs()});
        if (record.mask & kWatchGone) watching = false;
        const std::optional<int> number = nodeNumber(name);
        if (!number) continue;
        const auto kind = record.mask & IN_ATTRIB ? HotplugEvent::Kind::Attributes : HotplugEvent::Kind::Node;
        onEvent({kind, *number, {}, monotonicUs()});
    }
    return watching;
}

Status HotplugWatcher::start(const WatcherOptions &options, Listener listener) {
    options_ = options;
    listener_ = std::move(listener);
    Error failure{ENOSYS, "inotify_init", options.devDir};
    inotify_.reset(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!inotify_.valid()) failure.errnoValue = errno;
    if (inotify_.valid() && !addWatch()) {
        failure = {errno, "inotify_add_watch", options.devDir};
        inotify_.reset();
    }
    if (options.uevents) {
        Result<UeventSocket> socket = UeventSocket::open();
        if (socket) {
            uevents_ = socket.take();
        } else {
            failure = socket.error();
        }
    }
    if (!watchesDirectory() && !hearsUevents()) return failure;
    stopSignal_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!stopSignal_.valid()) return Error{errno, "eventfd", options.devDir};
    Result<CoreThread> thread = CoreThread::start({.name = "camera-hotplug"}, [this] { run(); });
    if (!thread) return thread.error();
    thread_ = thread.take();
    return done();
}

void HotplugWatcher::stop() {
    if (!thread_.running()) return;
    const uint64_t one = 1;
    static_cast<void>(!::write(stopSignal_.get(), &one, sizeof one));
    thread_.join();
}

bool HotplugWatcher::addWatch() {
    watching_ = ::inotify_add_watch(inotify_.get(), options_.devDir.c_str(), kWatchMask) >= 0;
    return watching_;
}

void HotplugWatcher::run() {
    for (;;) {
        // Entries of -1 are ignored by poll.
        std::array<pollfd, 3> waits{{{stopSignal_.get(), POLLIN, 0},
                                     {inotify_.get(), POLLIN, 0},
                                     {uevents_ ? uevents_->fd() : -1, POLLIN, 0}}};
        const bool lost = inotify_.valid() && !watching_;
        ::poll(waits.data(), waits.size(), lost ? options_.retryMs : -1);
        if (waits[0].revents) return;
        if (waits[1].revents) drainInotify();
        if (waits[2].revents) drainUevents();
        if (lost && addWatch()) listener_({HotplugEvent::Kind::Rescan, -1, {}, monotonicUs()});
    }
}

void HotplugWatcher::drainInotify() {
    alignas(inotify_event) char bytes[64 * 1024];
    for (;;) {
        const ssize_t count = ::read(inotify_.get(), bytes, sizeof bytes);
        if (count <= 0) return;
        if (readInotifyRecords({bytes, static_cast<size_t>(count)}, listener_)) continue;
        // The directory was replaced or unmounted: everything in it is gone until it can be watched again.
        watching_ = false;
        listener_({HotplugEvent::Kind::Rescan, -1, {}, monotonicUs()});
    }
}

void HotplugWatcher::drainUevents() {
    for (;;) {
        Uevent event;
        switch (uevents_->receive(event)) {
        case UeventSocket::Outcome::Empty: return;
        case UeventSocket::Outcome::Skipped: continue;
        case UeventSocket::Outcome::Lost: listener_({HotplugEvent::Kind::Rescan, -1, {}, monotonicUs()}); continue;
        case UeventSocket::Outcome::Message: break;
        }
        if (event.action == "bind") listener_({HotplugEvent::Kind::Settled, -1, event.devicePath, monotonicUs()});
        if (event.subsystem != "video4linux") continue;
        const std::optional<int> number = nodeNumber(event.nodeName);
        if (number) listener_({HotplugEvent::Kind::Node, *number, {}, monotonicUs()});
    }
}

} // namespace camera
