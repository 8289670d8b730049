// In which order controls are set: an automatic one switched off late would overwrite what was set before it.
#pragma once

#include <cstdint>

namespace camera {

/// Controls of a lower rank are set before those of a higher one; within a rank the caller's order is kept. First come modes
/// that choose many others (scene, exposure mode), then automatic switches, then plain values, at last buttons (which act on
/// the values). `type` and `flags` are the kernel's.
int controlRank(uint32_t id, uint32_t type, uint32_t flags);

} // namespace camera
