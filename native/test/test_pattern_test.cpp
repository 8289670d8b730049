#include "virtual/test_pattern.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "pictures/dot_font.hpp"
#include "pictures/jpeg_encoder.hpp"
#include "jpeg_support.hpp"

using namespace camera;
using namespace camera::test;

namespace {

std::vector<uint8_t> lumaOf(const PlanarImage &image) {
    return {image.planes[0], image.planes[0] + image.strides[0] * image.height};
}

/// What stands in the panel's line as a reader of dots sees it; the pattern's own font, 6 dots a cell.
std::string readLine(const PlanarImage &image, uint32_t dotPx, uint32_t line, size_t cells) {
    std::string text;
    for (size_t cell = 0; cell < cells; ++cell) {
        for (char candidate : std::string("0123456789:.#ABCDEFGHIJKLMNOPQRSTUVWXYZ- ")) {
            const Glyph glyph = glyphOf(candidate);
            bool same = true;
            for (uint32_t row = 0; row < kGlyphHeight && same; ++row) {
                for (uint32_t dot = 0; dot < kGlyphWidth && same; ++dot) {
                    const size_t x = 8 + (cell * 6 + dot) * dotPx;
                    const size_t y = 8 + (line * 9 + row) * dotPx;
                    const bool ink = image.planes[0][y * image.strides[0] + x] > 128;
                    same = ink == ((glyph[row] >> (4 - dot) & 1) != 0);
                }
            }
            if (same) {
                text += candidate;
                break;
            }
        }
    }
    return text;
}

} // namespace

TEST_CASE("label, clock and counter can be read") {
    TestPattern pattern(640, 480, "camera3");
    const int64_t wallMs = 1'700'000'000'000; // 22:13:20 UTC
    const PlanarImage image = pattern.draw(42, wallMs + 789);
    CHECK(readLine(image, 6, 0, 7) == "CAMERA3");
    CHECK(readLine(image, 6, 1, 12) == "22:13:20.789");
    CHECK(readLine(image, 6, 2, 12) == "#00000000042");
}

TEST_CASE("drawing only what changed gives the same picture as drawing it all") {
    TestPattern running(320, 240, "x");
    for (uint64_t frame = 0; frame < 300; ++frame) running.draw(frame, static_cast<int64_t>(frame) * 33);
    TestPattern fresh(320, 240, "x");
    CHECK(lumaOf(running.draw(300, 9900)) == lumaOf(fresh.draw(300, 9900)));
    CHECK(lumaOf(running.draw(301, 9900)) != lumaOf(fresh.draw(300, 9900)));
}

TEST_CASE("any size encodes and decodes") {
    for (const auto &[width, height] : {std::pair{16U, 16U}, {17U, 33U}, {100U, 16U}, {16U, 400U}, {1920U, 1080U}, {333U, 77U}}) {
        CAPTURE(width);
        CAPTURE(height);
        TestPattern pattern(width, height, "a long label that does not fit");
        JpegEncoder encoder;
        for (uint64_t frame : {0ULL, 1ULL, 77ULL, 123'456'789ULL}) {
            const auto jpeg = encoder.encode(pattern.draw(frame, -5), 80);
            REQUIRE(jpeg.ok());
            const auto picture = decode(jpeg.value());
            REQUIRE(picture.has_value());
            CHECK(picture->width == width);
            CHECK(picture->height == height);
        }
    }
}

TEST_CASE("another motif changes what stands behind, and the text stays") {
    TestPattern pattern(640, 480, "camera3");
    const std::vector<uint8_t> bars = lumaOf(pattern.draw(0, 0));
    pattern.choose(TestPattern::Motif::Grey);
    const PlanarImage grey = pattern.draw(0, 0);
    CHECK(readLine(grey, 6, 0, 7) == "CAMERA3");
    CHECK(readLine(grey, 6, 1, 12) == "00:00:00.000");
    const std::vector<uint8_t> luma = lumaOf(grey);
    const auto bottomRow = luma.end() - static_cast<long>(grey.strides[0]);
    CHECK(std::all_of(bottomRow, luma.end(), [](uint8_t value) { return value == 128; }));
    pattern.choose(TestPattern::Motif::Bars);
    CHECK(lumaOf(pattern.draw(0, 0)) == bars);
}
