#include "pictures/jpeg_encoder.hpp"

#include <doctest/doctest.h>
#include <linux/videodev2.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "jpeg_support.hpp"

using namespace camera;
using namespace camera::test;

namespace {

using Rgb = std::array<int, 3>;
constexpr Rgb kRed{220, 30, 40};
constexpr Rgb kBlue{30, 60, 210};
constexpr Rgb kLight{235, 235, 235};
constexpr Rgb kDark{20, 20, 20};

struct Yuv {
    uint8_t y, u, v;
};

uint8_t byteOf(double value) { return static_cast<uint8_t>(std::lround(std::clamp(value, 0.0, 255.0))); }

/// BT.601, as JPEG means it; limited to 16..235 when asked.
Yuv yuvOf(const Rgb &colour, bool limited) {
    const auto [r, g, b] = colour;
    const double y = 0.299 * r + 0.587 * g + 0.114 * b;
    const double u = (b - y) / 1.772;
    const double v = (r - y) / 1.402;
    if (limited) return {byteOf(16 + y * 219 / 255), byteOf(128 + u * 224 / 255), byteOf(128 + v * 224 / 255)};
    return {byteOf(y), byteOf(128 + u), byteOf(128 + v)};
}

/// Four quarters of one colour each.
Rgb colourAt(uint32_t x, uint32_t y, const RawFormat &format) {
    const bool right = x >= format.width / 2;
    const bool below = y >= format.height / 2;
    return below ? (right ? kDark : kLight) : (right ? kBlue : kRed);
}

/// What a camera would send for the four quarters.
Bytes rawOf(const RawFormat &format) {
    const size_t line = format.bytesPerLine;
    Bytes raw(line * format.height * 2, 0xee); // padding has a colour of its own
    const auto yuv = [&](uint32_t x, uint32_t y) { return yuvOf(colourAt(x, y, format), format.limitedRange); };
    for (uint32_t y = 0; y < format.height; ++y) {
        for (uint32_t x = 0; x < format.width; ++x) {
            uint8_t *row = &raw[y * line];
            const Rgb rgb = colourAt(x, y, format);
            switch (format.fourcc) {
            case V4L2_PIX_FMT_YUYV:
            case V4L2_PIX_FMT_YVYU:
                row[2 * x] = yuv(x, y).y;
                row[2 * x + 1] = (x % 2 == 0) == (format.fourcc == V4L2_PIX_FMT_YUYV) ? yuv(x, y).u : yuv(x, y).v;
                break;
            case V4L2_PIX_FMT_UYVY:
                row[2 * x + 1] = yuv(x, y).y;
                row[2 * x] = x % 2 == 0 ? yuv(x, y).u : yuv(x, y).v;
                break;
            case V4L2_PIX_FMT_RGB24:
            case V4L2_PIX_FMT_BGR24:
                for (size_t c = 0; c < 3; ++c) {
                    const size_t to = format.fourcc == V4L2_PIX_FMT_RGB24 ? c : 2 - c;
                    row[3 * x + to] = format.limitedRange ? byteOf(16 + rgb[c] * 219 / 255.0) : static_cast<uint8_t>(rgb[c]);
                }
                break;
            case V4L2_PIX_FMT_GREY:
                row[x] = yuv(x, y).y;
                break;
            default: {
                row[x] = yuv(x, y).y;
                uint8_t *chroma = &raw[line * format.height];
                if (format.fourcc == V4L2_PIX_FMT_NV12) {
                    chroma[y / 2 * line + x / 2 * 2] = yuv(x, y).u;
                    chroma[y / 2 * line + x / 2 * 2 + 1] = yuv(x, y).v;
                } else {
                    chroma[y / 2 * (line / 2) + x / 2] = yuv(x, y).u;
                    chroma[((format.height + 1) / 2 + y / 2) * (line / 2) + x / 2] = yuv(x, y).v;
                }
            }
            }
        }
    }
    return raw;
}

void checkColour(const Rgb &seen, const Rgb &meant, bool gray) {
    const double y = 0.299 * meant[0] + 0.587 * meant[1] + 0.114 * meant[2];
    for (size_t c = 0; c < 3; ++c) {
        CAPTURE(c);
        CHECK(std::abs(seen[c] - (gray ? y : meant[c])) <= 8);
    }
}

void checkFormat(RawFormat format) {
    CAPTURE(format.fourcc);
    CAPTURE(format.width);
    CAPTURE(format.height);
    CAPTURE(format.bytesPerLine);
    CAPTURE(format.limitedRange);
    Bytes raw = rawOf(format);
    REQUIRE(rawBytes(format) > 0);
    REQUIRE(rawBytes(format) <= raw.size());
    raw.resize(rawBytes(format)); // not a byte more than promised: the sanitizer sees any reading behind it
    raw.shrink_to_fit();
    RawImage image;
    JpegEncoder encoder;
    const auto jpeg = encoder.encode(image.convert(format, raw), 95);
    REQUIRE(jpeg.ok());
    const auto picture = decode(jpeg.value());
    REQUIRE(picture.has_value());
    CHECK(picture->warnings == 0);
    REQUIRE(picture->width == format.width);
    REQUIRE(picture->height == format.height);
    const bool gray = format.fourcc == V4L2_PIX_FMT_GREY;
    const uint32_t right = format.width - 2;
    const uint32_t bottom = format.height - 2;
    checkColour(picture->at(1, 1), kRed, gray);
    checkColour(picture->at(right, 1), kBlue, gray);
    checkColour(picture->at(1, bottom), kLight, gray);
    checkColour(picture->at(right, bottom), kDark, gray);
}

uint32_t packedLine(uint32_t fourcc, uint32_t width) {
    switch (fourcc) {
    case V4L2_PIX_FMT_YUYV:
    case V4L2_PIX_FMT_YVYU:
    case V4L2_PIX_FMT_UYVY:
        return width * 2;
    case V4L2_PIX_FMT_RGB24:
    case V4L2_PIX_FMT_BGR24:
        return width * 3;
    default:
        return width;
    }
}

} // namespace

TEST_CASE("every raw format decodes to its colours, in both ranges, padded lines and awkward sizes included") {
    for (const uint32_t fourcc : {V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_UYVY, V4L2_PIX_FMT_YVYU, V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_YUV420,
                                  V4L2_PIX_FMT_GREY, V4L2_PIX_FMT_RGB24, V4L2_PIX_FMT_BGR24}) {
        for (const bool limited : {false, true}) {
            for (const uint32_t padding : {0U, 32U}) {
                checkFormat({fourcc, 64, 48, packedLine(fourcc, 64) + padding, limited});
                checkFormat({fourcc, 68, 44, packedLine(fourcc, 68) + padding, limited}); // not a multiple of any block
                checkFormat({fourcc, 66, 45, packedLine(fourcc, 66) + padding, limited});
            }
        }
    }
}

TEST_CASE("only raw formats are raw, and impossible sizes need no bytes") {
    CHECK(isRawFormat(V4L2_PIX_FMT_YUYV));
    CHECK_FALSE(isRawFormat(V4L2_PIX_FMT_MJPEG));
    CHECK_FALSE(isRawFormat(V4L2_PIX_FMT_H264));
    CHECK(rawBytes({.fourcc = V4L2_PIX_FMT_MJPEG, .width = 640, .height = 480}) == 0);
    CHECK(rawBytes({.fourcc = V4L2_PIX_FMT_YUYV, .width = 640, .height = 0}) == 0);
    CHECK(rawBytes({.fourcc = V4L2_PIX_FMT_YUYV, .width = 100'000, .height = 480}) == 0);
    CHECK(rawBytes({.fourcc = V4L2_PIX_FMT_YUYV, .width = 640, .height = 480}) == 640 * 480 * 2);
    CHECK(rawBytes({.fourcc = V4L2_PIX_FMT_NV12, .width = 640, .height = 480}) == 640 * 480 * 3 / 2);
}

TEST_CASE("an encoder survives a picture it must refuse, and quality is clamped") {
    JpegEncoder encoder;
    const Bytes rgb(64 * 48 * 3, 100);
    CHECK_FALSE(encoder.encode({0, 0, Chroma::Rgb, {rgb.data()}, {0}}, 80).ok());
    const PlanarImage image{64, 48, Chroma::Rgb, {rgb.data()}, {64 * 3}};
    CHECK(encoder.encode(image, 80).ok());
    const size_t worst = encoder.encode(image, -5).value().size();
    const size_t best = encoder.encode(image, 1000).value().size();
    CHECK(worst <= best);
}

TEST_CASE("a picture larger than the first output buffer comes out whole") {
    Bytes noise(1024 * 768 * 3);
    uint32_t state = 1;
    for (uint8_t &byte : noise) byte = static_cast<uint8_t>((state = state * 1664525 + 1013904223) >> 24);
    JpegEncoder encoder;
    const auto jpeg = encoder.encode({1024, 768, Chroma::Rgb, {noise.data()}, {1024 * 3}}, 95);
    REQUIRE(jpeg.ok());
    CHECK(jpeg.value().size() > 256 * 1024);
    CHECK(decode(jpeg.value())->warnings == 0);
}
