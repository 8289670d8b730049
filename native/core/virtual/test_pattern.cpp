#include "virtual/test_pattern.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "pictures/dot_font.hpp"

namespace camera {

namespace {

struct Colour {
    uint8_t y, u, v;
};

// White, yellow, cyan, green, magenta, red, blue, black at 75 %, full range.
constexpr std::array<Colour, 8> kBars{{{191, 128, 128},
                                       {169, 32, 144},
                                       {134, 160, 32},
                                       {112, 64, 48},
                                       {79, 192, 208},
                                       {57, 96, 224},
                                       {22, 224, 112},
                                       {8, 128, 128}}};
constexpr uint8_t kInk = 235;
constexpr uint8_t kPaper = 8;
constexpr uint8_t kNeutral = 128;
constexpr uint32_t kColumns = 12; // of the panel: hh:mm:ss.mmm
constexpr uint32_t kCellWidth = kGlyphWidth + 1;
constexpr uint32_t kCellHeight = kGlyphHeight + 2;
constexpr uint32_t kMarginPx = 8;
constexpr int64_t kDayMs = 24 * 3600 * 1000;

size_t roundUp16(size_t value) { return (value + 15) / 16 * 16; }
uint32_t even(uint32_t value) { return value & ~1U; }

Colour colourAt(TestPattern::Motif motif, size_t x, size_t width) {
    switch (motif) {
    case TestPattern::Motif::Bars: break;
    case TestPattern::Motif::Ramp: return {static_cast<uint8_t>(x * 255 / std::max<size_t>(width - 1, 1)), kNeutral, kNeutral};
    case TestPattern::Motif::Grey: return {kNeutral, kNeutral, kNeutral};
    }
    return kBars[std::min<size_t>(x * kBars.size() / width, kBars.size() - 1)];
}

std::string clockText(int64_t wallMs) {
    const auto ofDay = static_cast<unsigned>(((wallMs % kDayMs) + kDayMs) % kDayMs);
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%02u:%02u:%02u.%03u", ofDay / 3'600'000 % 24, ofDay / 60'000 % 60,
                  ofDay / 1000 % 60, ofDay % 1000);
    return text.data();
}

std::string counterText(uint64_t frame) {
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "#%011llu", static_cast<unsigned long long>(frame % 100'000'000'000ULL));
    return text.data();
}

} // namespace

TestPattern::TestPattern(uint32_t width, uint32_t height, const std::string &label)
    : width_(width), height_(height), label_(label.substr(0, kColumns)), lumaStride_(roundUp16(width)), chromaStride_(lumaStride_ / 2),
      dotPx_(std::max(1U, std::min(width / (kColumns * kCellWidth + 20), height / 80))),
      boxPx_(std::max(2U, even(std::min(width, height) / 6))),
      boxTop_(even(std::max(height, boxPx_ + 2) - boxPx_ - std::min(height / 10, height - boxPx_))) {
    const size_t chromaRows = (height + 1) / 2;
    planes_[0].resize(lumaStride_ * height);
    planes_[1].resize(chromaStride_ * chromaRows);
    planes_[2].resize(chromaStride_ * chromaRows);
    paintMotif();
    paintPanel();
    write(lines_[kLabelLine], label_);
}

void TestPattern::choose(Motif motif) {
    if (motif == motif_) return;
    motif_ = motif;
    paintMotif();
    paintPanel();
    for (Line &line : lines_) line.shown.clear(); // painted over: every glyph is to be drawn again
    write(lines_[kLabelLine], label_);
}

PlanarImage TestPattern::draw(uint64_t frame, int64_t wallMs) {
    moveBox(frame);
    write(lines_[kClockLine], clockText(wallMs));
    write(lines_[kCounterLine], counterText(frame));
    return {width_,
            height_,
            Chroma::Yuv420,
            {planes_[0].data(), planes_[1].data(), planes_[2].data()},
            {lumaStride_, chromaStride_, chromaStride_}};
}

void TestPattern::paintMotif() {
    for (size_t plane = 0; plane < planes_.size(); ++plane) {
        const size_t stride = plane == 0 ? lumaStride_ : chromaStride_;
        std::vector<uint8_t> &row = motifRow_[plane];
        row.resize(stride);
        for (size_t x = 0; x < stride; ++x) {
            const Colour colour = colourAt(motif_, x, stride);
            row[x] = plane == 0 ? colour.y : plane == 1 ? colour.u : colour.v;
        }
        for (size_t at = 0; at < planes_[plane].size(); at += stride) std::memcpy(&planes_[plane][at], row.data(), stride);
    }
}

void TestPattern::paintPanel() {
    const uint32_t right = std::min(width_, even(kMarginPx * 2 + kColumns * kCellWidth * dotPx_));
    const uint32_t bottom = std::min(height_, even(kMarginPx * 2 + 3 * kCellHeight * dotPx_));
    for (uint32_t row = 0; row < bottom; ++row) std::memset(&planes_[0][row * lumaStride_], kPaper, right);
    for (uint32_t row = 0; row < bottom / 2; ++row) {
        std::memset(&planes_[1][row * chromaStride_], kNeutral, right / 2);
        std::memset(&planes_[2][row * chromaStride_], kNeutral, right / 2);
    }
    for (size_t line = 0; line < lines_.size(); ++line) {
        lines_[line].top = kMarginPx + static_cast<uint32_t>(line) * kCellHeight * dotPx_;
    }
}

void TestPattern::moveBox(uint64_t frame) {
    constexpr uint64_t kStepPx = 4; // even: chroma moves by whole samples
    const uint64_t way = std::max<uint64_t>(even(width_ - std::min(width_, boxPx_)), 2);
    const uint64_t along = frame * kStepPx % (2 * way);
    const auto left = even(static_cast<uint32_t>(along < way ? along : 2 * way - along));
    fillRows(boxLeft_, boxPx_, false);
    boxLeft_ = left;
    fillRows(boxLeft_, boxPx_, true);
}

void TestPattern::fillRows(uint32_t left, uint32_t width, bool box) {
    for (size_t plane = 0; plane < planes_.size(); ++plane) {
        const uint32_t scale = plane == 0 ? 1 : 2;
        const size_t stride = plane == 0 ? lumaStride_ : chromaStride_;
        const size_t rows = planes_[plane].size() / stride;
        const size_t from = left / scale;
        const size_t count = std::min<size_t>(width / scale, stride - std::min<size_t>(from, stride));
        for (size_t row = boxTop_ / scale; row < std::min<size_t>((boxTop_ + boxPx_) / scale, rows); ++row) {
            uint8_t *to = &planes_[plane][row * stride + from];
            if (box) {
                std::memset(to, plane == 0 ? kInk : kNeutral, count);
            } else {
                std::memcpy(to, &motifRow_[plane][from], count);
            }
        }
    }
}

void TestPattern::write(Line &line, const std::string &text) {
    const size_t cells = std::max(text.size(), line.shown.size());
    for (size_t cell = 0; cell < cells; ++cell) {
        const char wanted = cell < text.size() ? text[cell] : ' ';
        if (cell < line.shown.size() && line.shown[cell] == wanted) continue;
        drawGlyph(kMarginPx + static_cast<uint32_t>(cell) * kCellWidth * dotPx_, line.top, wanted);
    }
    line.shown = text;
}

void TestPattern::drawGlyph(uint32_t left, uint32_t top, char character) {
    const Glyph glyph = glyphOf(character);
    const uint32_t width = kGlyphWidth * dotPx_;
    // A glyph that does not fit whole is left out: on a tiny picture the bars and the box must do.
    if (left + width > width_ || top + kGlyphHeight * dotPx_ > height_) return;
    for (uint32_t row = 0; row < kGlyphHeight * dotPx_; ++row) {
        uint8_t *to = &planes_[0][(top + row) * lumaStride_ + left];
        for (uint32_t dot = 0; dot < kGlyphWidth; ++dot) {
            const bool ink = (glyph[row / dotPx_] >> (kGlyphWidth - 1 - dot) & 1) != 0;
            std::memset(to + dot * dotPx_, ink ? kInk : kPaper, dotPx_);
        }
    }
}

} // namespace camera
