#include "devices/node_table.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/fault_code.hpp"
#include "devices/v4l2_device.hpp"

namespace camera {

namespace {

/// The node exists and nothing is behind it.
bool meansAbsent(const Error &error) {
    return error.errnoValue == ENXIO || error.errnoValue == ENOENT || error.errnoValue == ENODEV;
}

bool meansNoCamera(const Error &error) { return error.errnoValue == ENOTTY || error.step == kStepNotACamera; }

/// The thread that asked hangs: asking again at once would only hang another one.
bool meansHung(const Error &error) { return error.errnoValue == ETIMEDOUT && error.step == "probe"; }

bool sameError(const std::optional<Error> &known, const Error &error) {
    return known && known->errnoValue == error.errnoValue && known->step == error.step;
}

/// Equal for a client: how long the probe took and what mode happens to be set are no news.
bool sameCapabilities(const DeviceReport &a, const DeviceReport &b) {
    return a.kind == b.kind && a.driver == b.driver && a.card == b.card && a.busInfo == b.busInfo &&
           a.deviceCaps == b.deviceCaps && a.inputs == b.inputs && a.formats == b.formats &&
           a.rateSettable == b.rateSettable && a.companions == b.companions;
}

} // namespace

NodeTable::NodeTable(const NodeFinder &finder, const MonitorOptions &options, TableEffects &effects)
    : finder_(finder), options_(options), effects_(effects), flaps_(options.flapCycles, options.flapWindowMs) {}

// --- what exists ---

void NodeTable::scan(int64_t atUs, bool first) {
    std::vector<NodeFacts> found = finder_.list();
    std::vector<int> gone;
    for (const auto &[number, record] : records_) {
        const bool exists = std::any_of(found.begin(), found.end(), [&, n = number](const NodeFacts &f) { return f.number == n; });
        if (!exists) gone.push_back(number);
    }
    for (const int number : gone) vanish(number, atUs);
    for (NodeFacts &facts : found) {
        const auto known = records_.find(facts.number);
        if (known != records_.end() && known->second.facts.sameAppearance(facts)) {
            NodeRecord &record = known->second;
            const bool resting = record.phase == Phase::Failed || record.phase == Phase::Over;
            if (resting && !record.inFlight) startTry(record);
            continue;
        }
        if (known != records_.end()) vanish(facts.number, atUs);
        appear(std::move(facts), atUs, first);
    }
}

void NodeTable::look(int number, int64_t atUs) {
    std::optional<NodeFacts> facts = finder_.look(number);
    const auto known = records_.find(number);
    if (known != records_.end()) {
        if (facts && known->second.facts.sameAppearance(*facts)) return;
        vanish(number, atUs);
    }
    if (facts) appear(*std::move(facts), atUs, false);
}

void NodeTable::attributesChanged(int number, int64_t atUs) {
    const bool known = records_.contains(number);
    look(number, atUs);
    const auto entry = records_.find(number);
    if (!known || entry == records_.end() || entry->second.phase == Phase::Known) return;
    NodeRecord &record = entry->second;
    record.tries = 0;
    record.retryFromUs = atUs;
    if (record.flapping) return;
    if (record.inFlight) {
        record.tryAgain = true;
    } else {
        startTry(record);
    }
}

void NodeTable::deviceSettled(const std::string &devicePath) {
    for (auto &[number, record] : records_) {
        if (record.parent() != devicePath) continue;
        record.settled = true;
        evaluate(record);
    }
}

void NodeTable::appear(NodeFacts facts, int64_t atUs, bool atStart) {
    const int number = facts.number;
    NodeRecord fresh;
    fresh.source = nextSource(facts);
    fresh.readIdentity = facts.sysfs ? readIdentity(finder_.sysfs(), *facts.sysfs) : unknownIdentity(number);
    fresh.facts = std::move(facts);
    // Every plug gives a USB device a new number, so a hung job of the last plug does not block this one's.
    const std::string usbDevice = fresh.parent().substr(0, fresh.parent().rfind('/'));
    fresh.jobKey = fresh.isUsb() ? fresh.readIdentity.physicalId + "#" + finder_.sysfs().attribute(usbDevice, "devnum")
                                 : fresh.source;
    fresh.appearedUs = atUs;
    fresh.retryFromUs = atUs;
    fresh.atStart = atStart;
    fresh.flapping = flaps_.appeared(fresh.readIdentity.id, atUs);
    NodeRecord &record = records_[number] = std::move(fresh);
    enterBook(record);

    // The first node of a USB function is its camera, as good as always: told before anything is opened. Elsewhere the first
    // node may as well be a codec, so the device is asked first, unless it flaps and is not asked for a while.
    const bool surelyCamera = record.isUsb() || record.flapping;
    if (record.index() == 0 && surelyCamera) tellPresent(record, atUs);
    if (record.flapping) {
        record.nextTryUs = atUs + int64_t{options_.slowRetryMs} * 1'000;
    } else {
        startTry(record);
    }
}

void NodeTable::vanish(int number, int64_t atUs) {
    const auto entry = records_.find(number);
    if (entry == records_.end()) return;
    tellGone(entry->second, atUs);
    book_.leave(entry->second.source);
    const std::string parent = entry->second.parent();
    records_.erase(entry);
    evaluateSoon(parent);
}

void NodeTable::enterBook(NodeRecord &record) {
    std::vector<std::string> renamed;
    book_.enter(record.source, record.readIdentity, renamed);
    for (const std::string &source : renamed) {
        NodeRecord *other = findRecord(source);
        if (other && other->told) effects_.tell(DeviceEventType::Changed, stateOf(*other), effects_.nowUs());
    }
}

std::string NodeTable::nextSource(const NodeFacts &facts) {
    return facts.node + "#" + std::to_string(++generations_[facts.number]);
}

// --- tries ---

void NodeTable::startTry(NodeRecord &record) {
    record.nextTryUs = 0;
    record.tryAgain = false;
    record.inFlight = true;
    ++record.tries;
    effects_.probe(record);
}

void NodeTable::tried(const std::string &source, Result<DeviceReport> result) {
    NodeRecord *record = findRecord(source);
    if (!record) return;
    record->inFlight = false;
    if (result) {
        succeeded(*record, result.take());
    } else {
        failed(*record, result.error());
    }
}

void NodeTable::learned(const std::string &source, const DeviceReport &report) {
    NodeRecord *record = findRecord(source);
    if (record && record->told) succeeded(*record, report);
}

void NodeTable::succeeded(NodeRecord &record, DeviceReport report) {
    const NodeKind kind = report.kind;
    const bool mayTurn = report.driver == kLoopbackDriver && kind == NodeKind::Ignored;
    record.report = std::make_shared<const DeviceReport>(std::move(report));
    if (record.phase == Phase::Over) {
        record.phase = Phase::Unknown;
        record.appearedUs = effects_.nowUs();
        enterBook(record);
    }
    if (kind == NodeKind::NotReady) return failed(record, {EINVAL, kStepFormat, record.facts.node});

    record.phase = Phase::Known;
    record.fault.reset();
    record.tries = 0;
    // A loopback made exclusive is an output until somebody feeds it, and nothing announces that.
    record.nextTryUs = mayTurn ? effects_.nowUs() + int64_t{options_.slowRetryMs} * 1'000 : 0;
    if (!record.isCameraLike()) hide(record);
    evaluateFunction(record);
}

void NodeTable::failed(NodeRecord &record, Error error) {
    if (record.phase == Phase::Over) return;
    if (meansNoCamera(error)) {
        DeviceReport nothing;
        nothing.node = record.facts.node;
        return succeeded(record, std::move(nothing));
    }
    if (record.phase == Phase::Known && record.isCameraLike()) {
        // A camera that lost its formats (an unplugged HDMI source) keeps its place and says so.
        return giveUp(record, std::move(error));
    }
    if (record.tryAgain) return startTry(record);
    if (meansHung(error) || record.tries > options_.retryMs.size()) return giveUp(record, std::move(error));
    record.phase = Phase::Unknown;
    record.nextTryUs = retryAtUs(record);
    if (mayBePrimary(records_, record)) tellPresent(record, record.appearedUs);
}

int64_t NodeTable::retryAtUs(const NodeRecord &record) {
    const int64_t pauseUs = int64_t{options_.retryMs[std::max<size_t>(record.tries, 1) - 1]} * 1'000;
    const int64_t tenth = pauseUs / 10;
    const int64_t dueUs = record.retryFromUs + pauseUs + std::uniform_int_distribution<int64_t>(-tenth, tenth)(jitter_);
    const int64_t flapUs = record.flapping ? int64_t{options_.slowRetryMs} * 1'000 : 0;
    return std::max(dueUs, effects_.nowUs() + flapUs);
}

void NodeTable::giveUp(NodeRecord &record, Error error) {
    if (meansAbsent(error)) return endAppearance(record, effects_.nowUs());
    const bool news = !record.told || !sameError(record.fault, error);
    // Formats come with a signal, without an event; other faults wait for an attribute change or the next rescan.
    const bool noFormats = error.step == kStepFormat;
    record.nextTryUs = noFormats ? effects_.nowUs() + int64_t{options_.slowRetryMs} * 1'000 : 0;
    record.phase = Phase::Failed;
    record.fault = std::move(error);
    record.toldReport = noFormats ? record.report : nullptr;
    if (!news || (!record.told && !mayBePrimary(records_, record))) return;
    record.told = true;
    effects_.tell(DeviceEventType::Present, stateOf(record), effects_.nowUs());
}

void NodeTable::hide(NodeRecord &record) { tellGone(record, effects_.nowUs()); }

void NodeTable::endAppearance(NodeRecord &record, int64_t atUs) {
    tellGone(record, atUs);
    book_.leave(record.source);
    // Answers that are still on their way belong to the old appearance.
    record.source = nextSource(record.facts);
    record.inFlight = false;
    record.phase = Phase::Over;
    record.nextTryUs = 0;
    record.evaluateUs = 0;
    record.fault.reset();
    evaluateSoon(record.parent());
}

void NodeTable::captureSawGone(const std::string &source, int64_t atUs) {
    NodeRecord *record = findRecord(source);
    if (record && record->told) endAppearance(*record, atUs);
}

void NodeTable::timePassed() {
    const int64_t now = effects_.nowUs();
    for (auto &[number, record] : records_) {
        if (record.nextTryUs && record.nextTryUs <= now && !record.inFlight) startTry(record);
        if (record.evaluateUs && record.evaluateUs <= now) {
            record.evaluateUs = 0;
            evaluate(record);
        }
    }
}

int64_t NodeTable::nextDueUs() const {
    int64_t due = 0;
    const auto consider = [&](int64_t atUs) {
        if (atUs && (due == 0 || atUs < due)) due = atUs;
    };
    for (const auto &[number, record] : records_) {
        if (!record.inFlight) consider(record.nextTryUs);
        consider(record.evaluateUs);
    }
    return due;
}

// --- functions: several nodes, one camera ---

void NodeTable::evaluateFunction(const NodeRecord &member) {
    const std::string parent = member.parent();
    for (auto &[number, record] : records_) {
        const bool together = !parent.empty() && record.parent() == parent;
        if (&record == &member || together) evaluate(record);
    }
}

void NodeTable::evaluateSoon(const std::string &parent) {
    if (parent.empty()) return;
    // Not at once: when a camera is pulled its other nodes follow within the same moment.
    const int64_t soonUs = effects_.nowUs() + int64_t{options_.siblingWaitMs} * 1'000;
    for (auto &[number, record] : records_) {
        if (record.parent() == parent) record.evaluateUs = soonUs;
    }
}

void NodeTable::evaluate(NodeRecord &record) {
    if (!record.isCameraLike()) return;
    if (isSecondary(records_, record)) return hide(record);
    if (!mayBePrimary(records_, record)) return; // a lower node is not understood yet; its answer comes back here
    std::vector<std::string> companions = companionsOf(records_, record);
    if (record.toldReport || isComplete(record, !companions.empty())) {
        record.evaluateUs = 0;
        return tellReport(record, std::move(companions));
    }
    tellPresent(record, record.appearedUs);
    record.evaluateUs = record.appearedUs + int64_t{options_.siblingWaitMs} * 1'000;
}

bool NodeTable::isComplete(const NodeRecord &record, bool hasCompanions) const {
    if (record.parent().empty()) return true;
    if (effects_.nowUs() >= record.appearedUs + int64_t{options_.siblingWaitMs} * 1'000) return true;
    if (!record.atStart && !record.settled && !hasCompanions) return false;
    const std::vector<int> siblings = finder_.siblings(record.facts);
    return std::all_of(siblings.begin(), siblings.end(), [&](int number) {
        const auto sibling = records_.find(number);
        return sibling != records_.end() && sibling->second.phase != Phase::Unknown;
    });
}

// --- telling ---

void NodeTable::tellPresent(NodeRecord &record, int64_t atUs) {
    if (record.told) return;
    record.told = true;
    effects_.tell(DeviceEventType::Present, stateOf(record), atUs);
    if (record.flapping) effects_.tell(DeviceEventType::Flapping, stateOf(record), atUs);
}

void NodeTable::tellGone(NodeRecord &record, int64_t atUs) {
    if (!record.told) return;
    const DeviceState state = stateOf(record);
    record.told = false;
    record.toldReport = nullptr;
    effects_.tell(DeviceEventType::Gone, state, atUs);
}

void NodeTable::tellReport(NodeRecord &record, std::vector<std::string> companions) {
    auto report = std::make_shared<DeviceReport>(*record.report);
    report->companions = std::move(companions);
    const std::shared_ptr<const DeviceReport> before = std::exchange(record.toldReport, report);
    if (before && sameCapabilities(*before, *report)) return;
    const bool wasReady = before && before->kind != NodeKind::NotReady;
    const auto type = wasReady ? DeviceEventType::Changed : DeviceEventType::Ready;
    const int64_t nowUs = effects_.nowUs();
    const bool isNew = !std::exchange(record.told, true);
    effects_.tell(type, stateOf(record), nowUs);
    if (isNew && record.flapping) effects_.tell(DeviceEventType::Flapping, stateOf(record), nowUs);
}

DeviceState NodeTable::stateOf(const NodeRecord &record) const {
    return {record.source, record.facts.node, false, book_.of(record.source), record.toldReport, record.fault};
}

const NodeRecord *NodeTable::find(const std::string &source) const {
    for (const auto &[number, record] : records_) {
        if (record.source == source) return &record;
    }
    return nullptr;
}

NodeRecord *NodeTable::findRecord(const std::string &source) {
    return const_cast<NodeRecord *>(std::as_const(*this).find(source));
}

} // namespace camera
