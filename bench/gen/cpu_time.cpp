#include "cpu_time.hpp"

#include <ctime>

namespace bench {
namespace {

uint64_t clockNs(clockid_t id) {
    timespec t{};
    clock_gettime(id, &t);
    return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(t.tv_nsec);
}

}  // namespace

uint64_t processCpuNs(int pid) {
    clockid_t id{};
    if (clock_getcpuclockid(pid, &id) != 0) return 0;
    return clockNs(id);
}

uint64_t ownCpuNs() { return clockNs(CLOCK_PROCESS_CPUTIME_ID); }

uint64_t nowNs() { return clockNs(CLOCK_MONOTONIC); }

}  // namespace bench
