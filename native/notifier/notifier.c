// Tells the camera service that MediaMTX has readers for a path: MediaMTX starts this program as the `runOnDemand` hook of
// the path and stops it with SIGINT when nobody reads any more. While it runs it holds one connection to the service's unix
// socket open; the connection is the demand. Argument: the socket. Environment: MTX_PATH, the path's name.
//
// It never outlives MediaMTX (a killed server does not stop its hooks) and it outlives a restart of the service.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
  kReconnectMs = 200,
  kParentCheckMs = 1000,
  kExitUsage = 64,
};

static pid_t gParent;

// The signal only interrupts poll(): it also comes when merely the thread of the server that started us ends, so whether the
// server itself is gone is asked of the kernel.
static void onParentSignal(int signal) { (void)signal; }

static void endWithoutParent(void) {
  if (getppid() != gParent) _exit(0);
}

// A socket below a deep directory does not fit into sun_path; its name relative to the open directory does.
static int socketAddress(const char *path, struct sockaddr_un *address) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  if (strlen(path) < sizeof address->sun_path) {
    strcpy(address->sun_path, path);
    return 0;
  }
  char copy[PATH_MAX];
  if (strlen(path) >= sizeof copy) return -1;
  strcpy(copy, path);
  const int directory = open(dirname(copy), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return -1;
  strcpy(copy, path);
  const int length =
      snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", directory, basename(copy));
  return length < 0 || (size_t)length >= sizeof address->sun_path ? -1 : 0;
}

// Connects and says who we are. Returns the socket, or -1 when the service is away.
static int announce(const struct sockaddr_un *address, const char *line) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const size_t length = strlen(line);
  if (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 &&
      send(fd, line, length, MSG_NOSIGNAL) == (ssize_t)length) {
    return fd;
  }
  close(fd);
  return -1;
}

// Returns when the service closed the connection.
static void holdOpen(int fd) {
  for (;;) {
    struct pollfd waited = {.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = poll(&waited, 1, kParentCheckMs);
    endWithoutParent();
    if (ready <= 0) continue;
    char ignored[64];
    const ssize_t got = recv(fd, ignored, sizeof ignored, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return;
  }
}

int main(int argc, char **argv) {
  const char *path = getenv("MTX_PATH");
  if (argc != 2 || path == NULL || *path == '\0') {
    fputs("usage: MTX_PATH=<path> camera-notifier <socket>\n", stderr);
    return kExitUsage;
  }
  gParent = getppid();
  signal(SIGINT, SIG_DFL);
  struct sigaction action = {.sa_handler = onParentSignal};
  sigaction(SIGUSR1, &action, NULL);
  prctl(PR_SET_PDEATHSIG, SIGUSR1);
  // A parent that died before the line above sends no signal; init or a subreaper is then our parent.
  endWithoutParent();

  char line[PATH_MAX + 32];
  struct sockaddr_un address;
  const int length = snprintf(line, sizeof line, "%s %d\n", path, (int)gParent);
  if (length < 0 || (size_t)length >= sizeof line) return kExitUsage;
  for (;;) {
    // Looked up anew each time: the directory may have been made again since.
    const int fd = socketAddress(argv[1], &address) == 0 ? announce(&address, line) : -1;
    if (fd >= 0) {
      holdOpen(fd);
      close(fd);
    }
    poll(NULL, 0, kReconnectMs);
    endWithoutParent();
  }
}
