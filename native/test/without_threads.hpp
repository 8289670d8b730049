// A system that makes no further threads, as for a service at its limit of tasks.
#pragma once

#include <doctest/doctest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <functional>
#include <thread>

namespace camera::test {

/// Runs `body` on a thread of its own where every start of another fails with EAGAIN; it must not throw, so it checks and requires nothing.
inline void withoutThreads(const std::function<void()> &body) {
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NPROC, &before) == 0);
    const bool isRoot = ::geteuid() == 0;
    std::thread([&] {
        constexpr uid_t kNobody = 65534;
        // The limit binds everyone but root. The bare call, unlike that of the library, is for this thread alone.
        if (isRoot) CHECK(::syscall(SYS_setresuid, kNobody, kNobody, kNobody) == 0);
        const rlimit none{0, before.rlim_max};
        CHECK(::setrlimit(RLIMIT_NPROC, &none) == 0);
        body();
        CHECK(::setrlimit(RLIMIT_NPROC, &before) == 0);
    }).join();
    if (isRoot) ::prctl(PR_SET_DUMPABLE, 1); // taken by the change of user
}

} // namespace camera::test
