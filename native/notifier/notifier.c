// Tells the camera service what happens in MediaMTX, which starts this program as a hook of a path. Arguments: the service's
// unix socket, and for the hooks of recorded files what happened, `created` or `completed`. Environment: MTX_PATH, the path's
// name, and for files MTX_SEGMENT_PATH and (completed) MTX_SEGMENT_DURATION.
//
// As the `runOnDemand` hook it holds one connection open while MediaMTX has readers, until SIGINT; the connection is the
// demand. It never outlives MediaMTX (a killed server does not stop its hooks) and it outlives a restart of the service.
// As a hook of files it says its line and ends; a service that is away does not hear of it.

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
  // A service that restarts is back within it; longer would hold up a stop of MediaMTX, which waits for its hooks.
  kTellTries = 10,
  kExitAway = 1,
  kExitUsage = 64,
  kLineBytes = 2 * PATH_MAX,
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
    return -1;
  }
  char copy[PATH_MAX];
  if (strlen(path) >= sizeof copy) return -1;
  strcpy(copy, path);
  const int directory = open(dirname(copy), O_PATH | O_DIRECTORY | O_CLOEXEC);
  strcpy(copy, path);
  if (directory >= 0) {
    snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", directory, basename(copy));
  }
  return directory;
}

// Connects and says the line. Returns the socket, or -1 when the service is away.
static int announce(const char *path, const char *line) {
  struct sockaddr_un address;
  // Looked up anew each time: the directory may have been made again since.
  const int directory = socketAddress(path, &address);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const size_t length = strlen(line);
  const int said = fd >= 0 && address.sun_path[0] != '\0' &&
                   connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
                   send(fd, line, length, MSG_NOSIGNAL) == (ssize_t)length;
  if (directory >= 0) close(directory);
  if (said) return fd;
  if (fd >= 0) close(fd);
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

static int tellOnce(const char *socketFile, const char *line) {
  for (int tried = 0; tried < kTellTries; tried++) {
    if (tried > 0) poll(NULL, 0, kReconnectMs);
    const int fd = announce(socketFile, line);
    if (fd >= 0) {
      close(fd);
      return 0;
    }
  }
  return kExitAway;
}

static _Noreturn void holdDemand(const char *socketFile, const char *line) {
  for (;;) {
    const int fd = announce(socketFile, line);
    if (fd >= 0) {
      holdOpen(fd);
      close(fd);
    }
    poll(NULL, 0, kReconnectMs);
    endWithoutParent();
  }
}

int main(int argc, char **argv) {
  const char *path = getenv("MTX_PATH");
  const char *event = argc == 3 ? argv[2] : "demand";
  const char *file = getenv("MTX_SEGMENT_PATH");
  const char *seconds = getenv("MTX_SEGMENT_DURATION");
  const int created = strcmp(event, "created") == 0;
  const int completed = strcmp(event, "completed") == 0;
  const int demand = argc == 2;
  if (argc < 2 || argc > 3 || path == NULL || *path == '\0' || !(demand || ((created || completed) && file != NULL)) ||
      (file != NULL && strchr(file, '\n') != NULL)) {
    fputs("usage: MTX_PATH=<path> [MTX_SEGMENT_PATH=<file>] camera-notifier <socket> [created|completed]\n", stderr);
    return kExitUsage;
  }
  gParent = getppid();
  signal(SIGINT, SIG_DFL);
  struct sigaction action = {.sa_handler = onParentSignal};
  sigaction(SIGUSR1, &action, NULL);
  prctl(PR_SET_PDEATHSIG, SIGUSR1);
  // A parent that died before the line above sends no signal; init or a subreaper is then our parent.
  endWithoutParent();

  char line[kLineBytes];
  int length = 0;
  if (demand) length = snprintf(line, sizeof line, "demand %s %d\n", path, (int)gParent);
  if (created) length = snprintf(line, sizeof line, "created %s %s\n", path, file);
  if (completed) length = snprintf(line, sizeof line, "completed %s %s %s\n", path, seconds == NULL ? "0" : seconds, file);
  if (length < 0 || (size_t)length >= sizeof line) return kExitUsage;
  if (!demand) return tellOnce(argv[1], line);
  holdDemand(argv[1], line);
}
