// One device monitor, its captures and their viewers, wired together: what JavaScript calls a core. Knows neither Node nor Linux.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "capture/capture_manager.hpp"
#include "devices/device_monitor.hpp"
#include "fanout/fanout_server.hpp"
#include "base/result.hpp"
#include "base/sys.hpp"
#include "virtual/virtual_controls.hpp"

namespace camera::binding {

struct VirtualCameras {
    int count = 0;
    uint32_t width = 0;
    uint32_t height = 0;
    uint32_t fps = 0;
};

struct CoreOptions {
    MonitorOptions monitor;
    CaptureOptions capture;
    VirtualCameras virtualCameras;
    FanoutOptions viewers;
};

/// A fact of one of the parts under the one gap-free count of its core, which starts at 1.
struct CoreEvent {
    uint64_t seq = 0;
    std::variant<DeviceEvent, CaptureEvent, ViewerEvent> fact;
};

/// Tells that a viewer or a feed is over: it is said once, and nothing else ever shows it.
bool isEnd(const CoreEvent &event);

using EventSink = std::function<void(std::shared_ptr<const CoreEvent>)>;

/// Any thread, unless said otherwise. `stop` comes before the destructor: the last owner may be a JavaScript thread, which
/// must not wait for devices.
class RunningCore {
public:
    /// Starts the threads and returns at once; what is present arrives as events. `sink` is called in the order of `seq`, under
    /// a lock: it must only hand over. Fails when no thread can be made.
    static Result<std::shared_ptr<RunningCore>> start(const Sys &sys, const CoreOptions &options, EventSink sink);
    RunningCore(const RunningCore &) = delete;
    RunningCore &operator=(const RunningCore &) = delete;

    DeviceMonitor &monitor() { return monitor_; }
    CaptureManager &captures() { return captures_; }
    FanoutServer &fanout() { return fanout_; }

    /// Where the frames of a camera that is present come from. ENODEV when that appearance is over.
    Result<SourceAddress> addressOf(const std::string &source) const;

    /// As `DeviceMonitor::probeControls` and `setControls`.
    void probeControls(const std::string &source, ControlsCallback callback);
    void setControls(const std::string &source, std::vector<WantedControl> wanted, ControlResultsCallback callback);

    /// Viewers of the channel see what this source captures.
    Status showSource(const std::string &channel, const std::string &source);

    /// No event reaches the sink after this returned.
    void silence();

    /// Ends the viewers, closes captures, then the monitor. Blocks up to about twice `timeoutMs`; stuck threads are written off. Once only.
    void stop(int timeoutMs);

private:
    RunningCore(const Sys &sys, const CoreOptions &options, EventSink sink);

    /// Null for a device.
    std::shared_ptr<VirtualControls> virtualControlsOf(const std::string &source) const;
    void announceVirtualCameras(const VirtualCameras &wanted);
    void hear(DeviceEvent event);
    void hear(const CaptureEvent &event);
    void publish(std::variant<DeviceEvent, CaptureEvent, ViewerEvent> fact);

    std::mutex publishMutex_;
    uint64_t lastSeq_ = 0;
    EventSink sink_;

    /// By source; filled before anybody else has this object.
    std::map<std::string, std::shared_ptr<VirtualControls>> virtualControls_;

    // The monitor's listener reaches the captures and the other way round; both end in `stop`, before either is destroyed.
    DeviceMonitor monitor_;
    CaptureManager captures_;
    FanoutServer fanout_;
};

} // namespace camera::binding
