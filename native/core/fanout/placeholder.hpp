// The picture that viewers see instead of video: a dark field with a short reason in the middle.
#pragma once

#include <cstdint>
#include <vector>

#include "fanout/viewer_types.hpp"

namespace camera {

/// As a JPEG in the size that is asked for; pictures beyond 16 million pixels are halved until they are not. Takes
/// milliseconds. Empty when the encoder refuses.
std::vector<uint8_t> drawPlaceholder(const PlaceholderPicture &picture);

} // namespace camera
