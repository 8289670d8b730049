/*
 * Preloaded into one Node process, so that a thousand writers can be killed without a thousand starts of Node. access("/fork/MICROSECONDS")
 * forks. In the child it succeeds, and the child goes on as a copy of the process; it says access("/fork/ready") when it is at work. In
 * the parent the child is killed with SIGKILL so long after that, and the call fails with EEXIST, or with EIO when the child ended by
 * itself. Only for a process without threads in use.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PREFIX "/fork/"
#define POLL_US 200
#define LONGEST_POLLS 25000

/* Shared with the child. */
static atomic_int *is_ready;

static void pause_us(long us) {
    const struct timespec time = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&time, NULL);
}

static int fork_and_kill(long us) {
    if (is_ready == NULL) is_ready = mmap(NULL, sizeof *is_ready, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (is_ready == MAP_FAILED) return -1;
    atomic_store(is_ready, 0);
    const pid_t child = fork();
    if (child <= 0) return child;
    for (int polls = 0; polls < LONGEST_POLLS && atomic_load(is_ready) == 0; polls++) pause_us(POLL_US);
    pause_us(us);
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    errno = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? EEXIST : EIO;
    return -1;
}

/* The engine keeps its heap from being copied into children; here it must be. */
int madvise(void *start, size_t length, int advice) {
    return advice == MADV_DONTFORK ? 0 : (int)syscall(SYS_madvise, start, length, advice);
}

int access(const char *path, int mode) {
    if (strcmp(path, PREFIX "ready") == 0) {
        atomic_store(is_ready, 1);
        return 0;
    }
    if (strncmp(path, PREFIX, strlen(PREFIX)) == 0) return fork_and_kill(atol(path + strlen(PREFIX)));
    int (*real)(const char *, int) = dlsym(RTLD_NEXT, "access");
    return real(path, mode);
}
