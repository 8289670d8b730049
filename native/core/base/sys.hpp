// The system calls that touch a device, as a table: the kernel's own, or a scripted one in tests (native/test/scripted_sys).
// Everything below `native/core` that opens, queries, maps or polls a camera goes through a `Sys`.
#pragma once

#include <poll.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <functional>

namespace camera {

/// Each entry behaves as the call of its name: -1 (or MAP_FAILED) and errno on failure. Thread-safe.
/// `close` is part of the table so that a test sees every descriptor returned; owners of device descriptors are
/// `DeviceFd` (sys.hpp), which close through the table they were opened with.
struct Sys {
    std::function<int(const char *path, int flags)> open;
    std::function<int(int fd)> close;
    std::function<int(int fd, unsigned long request, void *argument)> ioctl;
    std::function<int(int fd, struct stat *out)> fstat;
    std::function<void *(size_t length, int protection, int flags, int fd, off_t offset)> mmap;
    std::function<int(void *address, size_t length)> munmap;
    std::function<int(struct pollfd *fds, nfds_t count, int timeoutMs)> poll;
};

/// The running kernel. Lives for the whole process.
const Sys &kernel();

/// ioctl that is repeated on EINTR only (at most 64 times: a signal storm must not pin a thread).
/// Returns 0 or a positive value as the call does, -1 with errno otherwise.
int retryIoctl(const Sys &sys, int fd, unsigned long request, void *argument);

/// Owner of a device descriptor that came from `Sys::open`.
class DeviceFd {
public:
    DeviceFd() = default;
    DeviceFd(const Sys &sys, int fd) : sys_(&sys), fd_(fd) {}
    DeviceFd(DeviceFd &&other) noexcept : sys_(other.sys_), fd_(other.fd_) { other.fd_ = -1; }
    DeviceFd &operator=(DeviceFd &&other) noexcept {
        if (this != &other) {
            reset();
            sys_ = other.sys_;
            fd_ = other.fd_;
            other.fd_ = -1;
        }
        return *this;
    }
    DeviceFd(const DeviceFd &) = delete;
    DeviceFd &operator=(const DeviceFd &) = delete;
    ~DeviceFd() { reset(); }

    int get() const { return fd_; }
    bool valid() const { return fd_ >= 0; }
    void reset() {
        if (fd_ >= 0) sys_->close(fd_);
        fd_ = -1;
    }

private:
    const Sys *sys_ = nullptr;
    int fd_ = -1;
};

} // namespace camera
