#pragma once
#include <cstdint>

namespace bench {

/** Nanoseconds of CPU that all threads of the process have used so far; 0 when the process is not there. */
uint64_t processCpuNs(int pid);

/** The same of this process. */
uint64_t ownCpuNs();

/** CLOCK_MONOTONIC. */
uint64_t nowNs();

}  // namespace bench
