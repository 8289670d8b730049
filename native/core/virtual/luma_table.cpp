#include "virtual/luma_table.hpp"

#include <algorithm>

namespace camera {

PlanarImage LumaTable::apply(const PlanarImage &picture, const PictureSettings &settings) {
    if (!settings.changesLuma()) return picture;
    if (!(settings == settings_)) prepare(settings);
    // Whole rows: an encoder reads beyond the width up to a multiple of 16.
    const size_t bytes = picture.strides[0] * picture.height;
    luma_.resize(bytes);
    std::transform(picture.planes[0], picture.planes[0] + bytes, luma_.begin(), [this](uint8_t value) { return table_[value]; });
    PlanarImage changed = picture;
    changed.planes[0] = luma_.data();
    return changed;
}

void LumaTable::prepare(const PictureSettings &settings) {
    settings_ = settings;
    for (int value = 0; value < static_cast<int>(table_.size()); ++value) {
        const int lit = std::clamp(value * settings.gainPercent / 100 + settings.brightness, 0, 255);
        table_[static_cast<size_t>(value)] = static_cast<uint8_t>(settings.negative ? 255 - lit : lit);
    }
}

} // namespace camera
