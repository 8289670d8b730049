// Turns planes into a baseline JPEG with libjpeg-turbo. Keeps its compressor and output buffer between pictures; one object
// per thread, used by one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "pictures/raw_image.hpp"
#include "base/result.hpp"

namespace camera {

class JpegEncoder {
public:
    JpegEncoder();
    JpegEncoder(JpegEncoder &&) noexcept;
    JpegEncoder &operator=(JpegEncoder &&) noexcept;
    ~JpegEncoder();

    /// Encodes at `quality` 1 to 100 (clamped). The bytes live until the next call. Blocks for the encoding, about 1 ms for
    /// 640x480. Error of step "jpeg_encode" when the library refuses (a side of 0 or beyond 65500).
    Result<std::span<const uint8_t>> encode(const PlanarImage &image, int quality);

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace camera
