#include "fanout/multipart.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "base/clock.hpp"
#include "frame_support.hpp"

using namespace camera;
using namespace camera::test;

namespace {

std::string textOf(std::span<const uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

} // namespace

TEST_CASE("the headers of a part are these bytes") {
    PartHeaders headers(34'567, 1'732'204'800'000'042);
    CHECK(headers.finish() == "Content-Type: image/jpeg\r\nContent-Length: 34567\r\nX-Timestamp: 1732204800.000042\r\n\r\n");
    PartHeaders zero(0, 999'999);
    CHECK(zero.finish() == "Content-Type: image/jpeg\r\nContent-Length: 0\r\nX-Timestamp: 0.999999\r\n\r\n");
}

TEST_CASE("the extra headers are these bytes") {
    PartHeaders headers(1, 1'000'000);
    headers.extra({.width = 640, .height = 480, .sequence = 7}, {.online = true, .dropped = 3, .ageMs = 12});
    CHECK(headers.finish() == "Content-Type: image/jpeg\r\nContent-Length: 1\r\nX-Timestamp: 1.000000\r\n"
                              "X-Frame-Sequence: 7\r\nX-Frame-Online: true\r\nX-Frame-Width: 640\r\nX-Frame-Height: 480\r\n"
                              "X-Frame-Dropped: 3\r\nX-Frame-Age-Ms: 12\r\n\r\n");
    PartHeaders negative(1, -5);
    negative.extra({}, {.online = false, .dropped = 0, .ageMs = -1});
    const std::string text(negative.finish());
    CHECK(text.find("X-Frame-Age-Ms: 0\r\n") != std::string::npos);
    CHECK(text.find("X-Frame-Online: false\r\n") != std::string::npos);
}

TEST_CASE("the longest headers keep every line below 128 bytes and all of them below 512") {
    constexpr auto kMost = std::numeric_limits<uint64_t>::max();
    PartHeaders headers(kMost, std::numeric_limits<int64_t>::max());
    headers.extra({.width = ~0U, .height = ~0U, .sequence = ~0U},
                  {.online = false, .dropped = kMost, .ageMs = std::numeric_limits<int64_t>::max()});
    const std::string text(headers.finish());
    CHECK(text.size() < 512);
    for (size_t at = 0; at < text.size();) {
        const size_t end = text.find("\r\n", at);
        CHECK(end - at < 128);
        at = end + 2;
    }
}

TEST_CASE("the wire form of a frame holds its bytes unchanged, and the time of capture by the wall clock") {
    const auto pool = FramePool::create();
    const std::string jpeg = "\xff\xd8 \r\n--frame\r\n \xff\xd9";
    const int64_t capturedUs = monotonicUs() - 250'000;
    const FramePtr frame = makeFrame(*pool, {reinterpret_cast<const uint8_t *>(jpeg.data()), jpeg.size()}, capturedUs);
    const std::string wire = textOf(frame->wire(dressAsPart));
    const size_t blank = wire.find("\r\n\r\n");
    CHECK(wire.substr(blank + 4) == jpeg + "\r\n--frame\r\n");
    CHECK(wire.starts_with("Content-Type: image/jpeg\r\nContent-Length: " + std::to_string(jpeg.size()) + "\r\nX-Timestamp: "));
    const double stamp = std::strtod(wire.c_str() + wire.find("X-Timestamp: ") + 13, nullptr);
    CHECK(std::abs(stamp - (static_cast<double>(wallUs()) / 1e6 - 0.25)) < 0.1);
}

TEST_CASE("a placeholder's part says that it is none of the camera's") {
    const auto pool = FramePool::create();
    FrameDraft draft = pool->take(2);
    draft.setSize(2);
    draft.dress(dressAsPlaceholder);
    const std::string wire = textOf(draft.finish()->wire(dressAsPart));
    CHECK(wire.find("\r\nX-Frame-Online: false\r\n\r\n") != std::string::npos);
}
