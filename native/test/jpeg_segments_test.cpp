#include "pictures/jpeg_segments.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "pictures/huffman_tables.hpp"
#include "jpeg_support.hpp"

using namespace camera;
using namespace camera::test;

namespace {

constexpr JpegRules kRules{.width = 64, .height = 48};

Bytes complete(const Bytes &jpeg, const JpegRules &rules = kRules) {
    const auto walked = walkJpeg(jpeg, rules);
    REQUIRE(std::holds_alternative<JpegLayout>(walked));
    const auto &layout = std::get<JpegLayout>(walked);
    Bytes out(completeJpegBytes(layout));
    CHECK(copyJpeg(jpeg, layout, out) == out.size());
    return out;
}

std::optional<JpegReject> rejection(const Bytes &jpeg, const JpegRules &rules = kRules) {
    const auto walked = walkJpeg(jpeg, rules);
    if (const auto *reject = std::get_if<JpegReject>(&walked)) return *reject;
    return std::nullopt;
}

size_t offsetOf(const Bytes &jpeg, uint8_t marker) {
    for (const Segment &segment : segmentsOf(jpeg)) {
        if (segment.marker == marker) return segment.offset;
    }
    FAIL("no such segment");
    return 0;
}

size_t scanOf(const Bytes &jpeg) {
    const Segment last = segmentsOf(jpeg).back();
    return last.offset + last.bytes;
}

} // namespace

TEST_CASE("a whole picture passes unchanged, byte for byte") {
    const Bytes jpeg = makeJpeg(64, 48);
    CHECK(complete(jpeg) == jpeg);
    CHECK(complete(jpeg, {}) == jpeg);
}

TEST_CASE("a picture without Huffman tables gets the standard ones and decodes to the same pixels") {
    const Bytes jpeg = makeJpeg(64, 48);
    const Bytes bare = withoutSegments(jpeg, 0xc4);
    const Bytes out = complete(bare);
    CHECK(out.size() == bare.size() + kStandardHuffmanTables.size());
    const auto expected = decode(jpeg);
    const auto picture = decode(out);
    REQUIRE(picture.has_value());
    CHECK(picture->warnings == 0);
    CHECK(picture->rgb == expected->rgb);
}

TEST_CASE("AVI1 in the application segment becomes JFIF, in front of everything") {
    const Bytes jpeg = makeJpeg(64, 48);
    const Bytes out = complete(asCameraSends(jpeg));
    CHECK(out[3] == 0xe0);
    CHECK(std::memcmp(&out[6], "JFIF", 5) == 0);
    CHECK(std::search(out.begin(), out.end(), "AVI1", "AVI1" + 4) == out.end());
    CHECK(decode(out)->rgb == decode(jpeg)->rgb);
}

TEST_CASE("an AVI1 segment behind others moves, and its neighbours stay") {
    Bytes jpeg = withoutSegments(makeJpeg(64, 48), 0xe0);
    const Bytes comment{0xff, 0xfe, 0, 5, 'a', 'b', 'c'};
    const Bytes avi1{0xff, 0xe0, 0, 8, 'A', 'V', 'I', '1', 0, 0};
    jpeg.insert(jpeg.begin() + 2, avi1.begin(), avi1.end());
    jpeg.insert(jpeg.begin() + 2, comment.begin(), comment.end());
    const Bytes out = complete(jpeg);
    CHECK(std::memcmp(&out[6], "JFIF", 5) == 0);
    CHECK(std::equal(comment.begin(), comment.end(), out.begin() + 20));
    CHECK(decode(out).has_value());
}

TEST_CASE("padding behind the end marker is cut") {
    const Bytes jpeg = makeJpeg(64, 48);
    Bytes padded = jpeg;
    padded.resize(jpeg.size() + 64 * 1024 - 2);
    CHECK(complete(padded) == jpeg);
    padded.resize(jpeg.size() + 64 * 1024 + 1);
    CHECK(rejection(padded) == JpegReject::Truncated);
}

TEST_CASE("an end marker that lost its last byte is completed, padded or not") {
    const Bytes jpeg = makeJpeg(64, 48);
    Bytes cut(jpeg.begin(), jpeg.end() - 1);
    CHECK(complete(cut) == jpeg);
    cut.resize(cut.size() + 300);
    CHECK(complete(cut) == jpeg);
}

TEST_CASE("a lost tail rejects the picture, or is closed when the rules allow it") {
    const Bytes jpeg = makeJpeg(64, 48);
    Bytes cut(jpeg.begin(), jpeg.end() - 200);
    cut.push_back(0x55);
    CHECK(rejection(cut) == JpegReject::Truncated);
    const Bytes closed = complete(cut, {.width = 64, .height = 48, .allowTruncated = true});
    CHECK(closed.size() == cut.size() + 2);
    CHECK(closed.back() == 0xd9);
    CHECK(decode(closed)->width == 64);
    // A stuffed byte at the very end is picture data, not half a marker.
    cut.push_back(0xff);
    cut.push_back(0x00);
    CHECK(rejection(cut) == JpegReject::Truncated);
}

TEST_CASE("each kind of damage has its own reason") {
    const Bytes jpeg = makeJpeg(64, 48);
    CHECK(rejection(Bytes{}) == JpegReject::TooShort);
    CHECK(rejection(Bytes(jpeg.begin(), jpeg.begin() + 124)) == JpegReject::TooShort);

    Bytes damaged = jpeg;
    damaged[1] = 0xd9;
    CHECK(rejection(damaged) == JpegReject::NoStart);

    damaged = jpeg;
    damaged[2] = 0x00;
    CHECK(rejection(damaged) == JpegReject::BadSegment);

    damaged = jpeg;
    damaged[4] = 0xff;
    damaged[5] = 0xff;
    CHECK(rejection(damaged) == JpegReject::BadSegment);

    damaged = jpeg;
    damaged[4] = 0;
    damaged[5] = 1;
    CHECK(rejection(damaged) == JpegReject::BadSegment);

    damaged = jpeg;
    damaged[scanOf(jpeg) + 1] = 0xd9;
    CHECK(rejection(damaged) == JpegReject::NoScan);
    CHECK(rejection(Bytes(jpeg.begin(), jpeg.begin() + static_cast<long>(scanOf(jpeg)))) == JpegReject::NoScan);

    CHECK(rejection(withoutSegments(jpeg, 0xc0)) == JpegReject::NoDimensions);
    CHECK(rejection(jpeg, {.width = 64, .height = 50}) == JpegReject::WrongSize);
    CHECK(rejection(jpeg, {.width = 60, .height = 48}) == JpegReject::WrongSize);
}

TEST_CASE("an endless row of segments is not walked to the end") {
    Bytes jpeg{0xff, 0xd8};
    for (int i = 0; i < 100'000; ++i) jpeg.insert(jpeg.end(), {0xff, 0xfe, 0, 2});
    CHECK(rejection(jpeg) == JpegReject::NoScan);
}

TEST_CASE("marker pairs inside comments and thumbnails mean nothing") {
    const Bytes jpeg = makeJpeg(64, 48);
    Bytes tricky = jpeg;
    const Bytes comment{0xff, 0xfe, 0, 12, 0xff, 0xd8, 0xff, 0xda, 0xff, 0xd9, 0xff, 0xc4, 0xff, 0xc0};
    tricky.insert(tricky.begin() + 2, comment.begin(), comment.end());
    CHECK(complete(tricky) == tricky);
}

TEST_CASE("fill bytes before a marker and stray restart markers are no damage") {
    Bytes jpeg = makeJpeg(64, 48);
    const size_t tables = offsetOf(jpeg, 0xc4);
    jpeg.insert(jpeg.begin() + static_cast<long>(tables), {0xff, 0xff, 0xff});
    CHECK_FALSE(rejection(jpeg).has_value());
    CHECK(decode(complete(jpeg)).has_value());
}
