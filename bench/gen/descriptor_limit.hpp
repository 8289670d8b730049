// As many file descriptors as the system lets a process have.
#pragma once
#include <sys/resource.h>

namespace bench {

inline void raiseDescriptorLimit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

}  // namespace bench
