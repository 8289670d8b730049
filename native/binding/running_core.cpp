#include "running_core.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/fault_code.hpp"
#include "virtual_device.hpp"

namespace camera::binding {

namespace {

constexpr int kViewersEndMs = 500;

} // namespace

bool isEnd(const CoreEvent &event) {
    if (std::holds_alternative<ViewerEvent>(event.fact)) return true;
    const auto *capture = std::get_if<CaptureEvent>(&event.fact);
    return capture != nullptr && capture->feed != 0 && !capture->gap;
}

Result<std::shared_ptr<RunningCore>> RunningCore::start(const Sys &sys, const CoreOptions &options, EventSink sink) {
    std::shared_ptr<RunningCore> core(new RunningCore(sys, options, std::move(sink)));
    for (int number = 0; number < options.virtualCameras.count; ++number) {
        core->virtualControls_.emplace(virtualSource(number), std::make_shared<VirtualControls>());
    }
    if (Status started = core->monitor_.start(); !started) return started.error();
    core->announceVirtualCameras(options.virtualCameras);
    return core;
}

RunningCore::RunningCore(const Sys &sys, const CoreOptions &options, EventSink sink)
    : sink_(std::move(sink)), monitor_(sys, options.monitor), captures_(sys, options.capture),
      fanout_(options.viewers, [this](const ViewerEvent &event) { publish(event); }) {
    monitor_.setListener([this](DeviceEvent event) { hear(std::move(event)); });
    captures_.setListener([this](const CaptureEvent &event) { hear(event); });
}

Result<SourceAddress> RunningCore::addressOf(const std::string &source) const {
    Result<std::string> node = monitor_.nodeOf(source);
    if (!node) return node.error();
    SourceAddress address{.source = source, .node = node.take(), .isVirtual = false, .label = {}};
    if (address.node.empty()) {
        address.isVirtual = true;
        address.label = source;
        address.controls = virtualControlsOf(source);
    }
    return address;
}

void RunningCore::probeControls(const std::string &source, ControlsCallback callback) {
    if (const auto controls = virtualControlsOf(source)) return callback(controls->list());
    monitor_.probeControls(source, std::move(callback));
}

void RunningCore::setControls(const std::string &source, std::vector<WantedControl> wanted, ControlResultsCallback callback) {
    if (const auto controls = virtualControlsOf(source)) return callback(controls->set(wanted));
    monitor_.setControls(source, std::move(wanted), std::move(callback));
}

Status RunningCore::showSource(const std::string &channel, const std::string &source) {
    std::shared_ptr<FrameHub> hub = captures_.hub(source);
    if (!hub) return Error{0, kStepAborted, source};
    return fanout_.showSource(channel, std::move(hub));
}

void RunningCore::silence() {
    const std::lock_guard lock(publishMutex_);
    sink_ = nullptr;
}

void RunningCore::stop(int timeoutMs) {
    // Viewers learn of the end while everything still works; those that read are through in a moment.
    fanout_.stop(std::min(timeoutMs, kViewersEndMs));
    // Captures first: a device that is still open keeps its node number, and what they report needs the monitor.
    captures_.shutdown(timeoutMs);
    monitor_.stop(timeoutMs);
}

std::shared_ptr<VirtualControls> RunningCore::virtualControlsOf(const std::string &source) const {
    const auto found = virtualControls_.find(source);
    return found == virtualControls_.end() ? nullptr : found->second;
}

void RunningCore::announceVirtualCameras(const VirtualCameras &wanted) {
    for (int number = 0; number < wanted.count; ++number) {
        monitor_.announce(virtualDevice(number, {wanted.width, wanted.height}, {1, wanted.fps}));
    }
}

void RunningCore::hear(DeviceEvent event) {
    const bool gone = event.type == DeviceEventType::Gone;
    const std::string source = event.device.source;
    publish(std::move(event));
    if (gone) captures_.gone(source);
}

void RunningCore::hear(const CaptureEvent &event) {
    publish(event);
    if (event.feed == 0 && event.state == CaptureState::Gone) monitor_.reportGone(event.source);
}

void RunningCore::publish(std::variant<DeviceEvent, CaptureEvent, ViewerEvent> fact) {
    auto event = std::make_shared<CoreEvent>();
    event->fact = std::move(fact);
    // Counted and handed over under one lock, or two threads could deliver their numbers in the wrong order.
    const std::lock_guard lock(publishMutex_);
    event->seq = ++lastSeq_;
    if (sink_) sink_(std::move(event));
}

} // namespace camera::binding
