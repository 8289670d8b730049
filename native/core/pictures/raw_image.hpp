// Raw pictures as cameras deliver them, turned into planes that a JPEG encoder takes without colour conversion. Range
// expansion (cameras send 16..235, JPEG means 0..255) happens in the same pass. No locks; one object per thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace camera {

/// How a driver says a raw picture lies in memory.
struct RawFormat {
    /// V4L2_PIX_FMT_...
    uint32_t fourcc = 0;
    uint32_t width = 0;
    uint32_t height = 0;
    /// Of the first plane; may exceed the width. 0 means packed.
    uint32_t bytesPerLine = 0;
    /// The samples use 16..235 (16..240): expand them.
    bool limitedRange = false;
};

enum class Chroma { Gray, Yuv422, Yuv420, Rgb };

/// Borrowed planes. Rows of YUV and gray planes are readable up to a multiple of 16 samples (chroma: 8), which is what an
/// encoder reads at the right edge; Rgb has one packed plane of 3 bytes per pixel, no padding needed.
struct PlanarImage {
    uint32_t width = 0;
    uint32_t height = 0;
    Chroma chroma = Chroma::Gray;
    std::array<const uint8_t *, 3> planes{};
    std::array<size_t, 3> strides{};
};

/// YUYV UYVY YVYU NV12 YU12 GREY RGB3 BGR3.
bool isRawFormat(uint32_t fourcc);

/// Bytes that a whole picture needs; 0 for a format that is not raw or a size beyond 16384.
size_t rawBytes(const RawFormat &format);

/// Owns the planes of the last conversion and reuses their memory.
class RawImage {
public:
    /// `raw` holds at least `rawBytes(format)`; the format is a raw one. The result lives until the next call.
    PlanarImage convert(const RawFormat &format, std::span<const uint8_t> raw);

private:
    PlanarImage packed422(const RawFormat &format, const uint8_t *raw, std::array<int, 3> offsets);
    PlanarImage planar420(const RawFormat &format, const uint8_t *raw, bool interleaved);
    PlanarImage gray(const RawFormat &format, const uint8_t *raw);
    PlanarImage rgb(const RawFormat &format, const uint8_t *raw, bool swapped);
    uint8_t *plane(size_t index, size_t stride, size_t rows);

    std::array<std::vector<uint8_t>, 3> planes_;
};

} // namespace camera
