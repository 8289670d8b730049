/*
 * Preloaded into a process: while the file named by SLOW_FLAG exists, each fsync, fdatasync, read and pread of a file below the folder
 * named by SLOW_DIR takes three seconds.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define SECONDS 3
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void wait_if_slow(int fd) {
    const int kept = errno;
    const char *flag = getenv("SLOW_FLAG"), *dir = getenv("SLOW_DIR");
    char link[64], path[PATH_MAX];
    if (flag == NULL || dir == NULL || fd < 3 || access(flag, F_OK) != 0) {
        errno = kept;
        return;
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    if (length > 0 && strncmp(path, dir, strlen(dir)) == 0) {
        struct timespec time = {SECONDS, 0};
        while (nanosleep(&time, &time) != 0) {
        }
    }
    errno = kept;
}

int fsync(int fd) {
    wait_if_slow(fd);
    return NEXT(fsync)(fd);
}

int fdatasync(int fd) {
    wait_if_slow(fd);
    return NEXT(fdatasync)(fd);
}

ssize_t read(int fd, void *bytes, size_t size) {
    wait_if_slow(fd);
    return NEXT(read)(fd, bytes, size);
}

ssize_t pread64(int fd, void *bytes, size_t size, off64_t at) {
    wait_if_slow(fd);
    return NEXT(pread64)(fd, bytes, size, at);
}
