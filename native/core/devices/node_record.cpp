#include "devices/node_record.hpp"

#include <algorithm>

namespace camera {

namespace {

bool shareParent(const NodeRecord &a, const NodeRecord &b) { return !a.parent().empty() && a.parent() == b.parent(); }

} // namespace

bool isSecondary(const NodeRecords &records, const NodeRecord &record) {
    return std::any_of(records.begin(), records.end(), [&](const auto &entry) {
        const NodeRecord &other = entry.second;
        return shareParent(other, record) && other.isCameraLike() && other.report->busInfo == record.report->busInfo &&
               other.index() < record.index();
    });
}

bool mayBePrimary(const NodeRecords &records, const NodeRecord &record) {
    return std::none_of(records.begin(), records.end(), [&](const auto &entry) {
        const NodeRecord &other = entry.second;
        const bool below = shareParent(other, record) && other.index() < record.index();
        if (!below || other.phase == NodeRecord::Phase::Over) return false;
        if (other.phase != NodeRecord::Phase::Known) return true;
        const bool known = record.phase == NodeRecord::Phase::Known;
        const bool otherFunction = known && other.report->busInfo != record.report->busInfo;
        return other.isCameraLike() && !otherFunction;
    });
}

std::vector<std::string> companionsOf(const NodeRecords &records, const NodeRecord &record) {
    std::vector<std::string> nodes;
    for (const auto &[number, other] : records) {
        if (&other == &record || !shareParent(other, record)) continue;
        const bool belongs = other.is(NodeKind::Metadata) || other.isCameraLike();
        if (belongs && other.report->busInfo == record.report->busInfo) nodes.push_back(other.facts.node);
    }
    return nodes;
}

} // namespace camera
