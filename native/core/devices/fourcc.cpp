#include "devices/fourcc.hpp"

#include <linux/videodev2.h>

namespace camera {

namespace {
constexpr uint32_t kBigEndianBit = 1u << 31;
constexpr std::string_view kBigEndianSuffix = "-BE";
} // namespace

std::string fourccText(uint32_t fourcc) {
    std::string text(4, ' ');
    for (int i = 0; i < 4; ++i) {
        const char c = static_cast<char>(fourcc >> (8 * i) & 0x7F);
        text[static_cast<size_t>(i)] = c >= ' ' && c < 0x7F ? c : '?';
    }
    if (fourcc & kBigEndianBit) text += kBigEndianSuffix;
    return text;
}

std::optional<uint32_t> fourccValue(std::string_view text) {
    uint32_t value = 0;
    // Four characters may end so by themselves.
    if (text.size() > 4 && text.ends_with(kBigEndianSuffix)) {
        value = kBigEndianBit;
        text.remove_suffix(kBigEndianSuffix.size());
    }
    if (text.empty() || text.size() > 4) return std::nullopt;
    for (size_t i = 0; i < 4; ++i) {
        const char c = i < text.size() ? text[i] : ' ';
        if (c < ' ' || c >= 0x7F) return std::nullopt;
        value |= static_cast<uint32_t>(c) << (8 * i);
    }
    return value;
}

bool isJpegFourcc(uint32_t fourcc) { return fourcc == V4L2_PIX_FMT_MJPEG || fourcc == V4L2_PIX_FMT_JPEG; }

bool isH264Fourcc(uint32_t fourcc) { return fourcc == V4L2_PIX_FMT_H264; }

} // namespace camera
