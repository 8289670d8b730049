// Brightness, gain and negative as one table for the luma of a picture.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "pictures/raw_image.hpp"
#include "virtual/virtual_controls.hpp"

namespace camera {

/// Copies the luma of a picture through the settings. No locks; one object per thread.
class LumaTable {
public:
    /// The same picture with another luma, which lives until the next call; as it is when the settings leave it alone.
    PlanarImage apply(const PlanarImage &picture, const PictureSettings &settings);

private:
    void prepare(const PictureSettings &settings);

    PictureSettings settings_;
    std::array<uint8_t, 256> table_{};
    std::vector<uint8_t> luma_;
};

} // namespace camera
