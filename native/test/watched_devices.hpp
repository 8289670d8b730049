// A monitor of a stage, and its calls that wait for their answer.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "awaiting.hpp"
#include "devices/device_monitor.hpp"
#include "device_stage.hpp"
#include "event_log.hpp"

namespace camera::test {

/// A monitor of a stage, listened to.
struct Watched {
    explicit Watched(DeviceStage &stage) : Watched(stage, stage.options()) {}
    Watched(DeviceStage &stage, const MonitorOptions &options) : monitor(stage.sys().sys(), options) {
        monitor.setListener(log.listener());
        REQUIRE(monitor.start().ok());
    }
    ~Watched() { monitor.stop(1'000); }

    DeviceEvent next(DeviceEventType type) {
        const auto event = log.next(type);
        REQUIRE_MESSAGE(event.has_value(), "waited for ", deviceEventName(type), ", saw: ", log.types());
        return *event;
    }

    EventLog log;
    DeviceMonitor monitor;
};

inline Result<std::shared_ptr<const DeviceReport>> probe(DeviceMonitor &monitor, const std::string &source) {
    Awaited<Result<std::shared_ptr<const DeviceReport>>> answer;
    monitor.probe(source, answer.callback());
    const auto result = answer.get();
    REQUIRE(result.has_value());
    return *result;
}

/// Short times, for tests that wait for the end of a schedule.
inline MonitorOptions impatient(const DeviceStage &stage) {
    MonitorOptions options = stage.options();
    options.retryMs = {2, 5, 10};
    options.slowRetryMs = 20;
    return options;
}

/// Waits for siblings as long as a busy machine may need to make them.
inline MonitorOptions patient(const DeviceStage &stage) {
    MonitorOptions options = stage.options();
    options.siblingWaitMs = 10'000;
    return options;
}

} // namespace camera::test
