#include "base/clean_text.hpp"

#include <cstdint>

namespace camera {

namespace {

struct Character {
    uint32_t codePoint = 0;
    size_t bytes = 0; // 0: not UTF-8
};

Character decode(std::string_view text) {
    const auto byteAt = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
    const uint8_t first = byteAt(0);
    if (first < 0x80) return {first, 1};
    const size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < bytes) return {};
    uint32_t codePoint = first & (0xFFu >> (bytes + 1));
    for (size_t i = 1; i < bytes; ++i) {
        if ((byteAt(i) & 0xC0) != 0x80) return {};
        codePoint = codePoint << 6 | (byteAt(i) & 0x3F);
    }
    constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = codePoint >= 0xD800 && codePoint <= 0xDFFF;
    if (codePoint < kSmallest[bytes] || codePoint > 0x10FFFF || surrogate) return {};
    return {codePoint, bytes};
}

bool isControl(uint32_t codePoint) {
    const bool lineBreak = codePoint == 0x2028 || codePoint == 0x2029;
    const bool direction = (codePoint >= 0x202A && codePoint <= 0x202E) || (codePoint >= 0x2066 && codePoint <= 0x2069);
    return codePoint < 0x20 || (codePoint >= 0x7F && codePoint < 0xA0) || lineBreak || direction;
}

bool isIdCharacter(char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

} // namespace

std::string cleanText(std::string_view raw, size_t maxBytes) {
    raw = raw.substr(0, raw.find('\0'));
    std::string clean;
    while (!raw.empty()) {
        const Character next = decode(raw);
        const std::string_view piece = next.bytes == 0            ? std::string_view("\xEF\xBF\xBD")
                                       : isControl(next.codePoint) ? std::string_view(" ")
                                                                   : raw.substr(0, next.bytes);
        if (clean.size() + piece.size() > maxBytes) break;
        clean += piece;
        raw.remove_prefix(next.bytes == 0 ? 1 : next.bytes);
    }
    const size_t begin = clean.find_first_not_of(' ');
    if (begin == std::string::npos) return {};
    return clean.substr(begin, clean.find_last_not_of(' ') - begin + 1);
}

std::string idPart(std::string_view text, size_t maxBytes) {
    std::string part(text.substr(0, maxBytes));
    for (char &c : part) {
        if (!isIdCharacter(c)) c = '_';
    }
    return part;
}

} // namespace camera
