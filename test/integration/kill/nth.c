/*
 * Preloaded into one Node process: kills it with SIGKILL at the n-th call that changes the disk (write, fsync, rename, link, unlink, close of
 * a file that was written to), counted from access("/nth/NUMBER") on, which answers EEXIST. A write at which it ends is half done. After
 * access("/nth/done") nothing is counted any more.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define PREFIX "/nth/"
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static atomic_long left = -1;

/* True at the call that is the last. */
static int is_last(void) {
    if (atomic_load(&left) < 0) return 0;
    return atomic_fetch_sub(&left, 1) == 0;
}

static void end(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

int access(const char *path, int mode) {
    if (strncmp(path, PREFIX, sizeof PREFIX - 1) != 0) return NEXT(access)(path, mode);
    const char *rest = path + sizeof PREFIX - 1;
    atomic_store(&left, strcmp(rest, "done") == 0 ? -1 : atol(rest));
    errno = EEXIST;
    return -1;
}

ssize_t write(int fd, const void *bytes, size_t size) {
    if (fd > 2 && is_last()) {
        NEXT(write)(fd, bytes, size / 2);
        end();
    }
    return NEXT(write)(fd, bytes, size);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) {
    if (is_last()) {
        NEXT(pwrite64)(fd, bytes, size / 2, at);
        end();
    }
    return NEXT(pwrite64)(fd, bytes, size, at);
}

#define BEFORE(type, name, parameters, arguments) \
    type name parameters {                        \
        if (is_last()) end();                     \
        return NEXT(name) arguments;              \
    }

BEFORE(int, fsync, (int fd), (fd))
BEFORE(int, fdatasync, (int fd), (fd))
BEFORE(int, rename, (const char *from, const char *to), (from, to))
BEFORE(int, link, (const char *from, const char *to), (from, to))
BEFORE(int, unlink, (const char *path), (path))
BEFORE(int, ftruncate64, (int fd, off64_t size), (fd, size))
