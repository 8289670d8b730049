// Looks at a camera's JPEG without decoding it: is it one, whole, and of the right size; and copies it into a form that
// every decoder takes (Huffman tables present, JFIF in front, nothing behind the end marker). Pure functions, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

namespace camera {

enum class JpegReject {
    /// Less than 125 bytes: no picture fits.
    TooShort,
    /// Does not begin with FF D8.
    NoStart,
    /// A marker or length before the scan is wrong or points outside.
    BadSegment,
    /// Ends before any scan, or has far too many segments before it.
    NoScan,
    /// No frame header before the scan.
    NoDimensions,
    /// Another size than negotiated.
    WrongSize,
    /// No end marker.
    Truncated,
};
inline constexpr size_t kJpegRejects = 7;

struct JpegRules {
    /// The negotiated size; 0 accepts any.
    uint32_t width = 0;
    uint32_t height = 0;
    /// Append the end marker when the tail is lost, instead of rejecting.
    bool allowTruncated = false;
};

/// Where things are in one picture; offsets count from its first byte.
struct JpegLayout {
    uint32_t width = 0;
    uint32_t height = 0;
    bool hasHuffmanTables = false;
    /// The AVI1 APP0 segment, marker included; 0 bytes when there is none.
    size_t avi1Offset = 0;
    size_t avi1Bytes = 0;
    /// The start-of-scan marker.
    size_t scanOffset = 0;
    /// Behind the last byte that counts, padding excluded.
    size_t end = 0;
    /// Bytes of the end marker that are missing: 0, 1 (D9) or 2.
    size_t missingEndBytes = 0;
};

/// Walks the segments by their lengths up to the scan, then looks for the end from behind. Reads a bounded part only.
std::variant<JpegLayout, JpegReject> walkJpeg(std::span<const uint8_t> jpeg, const JpegRules &rules);

/// Size of what `copyJpeg` writes.
size_t completeJpegBytes(const JpegLayout &layout);

/// One copy of the picture: AVI1 becomes JFIF, the four standard Huffman tables stand before the scan when they were left
/// out, padding is cut, the end marker is whole. `out` has at least `completeJpegBytes`. Returns the bytes written.
size_t copyJpeg(std::span<const uint8_t> jpeg, const JpegLayout &layout, std::span<uint8_t> out);

} // namespace camera
