#include "pictures/raw_image.hpp"

#include <linux/videodev2.h>

#include <algorithm>
#include <cstring>

#include "hub/capture_types.hpp"

// The loops below are written to be vectorised; -O2 of some compilers does not.
#if defined(__GNUC__) && !defined(__clang__)
#define CAMERA_VECTORISE __attribute__((optimize("O3")))
#else
#define CAMERA_VECTORISE
#endif

namespace camera {

namespace {

size_t roundUp(size_t value, size_t step) { return (value + step - 1) / step * step; }
size_t half(size_t value) { return (value + 1) / 2; }

/// 16..235 to 0..255 in 16-bit arithmetic (149/128 is 255/219 to three digits).
uint8_t expandLuma(uint8_t value) {
    const uint8_t above = static_cast<uint8_t>(value > 16 ? value - 16 : 0);
    const uint16_t wide = static_cast<uint16_t>((static_cast<uint16_t>(above) * 149 + 64) >> 7);
    return static_cast<uint8_t>(wide > 255 ? 255 : wide);
}

/// 16..240 around 128 to 0..255 (146/128 is 255/224).
uint8_t expandChroma(uint8_t value) {
    const int16_t centred = static_cast<int16_t>(value - 128);
    const int16_t wide = static_cast<int16_t>(((centred * 146 + 64) >> 7) + 128);
    return static_cast<uint8_t>(wide < 0 ? 0 : wide > 255 ? 255 : wide);
}

template <bool kExpand>
CAMERA_VECTORISE void splitPairs(const uint8_t *__restrict in, std::array<int, 3> offsets, size_t pairs, uint8_t *__restrict y,
                                 uint8_t *__restrict u, uint8_t *__restrict v) {
    const uint8_t *__restrict luma = in + offsets[0];
    const uint8_t *__restrict blue = in + offsets[1];
    const uint8_t *__restrict red = in + offsets[2];
    for (size_t i = 0; i < pairs; ++i) {
        y[2 * i] = kExpand ? expandLuma(luma[4 * i]) : luma[4 * i];
        y[2 * i + 1] = kExpand ? expandLuma(luma[4 * i + 2]) : luma[4 * i + 2];
        u[i] = kExpand ? expandChroma(blue[4 * i]) : blue[4 * i];
        v[i] = kExpand ? expandChroma(red[4 * i]) : red[4 * i];
    }
}

CAMERA_VECTORISE void expandLumaRow(const uint8_t *__restrict in, uint8_t *__restrict out, size_t count) {
    for (size_t i = 0; i < count; ++i) out[i] = expandLuma(in[i]);
}

CAMERA_VECTORISE void expandChromaRow(const uint8_t *__restrict in, uint8_t *__restrict out, size_t count) {
    for (size_t i = 0; i < count; ++i) out[i] = expandChroma(in[i]);
}

template <bool kExpand>
CAMERA_VECTORISE void splitChroma(const uint8_t *__restrict in, uint8_t *__restrict u, uint8_t *__restrict v, size_t count) {
    for (size_t i = 0; i < count; ++i) {
        u[i] = kExpand ? expandChroma(in[2 * i]) : in[2 * i];
        v[i] = kExpand ? expandChroma(in[2 * i + 1]) : in[2 * i + 1];
    }
}

CAMERA_VECTORISE void swapRedBlue(const uint8_t *__restrict in, uint8_t *__restrict out, size_t pixels) {
    for (size_t i = 0; i < pixels; ++i) {
        out[3 * i] = in[3 * i + 2];
        out[3 * i + 1] = in[3 * i + 1];
        out[3 * i + 2] = in[3 * i];
    }
}

void copyRow(const uint8_t *in, uint8_t *out, size_t count, bool expand, bool chroma) {
    if (!expand) {
        std::memcpy(out, in, count);
    } else if (chroma) {
        expandChromaRow(in, out, count);
    } else {
        expandLumaRow(in, out, count);
    }
}

/// Repeats the last sample up to the stride, so that the edge block has no foreign colour in it.
void padRow(uint8_t *row, size_t count, size_t stride) { std::memset(row + count, row[count - 1], stride - count); }

size_t minimumLine(const RawFormat &format) {
    switch (format.fourcc) {
    case V4L2_PIX_FMT_YUYV:
    case V4L2_PIX_FMT_UYVY:
    case V4L2_PIX_FMT_YVYU:
        return half(format.width) * 4;
    case V4L2_PIX_FMT_NV12:
    case V4L2_PIX_FMT_YUV420:
        return half(format.width) * 2;
    case V4L2_PIX_FMT_GREY:
        return format.width;
    case V4L2_PIX_FMT_RGB24:
    case V4L2_PIX_FMT_BGR24:
        return size_t{3} * format.width;
    default:
        return 0;
    }
}

size_t lineOf(const RawFormat &format) { return std::max<size_t>(format.bytesPerLine, minimumLine(format)); }

} // namespace

bool isRawFormat(uint32_t fourcc) { return minimumLine({.fourcc = fourcc, .width = 2, .height = 2}) > 0; }

size_t rawBytes(const RawFormat &format) {
    const size_t least = minimumLine(format);
    if (least == 0 || format.height == 0 || format.width > kMaxSidePx || format.height > kMaxSidePx) return 0;
    const size_t line = lineOf(format);
    const size_t chromaRows = half(format.height);
    // The padding behind the very last line is often not delivered.
    switch (format.fourcc) {
    case V4L2_PIX_FMT_NV12:
        return line * (format.height + chromaRows - 1) + least;
    case V4L2_PIX_FMT_YUV420:
        return line * format.height + line / 2 * (2 * chromaRows - 1) + least / 2;
    default:
        return line * (format.height - 1) + least;
    }
}

PlanarImage RawImage::convert(const RawFormat &format, std::span<const uint8_t> raw) {
    switch (format.fourcc) {
    case V4L2_PIX_FMT_YUYV:
        return packed422(format, raw.data(), {0, 1, 3});
    case V4L2_PIX_FMT_UYVY:
        return packed422(format, raw.data(), {1, 0, 2});
    case V4L2_PIX_FMT_YVYU:
        return packed422(format, raw.data(), {0, 3, 1});
    case V4L2_PIX_FMT_NV12:
        return planar420(format, raw.data(), true);
    case V4L2_PIX_FMT_YUV420:
        return planar420(format, raw.data(), false);
    case V4L2_PIX_FMT_GREY:
        return gray(format, raw.data());
    default:
        return rgb(format, raw.data(), format.fourcc == V4L2_PIX_FMT_BGR24);
    }
}

uint8_t *RawImage::plane(size_t index, size_t stride, size_t rows) {
    planes_[index].resize(stride * rows);
    return planes_[index].data();
}

PlanarImage RawImage::packed422(const RawFormat &format, const uint8_t *raw, std::array<int, 3> offsets) {
    const size_t pairs = half(format.width);
    const size_t lumaStride = roundUp(format.width, 16);
    const size_t chromaStride = lumaStride / 2;
    uint8_t *y = plane(0, lumaStride, format.height);
    uint8_t *u = plane(1, chromaStride, format.height);
    uint8_t *v = plane(2, chromaStride, format.height);
    const auto split = format.limitedRange ? splitPairs<true> : splitPairs<false>;
    for (size_t row = 0; row < format.height; ++row) {
        uint8_t *yRow = y + row * lumaStride;
        uint8_t *uRow = u + row * chromaStride;
        uint8_t *vRow = v + row * chromaStride;
        split(raw + row * lineOf(format), offsets, pairs, yRow, uRow, vRow);
        padRow(yRow, format.width, lumaStride);
        padRow(uRow, pairs, chromaStride);
        padRow(vRow, pairs, chromaStride);
    }
    return {format.width, format.height, Chroma::Yuv422, {y, u, v}, {lumaStride, chromaStride, chromaStride}};
}

PlanarImage RawImage::planar420(const RawFormat &format, const uint8_t *raw, bool interleaved) {
    const size_t line = lineOf(format);
    const size_t columns = half(format.width);
    const size_t rows = half(format.height);
    const size_t lumaStride = roundUp(format.width, 16);
    const size_t chromaStride = lumaStride / 2;
    uint8_t *y = plane(0, lumaStride, format.height);
    uint8_t *u = plane(1, chromaStride, rows);
    uint8_t *v = plane(2, chromaStride, rows);
    for (size_t row = 0; row < format.height; ++row) {
        copyRow(raw + row * line, y + row * lumaStride, format.width, format.limitedRange, false);
        padRow(y + row * lumaStride, format.width, lumaStride);
    }
    const uint8_t *chroma = raw + line * format.height;
    const auto split = format.limitedRange ? splitChroma<true> : splitChroma<false>;
    for (size_t row = 0; row < rows; ++row) {
        uint8_t *uRow = u + row * chromaStride;
        uint8_t *vRow = v + row * chromaStride;
        if (interleaved) {
            split(chroma + row * line, uRow, vRow, columns);
        } else {
            copyRow(chroma + row * (line / 2), uRow, columns, format.limitedRange, true);
            copyRow(chroma + (rows + row) * (line / 2), vRow, columns, format.limitedRange, true);
        }
        padRow(uRow, columns, chromaStride);
        padRow(vRow, columns, chromaStride);
    }
    return {format.width, format.height, Chroma::Yuv420, {y, u, v}, {lumaStride, chromaStride, chromaStride}};
}

PlanarImage RawImage::gray(const RawFormat &format, const uint8_t *raw) {
    const size_t stride = roundUp(format.width, 16);
    uint8_t *y = plane(0, stride, format.height);
    for (size_t row = 0; row < format.height; ++row) {
        copyRow(raw + row * lineOf(format), y + row * stride, format.width, format.limitedRange, false);
        padRow(y + row * stride, format.width, stride);
    }
    return {format.width, format.height, Chroma::Gray, {y}, {stride}};
}

PlanarImage RawImage::rgb(const RawFormat &format, const uint8_t *raw, bool swapped) {
    const size_t line = lineOf(format);
    if (!swapped && !format.limitedRange) return {format.width, format.height, Chroma::Rgb, {raw}, {line}};
    const size_t stride = size_t{3} * format.width;
    uint8_t *out = plane(0, stride, format.height);
    for (size_t row = 0; row < format.height; ++row) {
        uint8_t *to = out + row * stride;
        if (swapped) {
            swapRedBlue(raw + row * line, to, format.width);
            if (format.limitedRange) std::transform(to, to + stride, to, expandLuma);
        } else {
            expandLumaRow(raw + row * line, to, stride);
        }
    }
    return {format.width, format.height, Chroma::Rgb, {out}, {stride}};
}

} // namespace camera
