#include <doctest/doctest.h>
#include <linux/videodev2.h>

#include <string>

#include "base/clean_text.hpp"
#include "devices/fourcc.hpp"

using namespace camera;

TEST_CASE("text of a device becomes valid UTF-8 without control characters") {
    CHECK(cleanText("HD Webcam") == "HD Webcam");
    CHECK(cleanText("  a\x1b[31mb\n ") == "a [31mb");
    CHECK(cleanText(std::string("ab\0cd", 5)) == "ab");
    CHECK(cleanText("K\xc3\xa4mera") == "K\xc3\xa4mera");
    CHECK(cleanText("\xff\xfe") == "\xEF\xBF\xBD\xEF\xBF\xBD");
    CHECK(cleanText("\xc3") == "\xEF\xBF\xBD");                             // cut character
    CHECK(cleanText("\xc0\xaf") == "\xEF\xBF\xBD\xEF\xBF\xBD");             // overlong
    CHECK(cleanText("\xed\xa0\x80").find("\xED") == std::string::npos);     // surrogate
    CHECK(cleanText("a\xe2\x80\xae" "b") == "a b");                         // text direction
    CHECK(cleanText("a\xc2\x9b" "b") == "a b");                             // C1 control
    CHECK(cleanText("\xc3\xa4\xc3\xa4", 3) == "\xc3\xa4");                  // never half a character
    CHECK(cleanText(" \t ").empty());
}

TEST_CASE("parts of ids hold letters, digits and ._- only") {
    CHECK(idPart("a b/c:d") == "a_b_c_d");
    CHECK(idPart("0000.Az-9_") == "0000.Az-9_");
}

TEST_CASE("pixel format names are four characters and lead back to the number") {
    CHECK(fourccText(V4L2_PIX_FMT_MJPEG) == "MJPG");
    CHECK(fourccText(V4L2_PIX_FMT_Y10) == "Y10 ");
    CHECK(fourccText(V4L2_PIX_FMT_Y16_BE) == "Y16 -BE");
    CHECK(fourccText(0x01020304) == "????");
    for (const uint32_t fourcc : {V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_Y10, V4L2_PIX_FMT_Y16_BE, V4L2_PIX_FMT_NV12,
                                  v4l2_fourcc('Y', '-', 'B', 'E')}) {
        CHECK(fourccValue(fourccText(fourcc)) == fourcc);
    }
    CHECK(fourccValue("Y10") == V4L2_PIX_FMT_Y10);
    CHECK_FALSE(fourccValue("").has_value());
    CHECK_FALSE(fourccValue("MJPEG").has_value());
    CHECK(isJpegFourcc(V4L2_PIX_FMT_JPEG));
    CHECK_FALSE(isJpegFourcc(V4L2_PIX_FMT_YUYV));
}
