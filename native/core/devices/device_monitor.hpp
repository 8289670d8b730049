// Who is there: keeps the list of cameras equal to the kernel's, from hotplug events with a rescan as net, probes what
// appears on its own threads, and tells one listener what changed.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "controls/control_change.hpp"
#include "devices/device_report.hpp"
#include "base/result.hpp"
#include "base/sys.hpp"

namespace camera {

struct MonitorOptions {
    std::string devDir = "/dev";
    std::string sysfsDir = "/sys";
    /// Lowest and highest node number looked at.
    int firstNode = 0;
    int lastNode = 255;
    /// true: inotify (and uevents) with a rescan as net; false: rescan only.
    bool events = true;
    /// Also listen to the kernel's uevent socket; ignored without `events`.
    bool uevents = true;
    /// Full comparison with the kernel's list. Without any event source it is at most 2000.
    int rescanMs = 10'000;
    /// Tests: nodes may be plain files. Never set for real devices.
    bool relaxDeviceCheck = false;

    int probeDeadlineMs = 2'000;
    int controlsDeadlineMs = 10'000;
    /// Longest wait for sibling nodes of a function before `ready`.
    int siblingWaitMs = 100;
    /// When phase A is tried again, counted from the node's event (± 10 %); after the last the fault is told. Never empty.
    std::vector<int> retryMs = {10, 25, 50, 100, 200, 400, 800, 1'600};
    /// Pause between tries of a camera without formats or of a flapping one.
    int slowRetryMs = 2'000;
    /// More than `flapCycles` appearances within `flapWindowMs` are flapping.
    int flapCycles = 5;
    int flapWindowMs = 10'000;
};

using ReportCallback = std::function<void(Result<std::shared_ptr<const DeviceReport>>)>;
using ControlsCallback = std::function<void(Result<std::vector<DeviceControl>>)>;
using ControlResultsCallback = std::function<void(Result<std::vector<ControlResult>>)>;

/// All functions may be called from any thread and do not block, except `start` and `stop`. Callbacks of probes come on a
/// core thread (after `stop`: on the caller's), exactly once; they must not block and not call `stop`.
class DeviceMonitor {
public:
    /// `sys` is copied. Nothing runs before `start`.
    DeviceMonitor(const Sys &sys, MonitorOptions options);
    ~DeviceMonitor();
    DeviceMonitor(const DeviceMonitor &) = delete;
    DeviceMonitor &operator=(const DeviceMonitor &) = delete;

    /// To be called before `start`. The listener runs on a core thread, in order, with gap-free `seq`; it must not block.
    /// It may call everything but `stop`.
    void setListener(std::function<void(DeviceEvent)> listener);

    /// Starts the threads and returns at once; what exists already arrives as events. Fails when no thread can be made.
    Status start();

    /// Joins all threads; probes stuck in the kernel are abandoned after `timeoutMs` and touch nothing of ours when they
    /// return. Pending probe callbacks get the step `aborted`. Idempotent. No callback comes after it returned.
    void stop(int timeoutMs);

    /// Cameras present now, in order of appearance, as of the last event told.
    std::vector<DeviceState> devices() const;

    /// Phase A again. Errors: ENODEV (unknown source), ETIMEDOUT (deadline), those of `probeNode`, step `aborted`.
    /// A result that differs from what is known is also told as `ready` or `changed`.
    void probe(const std::string &source, ReportCallback callback);

    /// Phase B. Errors as `probe`.
    void probeControls(const std::string &source, ControlsCallback callback);

    /// Sets controls and reads them back (control_change.hpp), deadline `controlsDeadlineMs`. Errors as `probe`; ETIMEDOUT leaves
    /// open which of them were set. What a camera stalled on is not asked again while it stays plugged in.
    void setControls(const std::string &source, std::vector<WantedControl> wanted, ControlResultsCallback callback);

    /// Path of the device node of a present camera; ENODEV when that appearance is over, empty for virtual cameras.
    Result<std::string> nodeOf(const std::string &source) const;

    /// A capture saw ENODEV or POLLHUP: tells `gone` unless that appearance is over already.
    void reportGone(const std::string &source);

    /// Adds a virtual camera: told as `present` and `ready`. Its `source` must not be in use.
    void announce(DeviceState device);

private:
    class Core;
    std::shared_ptr<Core> core_;
};

} // namespace camera
