#pragma once
#include <cstdint>

namespace bench {

/** Blocks of memory that this process took from the heap so far, on all threads, however it asked. */
uint64_t allocations();

}  // namespace bench
