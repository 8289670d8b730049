#include "pictures/jpeg_encoder.hpp"

#include <cstddef>
#include <cstdio>

#include <jpeglib.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <vector>

namespace camera {

namespace {

constexpr size_t kFirstOutputBytes = 64 * 1024;

struct Failure {
    jpeg_error_mgr base;
    jmp_buf escape;
};

struct Output {
    jpeg_destination_mgr base;
    std::vector<uint8_t> bytes;
    size_t used = 0;
};

void onError(j_common_ptr info) { std::longjmp(reinterpret_cast<Failure *>(info->err)->escape, 1); }
void onMessage(j_common_ptr, int) {}
void onOutput(j_common_ptr) {}

Output &outputOf(j_compress_ptr info) { return *reinterpret_cast<Output *>(info->dest); }

void beginOutput(j_compress_ptr info) {
    Output &output = outputOf(info);
    if (output.bytes.empty()) output.bytes.resize(kFirstOutputBytes);
    output.used = 0;
    output.base.next_output_byte = output.bytes.data();
    output.base.free_in_buffer = output.bytes.size();
}

boolean growOutput(j_compress_ptr info) {
    Output &output = outputOf(info);
    const size_t written = output.bytes.size(); // the library asks when all of it is full
    output.bytes.resize(written * 2);
    output.base.next_output_byte = output.bytes.data() + written;
    output.base.free_in_buffer = output.bytes.size() - written;
    return TRUE;
}

void endOutput(j_compress_ptr info) {
    Output &output = outputOf(info);
    output.used = output.bytes.size() - output.base.free_in_buffer;
}

} // namespace

struct JpegEncoder::State {
    jpeg_compress_struct info{};
    Failure failure{};
    Output output{};

    State() {
        info.err = jpeg_std_error(&failure.base);
        failure.base.error_exit = onError;
        failure.base.emit_message = onMessage;
        failure.base.output_message = onOutput;
        output.base.init_destination = beginOutput;
        output.base.empty_output_buffer = growOutput;
        output.base.term_destination = endOutput;
        if (setjmp(failure.escape)) return; // no memory: later calls fail in the same way
        jpeg_create_compress(&info);
        info.dest = &output.base;
    }
    ~State() { jpeg_destroy_compress(&info); }
    State(const State &) = delete;
    State &operator=(const State &) = delete;

    /// No object with a destructor lives in here or below: longjmp would skip it.
    bool compress(const PlanarImage &image, int quality) {
        if (setjmp(failure.escape)) {
            jpeg_abort_compress(&info);
            return false;
        }
        configure(image, quality);
        jpeg_start_compress(&info, TRUE);
        if (image.chroma == Chroma::Rgb) {
            writePacked(image);
        } else {
            writePlanes(image);
        }
        jpeg_finish_compress(&info);
        return true;
    }

    void configure(const PlanarImage &image, int quality) {
        const bool gray = image.chroma == Chroma::Gray;
        info.image_width = image.width;
        info.image_height = image.height;
        info.input_components = gray ? 1 : 3;
        info.in_color_space = gray ? JCS_GRAYSCALE : image.chroma == Chroma::Rgb ? JCS_RGB : JCS_YCbCr;
        jpeg_set_defaults(&info);
        jpeg_set_quality(&info, std::clamp(quality, 1, 100), TRUE);
        info.dct_method = JDCT_IFAST;
        info.raw_data_in = image.chroma == Chroma::Rgb ? FALSE : TRUE;
        if (gray) return;
        info.comp_info[0].h_samp_factor = 2;
        info.comp_info[0].v_samp_factor = image.chroma == Chroma::Yuv422 ? 1 : 2;
        for (int component = 1; component < 3; ++component) {
            info.comp_info[component].h_samp_factor = 1;
            info.comp_info[component].v_samp_factor = 1;
        }
    }

    void writePacked(const PlanarImage &image) {
        while (info.next_scanline < image.height) {
            auto *row = const_cast<JSAMPROW>(image.planes[0] + info.next_scanline * image.strides[0]);
            jpeg_write_scanlines(&info, &row, 1);
        }
    }

    void writePlanes(const PlanarImage &image) {
        // One group is a row of coding blocks; below the picture its last line is repeated.
        const size_t lumaRows = image.chroma == Chroma::Yuv420 ? 16 : 8;
        const size_t chromaHeight = image.chroma == Chroma::Yuv420 ? (image.height + 1) / 2 : image.height;
        std::array<std::array<JSAMPROW, 16>, 3> rows;
        std::array<JSAMPARRAY, 3> groups{rows[0].data(), rows[1].data(), rows[2].data()};
        while (info.next_scanline < image.height) {
            const size_t top = info.next_scanline;
            point(rows[0], lumaRows, top, image, 0, image.height);
            if (image.chroma != Chroma::Gray) {
                const size_t chromaTop = image.chroma == Chroma::Yuv420 ? top / 2 : top;
                point(rows[1], 8, chromaTop, image, 1, chromaHeight);
                point(rows[2], 8, chromaTop, image, 2, chromaHeight);
            }
            jpeg_write_raw_data(&info, groups.data(), static_cast<JDIMENSION>(lumaRows));
        }
    }

    static void point(std::array<JSAMPROW, 16> &rows, size_t count, size_t top, const PlanarImage &image, size_t plane,
                      size_t height) {
        for (size_t row = 0; row < count; ++row) {
            rows[row] = const_cast<JSAMPROW>(image.planes[plane] + std::min(top + row, height - 1) * image.strides[plane]);
        }
    }
};

JpegEncoder::JpegEncoder() : state_(std::make_unique<State>()) {}
JpegEncoder::JpegEncoder(JpegEncoder &&) noexcept = default;
JpegEncoder &JpegEncoder::operator=(JpegEncoder &&) noexcept = default;
JpegEncoder::~JpegEncoder() = default;

Result<std::span<const uint8_t>> JpegEncoder::encode(const PlanarImage &image, int quality) {
    if (!state_->compress(image, quality)) return Error{0, "jpeg_encode", {}};
    return std::span<const uint8_t>(state_->output.bytes.data(), state_->output.used);
}

} // namespace camera
