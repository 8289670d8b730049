// The life of each node, from its first event to a told camera: absent, appearing, accessible, probed, absent. Decides; does
// nothing itself: probes, events and time come and go through `TableEffects` and the calls below.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "devices/device_identity.hpp"
#include "devices/device_monitor.hpp"
#include "devices/device_report.hpp"
#include "devices/flap_guard.hpp"
#include "devices/node_finder.hpp"
#include "devices/node_record.hpp"
#include "base/result.hpp"

namespace camera {

class TableEffects {
public:
    virtual ~TableEffects() = default;
    virtual void tell(DeviceEventType type, DeviceState state, int64_t atUs) = 0;
    /// Asks for phase A of a node; the answer comes through `NodeTable::tried`.
    virtual void probe(const NodeRecord &record) = 0;
    virtual int64_t nowUs() const = 0;
};

/// For one thread.
class NodeTable {
public:
    NodeTable(const NodeFinder &finder, const MonitorOptions &options, TableEffects &effects);

    /// Compares everything with what exists. `first`: nothing was seen before, nobody waits for latency.
    void scan(int64_t atUs, bool first = false);
    /// Something happened to a node.
    void look(int number, int64_t atUs);
    void attributesChanged(int number, int64_t atUs);
    void deviceSettled(const std::string &devicePath);
    /// Answer to `TableEffects::probe`.
    void tried(const std::string &source, Result<DeviceReport> result);
    /// Answer to a probe that a caller asked for: news are told, failures are the caller's.
    void learned(const std::string &source, const DeviceReport &report);
    void captureSawGone(const std::string &source, int64_t atUs);
    void timePassed();

    /// When `timePassed` has something to do; 0 for never.
    int64_t nextDueUs() const;
    const NodeRecord *find(const std::string &source) const;

private:
    using Phase = NodeRecord::Phase;

    void appear(NodeFacts facts, int64_t atUs, bool atStart);
    void vanish(int number, int64_t atUs);
    void enterBook(NodeRecord &record);
    std::string nextSource(const NodeFacts &facts);

    void startTry(NodeRecord &record);
    void succeeded(NodeRecord &record, DeviceReport report);
    void failed(NodeRecord &record, Error error);
    void giveUp(NodeRecord &record, Error error);
    void hide(NodeRecord &record);
    void endAppearance(NodeRecord &record, int64_t atUs);
    int64_t retryAtUs(const NodeRecord &record);

    void evaluateFunction(const NodeRecord &member);
    void evaluate(NodeRecord &record);
    void evaluateSoon(const std::string &parent);
    bool isComplete(const NodeRecord &record, bool hasCompanions) const;

    void tellPresent(NodeRecord &record, int64_t atUs);
    void tellGone(NodeRecord &record, int64_t atUs);
    void tellReport(NodeRecord &record, std::vector<std::string> companions);
    DeviceState stateOf(const NodeRecord &record) const;
    NodeRecord *findRecord(const std::string &source);

    // Passed in.
    const NodeFinder &finder_;
    const MonitorOptions &options_;
    TableEffects &effects_;
    // State.
    NodeRecords records_;
    std::map<int, uint64_t> generations_;
    IdentityBook book_;
    FlapGuard flaps_;
    std::minstd_rand jitter_;
};

} // namespace camera
