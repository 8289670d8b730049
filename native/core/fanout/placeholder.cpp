#include "fanout/placeholder.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "pictures/dot_font.hpp"
#include "pictures/jpeg_encoder.hpp"

namespace camera {

namespace {

constexpr int kPlaceholderQuality = 80;
constexpr uint32_t kLeastSidePx = 16;
constexpr uint64_t kMostPixels = 16'000'000;
constexpr size_t kMostColumns = 18;
constexpr size_t kMostLines = 4;
constexpr uint8_t kField = 40;
constexpr uint8_t kLetter = 200;
constexpr uint8_t kNoColour = 128;

/// Broken at blanks; a word that is longer than a line is cut.
std::vector<std::string> linesOf(std::string_view text) {
    std::vector<std::string> lines;
    for (size_t at = 0; at < text.size() && lines.size() < kMostLines;) {
        const size_t end = std::min(text.find(' ', at), text.size());
        const std::string word(text.substr(at, std::min(end - at, kMostColumns)));
        at = end + 1;
        if (word.empty()) continue;
        if (!lines.empty() && lines.back().size() + 1 + word.size() <= kMostColumns) {
            lines.back() += " " + word;
        } else {
            lines.push_back(word);
        }
    }
    return lines;
}

class Sheet {
public:
    Sheet(uint32_t width, uint32_t height)
        : width_(width), height_(height), stride_((size_t{width} + 15) / 16 * 16), luma_(stride_ * height, kField),
          chroma_(stride_ / 2 * ((height + 1) / 2), kNoColour) {}

    /// The largest letters that fit, every line centred.
    void write(const std::vector<std::string> &lines) {
        size_t columns = 1;
        for (const std::string &line : lines) columns = std::max(columns, line.size());
        const auto dotsWide = static_cast<uint32_t>((columns + 2) * kCell);
        const auto dotsHigh = static_cast<uint32_t>((lines.size() + 2) * kRow);
        const uint32_t dotPx = std::min(width_ / dotsWide, height_ / dotsHigh);
        if (dotPx == 0) return; // too small for words: the field alone must do
        uint32_t top = (height_ - static_cast<uint32_t>(lines.size()) * kRow * dotPx) / 2;
        for (const std::string &line : lines) {
            uint32_t left = (width_ - static_cast<uint32_t>(line.size()) * kCell * dotPx) / 2;
            for (const char letter : line) {
                draw(glyphOf(letter), left, top, dotPx);
                left += kCell * dotPx;
            }
            top += kRow * dotPx;
        }
    }

    PlanarImage image() const {
        return {width_,
                height_,
                Chroma::Yuv420,
                {luma_.data(), chroma_.data(), chroma_.data()},
                {stride_, stride_ / 2, stride_ / 2}};
    }

private:
    static constexpr uint32_t kCell = kGlyphWidth + 1;
    static constexpr uint32_t kRow = kGlyphHeight + 3;

    void draw(const Glyph &glyph, uint32_t left, uint32_t top, uint32_t dotPx) {
        for (uint32_t row = 0; row < kGlyphHeight * dotPx; ++row) {
            uint8_t *const to = &luma_[(top + row) * stride_ + left];
            for (uint32_t dot = 0; dot < kGlyphWidth; ++dot) {
                if ((glyph[row / dotPx] >> (kGlyphWidth - 1 - dot) & 1) != 0) std::memset(to + dot * dotPx, kLetter, dotPx);
            }
        }
    }

    const uint32_t width_;
    const uint32_t height_;
    const size_t stride_;
    std::vector<uint8_t> luma_;
    /// Both colour planes: neither has any.
    std::vector<uint8_t> chroma_;
};

} // namespace

std::vector<uint8_t> drawPlaceholder(const PlaceholderPicture &picture) {
    uint32_t width = std::max(picture.width, kLeastSidePx);
    uint32_t height = std::max(picture.height, kLeastSidePx);
    while (uint64_t{width} * height > kMostPixels) {
        width /= 2;
        height /= 2;
    }
    Sheet sheet(width, height);
    sheet.write(linesOf(picture.text));
    JpegEncoder encoder;
    const auto jpeg = encoder.encode(sheet.image(), kPlaceholderQuality);
    if (!jpeg.ok()) return {};
    return {jpeg.value().begin(), jpeg.value().end()};
}

} // namespace camera
