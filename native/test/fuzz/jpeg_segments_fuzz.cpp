// Parser: native/core/pictures/jpeg_segments.cpp
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "pictures/jpeg_segments.hpp"

/// Whatever a camera sends: the walk stays inside, the announced size is the written one, and the result of one copy is
/// a picture that the next walk accepts unchanged.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    using namespace camera;
    const std::span<const uint8_t> input(data, size);
    for (const bool allowTruncated : {false, true}) {
        const auto walked = walkJpeg(input, {.allowTruncated = allowTruncated});
        const auto *layout = std::get_if<JpegLayout>(&walked);
        if (!layout) continue;
        std::vector<uint8_t> out(completeJpegBytes(*layout));
        if (copyJpeg(input, *layout, out) != out.size()) std::abort();
        const auto again = walkJpeg(out, {.width = layout->width, .height = layout->height});
        if (const auto *reject = std::get_if<JpegReject>(&again)) {
            // Without its padding it may be too small, and with the added tables it may have one segment too many.
            if (*reject != JpegReject::TooShort && *reject != JpegReject::NoScan) std::abort();
            continue;
        }
        const auto &second = std::get<JpegLayout>(again);
        if (!second.hasHuffmanTables || second.missingEndBytes != 0) std::abort();
    }
    return 0;
}
