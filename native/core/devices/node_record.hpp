// What is known of one existing node, and how the nodes of one camera belong together.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "devices/device_report.hpp"
#include "devices/node_finder.hpp"
#include "base/result.hpp"

namespace camera {

struct NodeRecord {
    /// Unknown: being tried. Known: `report` says what it is. Failed: tries are used up, the fault is told. Over: told as
    /// gone although the node still exists (a driverless node, a capture that saw ENODEV).
    enum class Phase { Unknown, Known, Failed, Over };

    NodeFacts facts;
    std::string source;
    DeviceIdentity readIdentity;
    /// Jobs with the same key never run at once.
    std::string jobKey;
    Phase phase = Phase::Unknown;
    /// As probed; companions are not in it.
    std::shared_ptr<const DeviceReport> report;
    std::optional<Error> fault;

    int64_t appearedUs = 0;
    bool atStart = false;
    /// The driver is done with the whole device: no further sibling will come.
    bool settled = false;
    bool flapping = false;

    size_t tries = 0;
    int64_t retryFromUs = 0;
    /// 0: none is due.
    int64_t nextTryUs = 0;
    int64_t evaluateUs = 0;
    bool inFlight = false;
    bool tryAgain = false;

    /// `present` was told and `gone` was not.
    bool told = false;
    /// The report told last, with companions; null before `ready`.
    std::shared_ptr<const DeviceReport> toldReport;

    int index() const { return readIdentity.index; }
    bool isUsb() const { return !readIdentity.vid.empty(); }
    std::string parent() const { return facts.sysfs ? facts.sysfs->parent : std::string(); }
    bool is(NodeKind kind) const { return phase == Phase::Known && report->kind == kind; }
    /// Something that is listed as a camera, usable or not.
    bool isCameraLike() const {
        return phase == Phase::Known && report->kind != NodeKind::Metadata && report->kind != NodeKind::Ignored;
    }
};

/// By node number.
using NodeRecords = std::map<int, NodeRecord>;

// A function is what one driver made of one device: its nodes share the parent and the bus info. One parent may carry several
// functions, which only the bus info of an answered probe tells apart.

/// The function has a camera at a lower index: this node is its companion.
bool isSecondary(const NodeRecords &records, const NodeRecord &record);

/// No node at a lower index is its camera or may still turn out to be.
bool mayBePrimary(const NodeRecords &records, const NodeRecord &record);

/// Metadata and further capture nodes of the record's function, as paths by node number.
std::vector<std::string> companionsOf(const NodeRecords &records, const NodeRecord &record);

} // namespace camera
