#pragma once
#include <cstdint>

namespace bench {

/** The questions of phase A as a plain loop that keeps no answer: the least that asking them can cost. Returns the number of
 * ioctls, 0 when the node cannot be opened. */
uint32_t bareProbe(const char *node);

}  // namespace bench
