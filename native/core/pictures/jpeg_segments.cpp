#include "pictures/jpeg_segments.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "pictures/huffman_tables.hpp"

namespace camera {

namespace {

constexpr size_t kMinJpegBytes = 125;
constexpr size_t kMaxSegments = 256;
constexpr size_t kMaxPaddingBytes = 64 * 1024;

constexpr uint8_t kFill = 0xff;
constexpr uint8_t kTem = 0x01;
constexpr uint8_t kStart = 0xd8;
constexpr uint8_t kEnd = 0xd9;
constexpr uint8_t kScan = 0xda;
constexpr uint8_t kHuffman = 0xc4;
constexpr uint8_t kApp0 = 0xe0;

constexpr std::array<uint8_t, 18> kJfif{0xff, 0xe0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0};

bool isRestart(uint8_t marker) { return marker >= 0xd0 && marker <= 0xd7; }
bool isFrameHeader(uint8_t marker) {
    return marker >= 0xc0 && marker <= 0xcf && marker != kHuffman && marker != 0xc8 && marker != 0xcc;
}
/// SOF9 and up: coded without Huffman tables.
bool isArithmetic(uint8_t marker) { return isFrameHeader(marker) && marker >= 0xc9; }

uint32_t be16(const uint8_t *at) { return static_cast<uint32_t>(at[0]) << 8 | at[1]; }

class HeaderWalk {
public:
    explicit HeaderWalk(std::span<const uint8_t> jpeg) : jpeg_(jpeg) {}

    std::optional<JpegReject> run(JpegLayout &layout) {
        size_t at = 2;
        for (size_t segment = 0; segment < kMaxSegments; ++segment) {
            if (at + 2 > jpeg_.size()) return JpegReject::NoScan;
            if (jpeg_[at] != kFill) return JpegReject::BadSegment;
            const size_t markerAt = at;
            while (at < jpeg_.size() && jpeg_[at] == kFill) ++at;
            if (at >= jpeg_.size()) return JpegReject::NoScan;
            const uint8_t marker = jpeg_[at++];
            if (marker == kTem || isRestart(marker)) continue;
            if (marker == kEnd) return JpegReject::NoScan;
            if (marker == kStart || marker == 0) return JpegReject::BadSegment;
            if (at + 2 > jpeg_.size()) return JpegReject::NoScan;
            const size_t length = be16(&jpeg_[at]);
            if (length < 2 || length > jpeg_.size() - at) return JpegReject::BadSegment;
            if (marker == kScan) {
                layout.scanOffset = markerAt;
                scanData_ = at + length;
                return std::nullopt;
            }
            if (!note(marker, markerAt, at, length, layout)) return JpegReject::BadSegment;
            at += length;
        }
        return JpegReject::NoScan;
    }

    size_t scanData() const { return scanData_; }

private:
    bool note(uint8_t marker, size_t markerAt, size_t at, size_t length, JpegLayout &layout) const {
        if (marker == kHuffman || isArithmetic(marker)) layout.hasHuffmanTables = true;
        if (isFrameHeader(marker)) {
            if (length < 8) return false;
            layout.height = be16(&jpeg_[at + 3]);
            layout.width = be16(&jpeg_[at + 5]);
        }
        if (marker == kApp0 && length >= 6 && std::memcmp(&jpeg_[at + 2], "AVI1", 4) == 0 && layout.avi1Bytes == 0) {
            layout.avi1Offset = markerAt;
            layout.avi1Bytes = at + length - markerAt;
        }
        return true;
    }

    std::span<const uint8_t> jpeg_;
    size_t scanData_ = 0;
};

/// Finds the end from behind; false when it is lost (`layout` then says how to append it).
bool findEnd(std::span<const uint8_t> jpeg, size_t scanData, JpegLayout &layout) {
    const size_t floor = std::max(scanData, jpeg.size() - std::min(jpeg.size(), kMaxPaddingBytes));
    size_t end = jpeg.size();
    while (end > floor && jpeg[end - 1] == 0) --end;
    const size_t zeros = jpeg.size() - end;
    layout.end = jpeg.size();
    layout.missingEndBytes = 2;
    if (end < scanData + 1) return false;
    const uint8_t last = jpeg[end - 1];
    if (last == kEnd && end >= scanData + 2 && jpeg[end - 2] == kFill) {
        layout.end = end;
        layout.missingEndBytes = 0;
        return true;
    }
    // FF with exactly one zero is a stuffed byte of the picture, not half an end marker.
    if (last == kFill && zeros != 1) {
        layout.end = end;
        layout.missingEndBytes = 1;
        return true;
    }
    return false;
}

class Writer {
public:
    explicit Writer(std::span<uint8_t> out) : out_(out) {}
    void put(std::span<const uint8_t> bytes) {
        std::memcpy(out_.data() + size_, bytes.data(), bytes.size());
        size_ += bytes.size();
    }
    size_t size() const { return size_; }

private:
    std::span<uint8_t> out_;
    size_t size_ = 0;
};

} // namespace

std::variant<JpegLayout, JpegReject> walkJpeg(std::span<const uint8_t> jpeg, const JpegRules &rules) {
    if (jpeg.size() < kMinJpegBytes) return JpegReject::TooShort;
    if (jpeg[0] != kFill || jpeg[1] != kStart) return JpegReject::NoStart;
    JpegLayout layout;
    HeaderWalk header(jpeg);
    if (const auto reject = header.run(layout)) return *reject;
    if (layout.width == 0 || layout.height == 0) return JpegReject::NoDimensions;
    if ((rules.width != 0 && layout.width != rules.width) || (rules.height != 0 && layout.height != rules.height)) {
        return JpegReject::WrongSize;
    }
    if (!findEnd(jpeg, header.scanData(), layout) && !rules.allowTruncated) return JpegReject::Truncated;
    return layout;
}

size_t completeJpegBytes(const JpegLayout &layout) {
    size_t bytes = layout.end + layout.missingEndBytes;
    if (layout.avi1Bytes > 0) bytes += kJfif.size() - layout.avi1Bytes;
    if (!layout.hasHuffmanTables) bytes += kStandardHuffmanTables.size();
    return bytes;
}

size_t copyJpeg(std::span<const uint8_t> jpeg, const JpegLayout &layout, std::span<uint8_t> out) {
    constexpr std::array<uint8_t, 2> kEndMarker{kFill, kEnd};
    Writer writer(out);
    writer.put(jpeg.first(2));
    size_t at = 2;
    if (layout.avi1Bytes > 0) {
        writer.put(kJfif); // JFIF has to be the first segment, wherever AVI1 stood
        writer.put(jpeg.subspan(at, layout.avi1Offset - at));
        at = layout.avi1Offset + layout.avi1Bytes;
    }
    if (!layout.hasHuffmanTables) {
        writer.put(jpeg.subspan(at, layout.scanOffset - at));
        writer.put(kStandardHuffmanTables);
        at = layout.scanOffset;
    }
    writer.put(jpeg.subspan(at, layout.end - at));
    writer.put(std::span(kEndMarker).last(layout.missingEndBytes));
    return writer.size();
}

} // namespace camera
