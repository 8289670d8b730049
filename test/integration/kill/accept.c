/* Preloaded into a process: each time the file named by ACCEPT_FLAG is there, it is removed and one accept fails for want of memory. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int is_asked_for(void) {
    const char *flag = getenv("ACCEPT_FLAG");
    return flag != NULL && unlink(flag) == 0;
}

int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags) {
    if (is_asked_for()) {
        errno = ENOMEM;
        return -1;
    }
    return NEXT(accept4)(fd, address, length, flags);
}

int accept(int fd, struct sockaddr *address, socklen_t *length) { return accept4(fd, address, length, 0); }
