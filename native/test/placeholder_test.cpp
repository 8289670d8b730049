#include "fanout/placeholder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <future>

#include "awaiting.hpp"
#include "jpeg_support.hpp"
#include "fanout/placeholder_painter.hpp"

using namespace camera;
using namespace camera::test;

namespace {

/// Bright pixels: those of the letters.
size_t ink(const Picture &picture) {
    size_t count = 0;
    for (size_t at = 0; at < picture.rgb.size(); at += 3) count += picture.rgb[at] > 150 ? 1 : 0;
    return count;
}

} // namespace

TEST_CASE("a placeholder has the size that is asked for and shows its reason in the middle") {
    const auto picture = decode(drawPlaceholder({.width = 640, .height = 480, .text = "no device"}));
    REQUIRE(picture);
    CHECK(picture->width == 640);
    CHECK(picture->height == 480);
    CHECK(picture->warnings == 0);
    CHECK(ink(*picture) > 1000);
    // Nothing at the edges.
    for (uint32_t x = 0; x < 640; ++x) {
        CHECK(picture->at(x, 0)[0] < 100);
        CHECK(picture->at(x, 479)[0] < 100);
    }
}

TEST_CASE("each reason looks different; a long one is broken into lines that fit") {
    const auto one = drawPlaceholder({.width = 320, .height = 240, .text = "BUSY"});
    const auto other = drawPlaceholder({.width = 320, .height = 240, .text = "STALLED"});
    CHECK(one != other);
    const auto wide = decode(drawPlaceholder({.width = 640, .height = 480, .text = "permission denied: add the user to the video group"}));
    REQUIRE(wide);
    CHECK(ink(*wide) > 1000);
    for (uint32_t y = 0; y < 480; ++y) CHECK(wide->at(639, y)[0] < 100);
}

TEST_CASE("the smallest and oddest pictures are drawn, the largest in a smaller size of the same shape") {
    for (const auto &[width, height] : {std::pair{1U, 1U}, {16U, 16U}, {17U, 33U}, {4096U, 16U}}) {
        const auto picture = decode(drawPlaceholder({.width = width, .height = height, .text = "NO SIGNAL"}));
        REQUIRE(picture);
        CHECK(picture->width == std::max(width, 16U));
        CHECK(picture->height == std::max(height, 16U));
    }
    const auto huge = decode(drawPlaceholder({.width = 15360, .height = 8640, .text = ""}));
    REQUIRE(huge);
    CHECK(huge->width == 3840);
    CHECK(huge->height == 2160);
}

TEST_CASE("a picture that was drawn is not drawn again, until others took its place") {
    PlaceholderPainter painter;
    const auto painted = [&](const PlaceholderPicture &picture) {
        Awaited<PlaceholderJpeg> answer;
        painter.paint(picture, answer.callback());
        return answer.get().value();
    };
    const PlaceholderPicture picture{.width = 64, .height = 48, .text = "BUSY"};
    const PlaceholderJpeg first = painted(picture);
    CHECK(painted(picture) == first);
    CHECK(painted({.width = 64, .height = 48, .text = "GONE"}) != first);
    for (uint32_t width = 100; width < 120; ++width) painted({.width = width, .height = 48, .text = ""});
    CHECK(painted(picture) != first);
    CHECK(painter.stop(1000));
}

TEST_CASE("a painter whose picture is not finished is left behind at its deadline") {
    std::promise<void> entered, release, left;
    {
        PlaceholderPainter painter;
        painter.paint({.width = 64, .height = 48, .text = "BUSY"}, [&, wait = release.get_future().share()](const PlaceholderJpeg &) {
            entered.set_value();
            wait.wait();
            left.set_value();
        });
        entered.get_future().wait();
        const auto begin = std::chrono::steady_clock::now();
        CHECK_FALSE(painter.stop(20));
        CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(20));
        // Nothing is painted any more.
        painter.paint({.width = 64, .height = 48, .text = "GONE"}, [](const PlaceholderJpeg &) { CHECK(false); });
    }
    release.set_value();
    CHECK(left.get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready);
}
