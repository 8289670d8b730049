// Frames for tests, made without a camera.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "hub/frame.hpp"

namespace camera::test {

inline FramePtr makeFrame(FramePool &pool, std::span<const uint8_t> bytes, int64_t capturedUs) {
    FrameDraft draft = pool.take(bytes.size());
    std::copy(bytes.begin(), bytes.end(), draft.room().begin());
    draft.setSize(bytes.size());
    draft.facts().capturedAtUs = capturedUs;
    return draft.finish();
}

} // namespace camera::test
