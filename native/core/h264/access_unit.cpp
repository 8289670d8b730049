#include "h264/access_unit.hpp"

#include <algorithm>
#include <cstring>

namespace camera {

namespace {

constexpr uint8_t kSlice = 1;
constexpr uint8_t kIdrSlice = 5;
constexpr uint8_t kSps = 7;
constexpr uint8_t kPps = 8;
constexpr uint8_t kDelimiter = 9;
constexpr uint8_t kForbiddenBit = 0x80;
constexpr uint8_t kTypeMask = 0x1f;
/// What is kept of parameter sets; real ones have some dozen bytes.
constexpr size_t kMaxParameterBytes = 4096;

/// One unit inside an access unit: from its start code to the next one.
struct NalUnit {
    size_t offset = 0;
    size_t header = 0;
    size_t end = 0;
};

/// The next 00 00 01 at or behind `at`; the size of `bytes` when there is none.
size_t findStartCode(std::span<const uint8_t> bytes, size_t at) {
    while (at + 3 <= bytes.size()) {
        const void *found = std::memchr(bytes.data() + at + 2, 1, bytes.size() - at - 2);
        if (!found) break;
        const auto one = static_cast<size_t>(static_cast<const uint8_t *>(found) - bytes.data());
        if (bytes[one - 1] == 0 && bytes[one - 2] == 0) return one - 2;
        at = one - 1;
    }
    return bytes.size();
}

/// Calls `see` with each unit, its start code at `first`, until it says no.
template <typename See>
void eachUnit(std::span<const uint8_t> bytes, size_t first, const See &see) {
    for (size_t at = first; at < bytes.size();) {
        NalUnit unit{.offset = at, .header = at + 3, .end = findStartCode(bytes, at + 3)};
        if (!see(unit)) return;
        at = unit.end;
    }
}

/// Start codes at the beginning of an access unit have one zero more.
size_t withLeadingZero(std::span<const uint8_t> bytes, size_t startCode) {
    return startCode > 0 && bytes[startCode - 1] == 0 ? startCode - 1 : startCode;
}

uint8_t typeOf(std::span<const uint8_t> bytes, const NalUnit &unit) { return bytes[unit.header] & kTypeMask; }

bool isSlice(uint8_t type) { return type >= kSlice && type <= kIdrSlice; }

/// Parameter sets of one type in front of the slice, with their start codes.
void gather(std::span<const uint8_t> unit, const AccessUnitLayout &layout, uint8_t type, std::vector<uint8_t> &kept) {
    kept.clear();
    const auto head = unit.first(layout.sliceOffset);
    eachUnit(head, findStartCode(head, layout.bodyOffset), [&](const NalUnit &nal) {
        if (nal.header < head.size() && typeOf(head, nal) == type && kept.size() + nal.end - nal.offset <= kMaxParameterBytes) {
            kept.insert(kept.end(), head.begin() + static_cast<ptrdiff_t>(nal.offset), head.begin() + static_cast<ptrdiff_t>(nal.end));
        }
        return true;
    });
}

} // namespace

std::variant<AccessUnitLayout, AccessUnitReject> walkAccessUnit(std::span<const uint8_t> unit) {
    size_t end = unit.size();
    while (end > 0 && unit[end - 1] == 0) --end;
    if (end == 0) return AccessUnitReject::Empty;
    const auto bytes = unit.first(end);
    const size_t first = findStartCode(bytes, 0);
    // Zeros may stand before the first start code, nothing else.
    const auto isZero = [](uint8_t byte) { return byte == 0; };
    if (first == end || !std::all_of(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(first), isZero)) {
        return AccessUnitReject::NoStartCode;
    }
    AccessUnitLayout layout{.bodyOffset = withLeadingZero(bytes, first), .sliceOffset = end, .end = end};
    bool bad = false;
    eachUnit(bytes, first, [&](const NalUnit &nal) {
        bad = nal.header >= end || (bytes[nal.header] & kForbiddenBit) != 0 || typeOf(bytes, nal) == 0;
        if (bad) return false;
        const uint8_t type = typeOf(bytes, nal);
        if (type == kDelimiter && nal.offset == first) layout.bodyOffset = withLeadingZero(bytes, nal.end);
        layout.hasSps = layout.hasSps || type == kSps;
        layout.hasPps = layout.hasPps || type == kPps;
        if (!isSlice(type)) return true;
        layout.hasPicture = true;
        layout.idr = type == kIdrSlice;
        layout.sliceOffset = nal.offset;
        return false;
    });
    if (bad) return AccessUnitReject::BadUnit;
    return layout;
}

void ParameterSets::remember(std::span<const uint8_t> unit, const AccessUnitLayout &layout) {
    if (layout.hasSps) gather(unit, layout, kSps, sps_);
    if (layout.hasPps) gather(unit, layout, kPps, pps_);
}

bool ParameterSets::complete(const AccessUnitLayout &layout) const {
    return !layout.idr || ((layout.hasSps || !sps_.empty()) && (layout.hasPps || !pps_.empty()));
}

size_t ParameterSets::bytes(const AccessUnitLayout &layout) const {
    size_t bytes = layout.end - layout.bodyOffset;
    if (layout.idr && !layout.hasSps) bytes += sps_.size();
    if (layout.idr && !layout.hasPps) bytes += pps_.size();
    return bytes;
}

size_t ParameterSets::copy(std::span<const uint8_t> unit, const AccessUnitLayout &layout, std::span<uint8_t> out) const {
    size_t size = 0;
    const auto put = [&](std::span<const uint8_t> bytes) {
        std::copy(bytes.begin(), bytes.end(), out.begin() + static_cast<ptrdiff_t>(size));
        size += bytes.size();
    };
    if (layout.idr && !layout.hasSps) put(sps_);
    // Before the slice and behind whatever sequence parameter set the unit has itself.
    put(unit.subspan(layout.bodyOffset, layout.sliceOffset - layout.bodyOffset));
    if (layout.idr && !layout.hasPps) put(pps_);
    put(unit.subspan(layout.sliceOffset, layout.end - layout.sliceOffset));
    return size;
}

} // namespace camera
