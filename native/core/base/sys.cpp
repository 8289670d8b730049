#include "base/sys.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

namespace camera {

const Sys &kernel() {
    // Never destroyed: after a hard exit of the process threads of the core may still be inside a call.
    static const Sys &table = *new Sys{
        .open = [](const char *path, int flags) { return ::open(path, flags | O_CLOEXEC); },
        .close = [](int fd) { return ::close(fd); },
        .ioctl = [](int fd, unsigned long request, void *argument) { return ::ioctl(fd, request, argument); },
        .fstat = [](int fd, struct stat *out) { return ::fstat(fd, out); },
        .mmap = [](size_t length, int protection, int flags, int fd,
                   off_t offset) { return ::mmap(nullptr, length, protection, flags, fd, offset); },
        .munmap = [](void *address, size_t length) { return ::munmap(address, length); },
        .poll = [](struct pollfd *fds, nfds_t count, int timeoutMs) { return ::poll(fds, count, timeoutMs); },
    };
    return table;
}

int retryIoctl(const Sys &sys, int fd, unsigned long request, void *argument) {
    constexpr int kMaxRetries = 64;
    for (int attempt = 0;; ++attempt) {
        const int result = sys.ioctl(fd, request, argument);
        if (result >= 0 || errno != EINTR || attempt >= kMaxRetries) return result;
    }
}

} // namespace camera
