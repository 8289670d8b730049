#include "devices/device_monitor.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "base/clock.hpp"
#include "base/courier.hpp"
#include "devices/device_roster.hpp"
#include "base/fault_code.hpp"
#include "devices/hotplug_watcher.hpp"
#include "devices/node_finder.hpp"
#include "devices/node_table.hpp"
#include "devices/prober.hpp"
#include "controls/v4l2_controls.hpp"
#include "devices/v4l2_probe.hpp"

namespace camera {

namespace {

/// Longest rescan pause when no event source works.
constexpr int kBlindRescanMs = 2'000;
/// Hotplug events that may wait; further ones become one rescan.
constexpr int kMaxPendingEvents = 4'096;

NodeCheck checkOf(const MonitorOptions &options) {
    return options.relaxDeviceCheck ? NodeCheck::Relaxed : NodeCheck::CharacterDevice;
}

} // namespace

/// Everything but the locks and counters belongs to the courier: one task at a time, on its own thread or on that of the watcher
/// or a prober.
/// Lock order: lifecycle, then prober, then courier; the roster's is innermost. No listener or callback runs under any.
class DeviceMonitor::Core final : public TableEffects, public std::enable_shared_from_this<Core> {
public:
    Core(const Sys &sys, MonitorOptions options)
        : options_(std::move(options)),
          finder_({options_.devDir, options_.sysfsDir, options_.firstNode, options_.lastNode, options_.relaxDeviceCheck}),
          prober_(sys, courier_), table_(finder_, options_, *this) {}

    DeviceRoster &roster() { return roster_; }

    Status start() {
        if (options_.events) {
            const Status watching = watcher_.start({.devDir = options_.devDir, .uevents = options_.uevents},
                                                   [this](HotplugEvent event) { hear(std::move(event)); });
            // No event source is no failure: the rescan finds everything, only later.
            if (!watching && watching.error().step == "pthread_create") return watching.error();
        }
        const bool blind = !watcher_.watchesDirectory() && !watcher_.hearsUevents();
        rescanUs_ = int64_t{blind ? std::min(options_.rescanMs, kBlindRescanMs) : options_.rescanMs} * 1'000;
        post([this] {
            table_.scan(monotonicUs(), true);
            planRescan();
        });
        return done();
    }

    void stop(int timeoutMs) {
        {
            const std::lock_guard lock(lifecycle_);
            if (stopped_) return;
            stopped_ = true;
        }
        watcher_.stop();
        prober_.stop(timeoutMs);
        courier_.stop(timeoutMs);
    }

    /// Lets the courier run `task`; false after `stop`.
    bool post(std::function<void()> task) {
        const std::lock_guard lock(lifecycle_);
        if (stopped_) return false;
        courier_.post([self = shared_from_this(), task = std::move(task)] {
            task();
            self->armTimer();
        });
        return true;
    }

    void probe(const std::string &source, ReportCallback callback) {
        const std::optional<DeviceState> state = roster_.find(source);
        const NodeRecord *record = table_.find(source);
        if (!state || (!record && !state->report)) return callback(Error{ENODEV, "probe", source});
        if (!record) return callback(state->report);
        prober_.submit<DeviceReport>(
            subjectOf(*record, options_.probeDeadlineMs), phaseA(record->facts.node),
            [self = shared_from_this(), source, callback = std::move(callback)](Result<DeviceReport> result) {
                if (!result) return callback(result.error());
                callback(self->learn(source, result.take()));
            });
    }

    void probeControlsOf(const std::string &source, ControlsCallback callback) {
        using Controls = std::vector<DeviceControl>;
        const std::optional<DeviceState> state = roster_.find(source);
        const NodeRecord *record = table_.find(source);
        if (!state) return callback(Error{ENODEV, "probe", source});
        if (!record) return callback(Controls{});
        const auto work = [node = record->facts.node, broken = broken_[source],
                           check = checkOf(options_)](const Sys &sys) {
            return camera::probeControls(sys, node, broken, check);
        };
        prober_.submit<Controls>(subjectOf(*record, options_.controlsDeadlineMs), work,
                                 [self = shared_from_this(), source, callback = std::move(callback)](Result<Controls> result) {
                                     if (result) self->rememberBroken(source, result.value());
                                     callback(std::move(result));
                                 });
    }

    void setControlsOf(const std::string &source, std::vector<WantedControl> wanted, ControlResultsCallback callback) {
        using Results = std::vector<ControlResult>;
        const NodeRecord *record = roster_.find(source) ? table_.find(source) : nullptr;
        if (!record) return callback(Error{ENODEV, "probe", source});
        const auto work = [node = record->facts.node, wanted = std::move(wanted), broken = broken_[source],
                           check = checkOf(options_)](const Sys &sys) {
            return camera::setControls(sys, node, wanted, broken, check);
        };
        prober_.submit<Results>(subjectOf(*record, options_.controlsDeadlineMs), work,
                                [self = shared_from_this(), source, callback = std::move(callback)](Result<Results> result) {
                                    if (result) self->rememberBroken(source, result.value());
                                    callback(std::move(result));
                                });
    }

    void captureSawGone(const std::string &source) { table_.captureSawGone(source, monotonicUs()); }

    // What the table wants done.

    void tell(DeviceEventType type, DeviceState state, int64_t atUs) override {
        if (type == DeviceEventType::Gone) broken_.erase(state.source);
        roster_.tell(type, std::move(state), atUs);
    }

    void probe(const NodeRecord &record) override {
        prober_.submit<DeviceReport>(subjectOf(record, options_.probeDeadlineMs), phaseA(record.facts.node),
                                     [self = shared_from_this(), source = record.source](Result<DeviceReport> result) {
                                         // What was cut off by the stop says nothing about the device.
                                         if (!result && result.error().step == kStepAborted) return;
                                         self->table_.tried(source, std::move(result));
                                         self->armTimer();
                                     });
    }

    int64_t nowUs() const override { return monotonicUs(); }

private:
    static JobSubject subjectOf(const NodeRecord &record, int deadlineMs) {
        return {record.jobKey, record.facts.node, deadlineMs};
    }

    std::function<Result<DeviceReport>(const Sys &)> phaseA(const std::string &node) const {
        return [node, check = checkOf(options_)](const Sys &sys) { return probeNode(sys, node, check); };
    }

    /// On the watcher thread, which `stop` ends before the courier. Handled there when the courier is free: a client hears of
    /// a plugged camera one change of threads sooner.
    void hear(HotplugEvent event) {
        if (pendingEvents_ >= kMaxPendingEvents) {
            eventsLost_ = true;
            return;
        }
        ++pendingEvents_;
        courier_.run([self = shared_from_this(), event = std::move(event)] {
            --self->pendingEvents_;
            self->handle(event);
            self->armTimer();
        });
    }

    void handle(const HotplugEvent &event) {
        switch (event.kind) {
        case HotplugEvent::Kind::Node: table_.look(event.number, event.atUs); break;
        case HotplugEvent::Kind::Attributes: table_.attributesChanged(event.number, event.atUs); break;
        case HotplugEvent::Kind::Settled: table_.deviceSettled(event.devicePath); break;
        case HotplugEvent::Kind::Rescan: eventsLost_ = true; break;
        }
        if (!eventsLost_.exchange(false)) return;
        table_.scan(event.atUs);
        roster_.tellAll(event.atUs);
    }

    void planRescan() {
        courier_.postAt(monotonicUs() + rescanUs_, [self = shared_from_this()] {
            self->table_.scan(monotonicUs());
            self->armTimer();
            self->planRescan();
        });
    }

    void armTimer() {
        const int64_t due = table_.nextDueUs();
        if (due == armedForUs_) return;
        if (armedForUs_) courier_.cancel(timer_);
        armedForUs_ = due;
        if (!due) return;
        timer_ = courier_.postAt(due, [self = shared_from_this()] {
            self->armedForUs_ = 0;
            self->table_.timePassed();
            self->armTimer();
        });
    }

    /// Tells what is new in a report that somebody asked for, and completes it.
    std::shared_ptr<const DeviceReport> learn(const std::string &source, DeviceReport report) {
        table_.learned(source, report);
        armTimer();
        const std::optional<DeviceState> state = roster_.find(source);
        if (state && state->report) report.companions = state->report->companions;
        return std::make_shared<const DeviceReport>(std::move(report));
    }

    void rememberBroken(const std::string &source, const std::vector<DeviceControl> &controls) {
        for (const DeviceControl &control : controls) {
            const bool broken = std::find(control.flags.begin(), control.flags.end(), "broken") != control.flags.end();
            if (broken && roster_.find(source)) broken_[source].insert(control.id);
        }
    }

    void rememberBroken(const std::string &source, const std::vector<ControlResult> &results) {
        for (const ControlResult &result : results) {
            const bool broken = result.outcome == ControlOutcome::Broken;
            if (broken && roster_.find(source)) broken_[source].insert(result.id);
        }
    }

    // Passed in.
    const MonitorOptions options_;
    // Owned here.
    const NodeFinder finder_;
    DeviceRoster roster_;
    Courier courier_;
    Prober prober_;
    HotplugWatcher watcher_;
    // State of the courier's tasks.
    NodeTable table_;
    /// Controls that a camera stalled on, by source.
    std::map<std::string, std::set<uint32_t>> broken_;
    int64_t rescanUs_ = 0;
    int64_t armedForUs_ = 0;
    uint64_t timer_ = 0;
    // Shared.
    std::atomic<int> pendingEvents_{0};
    std::atomic<bool> eventsLost_{false};
    std::mutex lifecycle_;
    bool stopped_ = false;
};

DeviceMonitor::DeviceMonitor(const Sys &sys, MonitorOptions options)
    : core_(std::make_shared<Core>(sys, std::move(options))) {}

DeviceMonitor::~DeviceMonitor() {
    constexpr int kStopMs = 1'000;
    stop(kStopMs);
}

void DeviceMonitor::setListener(std::function<void(DeviceEvent)> listener) {
    core_->roster().setListener(std::move(listener));
}

Status DeviceMonitor::start() { return core_->start(); }

void DeviceMonitor::stop(int timeoutMs) { core_->stop(timeoutMs); }

std::vector<DeviceState> DeviceMonitor::devices() const { return core_->roster().list(); }

void DeviceMonitor::probe(const std::string &source, ReportCallback callback) {
    // Shared: a refused post leaves it to the caller's thread.
    const auto reply = std::make_shared<ReportCallback>(std::move(callback));
    const bool posted = core_->post([core = core_.get(), source, reply] { core->probe(source, *reply); });
    if (!posted) (*reply)(Error{0, kStepAborted, source});
}

void DeviceMonitor::probeControls(const std::string &source, ControlsCallback callback) {
    const auto reply = std::make_shared<ControlsCallback>(std::move(callback));
    const bool posted = core_->post([core = core_.get(), source, reply] { core->probeControlsOf(source, *reply); });
    if (!posted) (*reply)(Error{0, kStepAborted, source});
}

void DeviceMonitor::setControls(const std::string &source, std::vector<WantedControl> wanted, ControlResultsCallback callback) {
    const auto reply = std::make_shared<ControlResultsCallback>(std::move(callback));
    const bool posted = core_->post([core = core_.get(), source, wanted = std::move(wanted), reply]() mutable {
        core->setControlsOf(source, std::move(wanted), *reply);
    });
    if (!posted) (*reply)(Error{0, kStepAborted, source});
}

Result<std::string> DeviceMonitor::nodeOf(const std::string &source) const {
    const std::optional<DeviceState> state = core_->roster().find(source);
    if (!state) return Error{ENODEV, "find", source};
    return state->node;
}

void DeviceMonitor::reportGone(const std::string &source) {
    core_->post([core = core_.get(), source] { core->captureSawGone(source); });
}

void DeviceMonitor::announce(DeviceState device) {
    core_->post([core = core_.get(), device = std::move(device)] {
        core->tell(DeviceEventType::Ready, device, core->nowUs());
    });
}

} // namespace camera
