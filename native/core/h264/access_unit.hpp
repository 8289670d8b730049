// Looks at one H.264 access unit in Annex-B form (start codes) without decoding it: can a decoder start here, are the
// parameter sets inside; and copies it so that one can. Pure functions and a small memory of parameter sets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

namespace camera {

enum class AccessUnitReject {
    /// Nothing but zeros.
    Empty,
    /// Does not begin with a start code: another packaging, or the middle of something.
    NoStartCode,
    /// A unit header that no encoder writes.
    BadUnit,
    /// An IDR picture whose parameter sets never came.
    NoParameters,
};
inline constexpr size_t kAccessUnitRejects = 4;

/// Where things are in one access unit; offsets count from its first byte and point at start codes.
struct AccessUnitLayout {
    /// The first slice is of an IDR picture: a decoder can start here.
    bool idr = false;
    /// Some cameras send their parameter sets alone.
    bool hasPicture = false;
    bool hasSps = false;
    bool hasPps = false;
    /// Behind the delimiter, if any; where everything else begins.
    size_t bodyOffset = 0;
    /// The first slice; `end` when there is none.
    size_t sliceOffset = 0;
    /// Behind the last byte that counts, padding excluded.
    size_t end = 0;
};

/// Reads up to the first slice.
std::variant<AccessUnitLayout, AccessUnitReject> walkAccessUnit(std::span<const uint8_t> unit);

/// Remembers the newest parameter sets of one stream and puts them into IDR pictures that lack them. For one thread.
class ParameterSets {
public:
    /// Keeps those of the unit, if any.
    void remember(std::span<const uint8_t> unit, const AccessUnitLayout &layout);

    /// False for an IDR picture whose parameter sets are neither inside nor known.
    bool complete(const AccessUnitLayout &layout) const;

    /// Size of what `copy` writes.
    size_t bytes(const AccessUnitLayout &layout) const;

    /// One copy of the unit, delimiter and padding cut; an IDR picture has its parameter sets. `out` has at least `bytes`. Returns the
    /// bytes written.
    size_t copy(std::span<const uint8_t> unit, const AccessUnitLayout &layout, std::span<uint8_t> out) const;

private:
    // With their start codes.
    std::vector<uint8_t> sps_;
    std::vector<uint8_t> pps_;
};

} // namespace camera
