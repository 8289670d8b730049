// The picture of a virtual camera: colour bars (or a quieter motif), a moving box, and the camera's label, a clock and a frame counter in a
// built-in font. Draws only what changed since the last frame. No locks; one object per thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "pictures/raw_image.hpp"

namespace camera {

class TestPattern {
public:
    /// What stands behind the box and the text.
    enum class Motif { Bars, Ramp, Grey };

    /// Sides of at least 16 pixels. Letters of `label` are drawn as capitals, unknown characters as blanks.
    TestPattern(uint32_t width, uint32_t height, const std::string &label);

    /// The picture number `frame`, taken at `wallMs` (since 1970; shown as hh:mm:ss.mmm UTC). Lives until the next call.
    PlanarImage draw(uint64_t frame, int64_t wallMs);

    /// From the next picture on.
    void choose(Motif motif);

private:
    struct Line {
        uint32_t top = 0;
        std::string shown;
    };
    static constexpr size_t kLabelLine = 0;
    static constexpr size_t kClockLine = 1;
    static constexpr size_t kCounterLine = 2;

    void paintMotif();
    void paintPanel();
    void moveBox(uint64_t frame);
    void fillRows(uint32_t left, uint32_t width, bool box);
    void write(Line &line, const std::string &text);
    void drawGlyph(uint32_t left, uint32_t top, char character);

    const uint32_t width_;
    const uint32_t height_;
    const std::string label_;
    Motif motif_ = Motif::Bars;
    const size_t lumaStride_;
    const size_t chromaStride_;
    /// Pixels per dot of the font.
    const uint32_t dotPx_;
    const uint32_t boxPx_;
    const uint32_t boxTop_;
    uint32_t boxLeft_ = 0;
    std::array<std::vector<uint8_t>, 3> planes_;
    /// One row of the motif per plane: restores what the box leaves behind.
    std::array<std::vector<uint8_t>, 3> motifRow_;
    std::array<Line, 3> lines_;
};

} // namespace camera
