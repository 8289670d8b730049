// JPEGs for tests: made, taken apart and decoded with libjpeg.
#pragma once

#include <cstddef>
#include <cstdio>

#include <jpeglib.h>

#include <array>
#include <csetjmp>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "pictures/jpeg_encoder.hpp"

namespace camera::test {

using Bytes = std::vector<uint8_t>;

struct Picture {
    uint32_t width = 0;
    uint32_t height = 0;
    long warnings = 0;
    Bytes rgb;

    std::array<int, 3> at(uint32_t x, uint32_t y) const {
        const uint8_t *pixel = &rgb[(size_t{y} * width + x) * 3];
        return {pixel[0], pixel[1], pixel[2]};
    }
};

struct DecodeFailure {
    jpeg_error_mgr base;
    jmp_buf escape;
};

/// Empty when libjpeg refuses.
inline std::optional<Picture> decode(std::span<const uint8_t> jpeg) {
    jpeg_decompress_struct info{};
    DecodeFailure failure{};
    Picture picture;
    info.err = jpeg_std_error(&failure.base);
    failure.base.error_exit = [](j_common_ptr common) {
        std::longjmp(reinterpret_cast<DecodeFailure *>(common->err)->escape, 1);
    };
    failure.base.output_message = [](j_common_ptr) {};
    if (setjmp(failure.escape)) {
        jpeg_destroy_decompress(&info);
        return std::nullopt;
    }
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, jpeg.data(), jpeg.size());
    jpeg_read_header(&info, TRUE);
    info.out_color_space = JCS_RGB;
    jpeg_start_decompress(&info);
    picture.width = info.output_width;
    picture.height = info.output_height;
    picture.rgb.resize(size_t{picture.width} * picture.height * 3);
    while (info.output_scanline < info.output_height) {
        JSAMPROW row = &picture.rgb[size_t{info.output_scanline} * picture.width * 3];
        jpeg_read_scanlines(&info, &row, 1);
    }
    jpeg_finish_decompress(&info);
    picture.warnings = failure.base.num_warnings;
    jpeg_destroy_decompress(&info);
    return picture;
}

/// A picture whose left half is dark and right half is bright, with noise enough to have a body.
inline Bytes makeJpeg(uint32_t width, uint32_t height) {
    Bytes rgb(size_t{width} * height * 3);
    for (size_t i = 0; i < rgb.size(); ++i) {
        const size_t x = i / 3 % width;
        rgb[i] = static_cast<uint8_t>((x < width / 2 ? 40 : 200) + (i * 7919 % 23));
    }
    JpegEncoder encoder;
    const auto jpeg = encoder.encode({width, height, Chroma::Rgb, {rgb.data()}, {size_t{width} * 3}}, 80);
    return {jpeg.value().begin(), jpeg.value().end()};
}

struct Segment {
    uint8_t marker;
    size_t offset;
    size_t bytes;
};

/// The segments before the scan of a picture that libjpeg wrote.
inline std::vector<Segment> segmentsOf(const Bytes &jpeg) {
    std::vector<Segment> segments;
    for (size_t at = 2; jpeg[at + 1] != 0xda;) {
        const size_t bytes = 2 + (size_t{jpeg[at + 2]} << 8 | jpeg[at + 3]);
        segments.push_back({jpeg[at + 1], at, bytes});
        at += bytes;
    }
    return segments;
}

inline Bytes withoutSegments(const Bytes &jpeg, uint8_t marker) {
    Bytes out;
    size_t at = 0;
    for (const Segment &segment : segmentsOf(jpeg)) {
        if (segment.marker != marker) continue;
        out.insert(out.end(), jpeg.begin() + static_cast<long>(at), jpeg.begin() + static_cast<long>(segment.offset));
        at = segment.offset + segment.bytes;
    }
    out.insert(out.end(), jpeg.begin() + static_cast<long>(at), jpeg.end());
    return out;
}

/// As a UVC camera sends it: APP0 says AVI1, and the Huffman tables are left out.
inline Bytes asCameraSends(const Bytes &jpeg) {
    Bytes out = withoutSegments(withoutSegments(jpeg, 0xc4), 0xe0);
    const Bytes avi1{0xff, 0xe0, 0, 10, 'A', 'V', 'I', '1', 0, 0, 0, 0};
    out.insert(out.begin() + 2, avi1.begin(), avi1.end());
    return out;
}

} // namespace camera::test
