// Preloaded into the ffmpeg that publishes a camera. The password for publishing must not be in its argument list, which
// every user of the machine can read, and ffmpeg takes it from nowhere else. So the list holds the address without
// credentials, the environment (readable by its owner alone) holds the address with them, and before ffmpeg's main() runs,
// the pointer to the one is replaced by a pointer to the other. What the kernel shows of the list does not change.
//
// The publisher also ends with the service that started it, however that ends.

#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

static const char kPublicAddress[] = "CAMERA_PUBLISH_ADDRESS";
static const char kSecretAddress[] = "CAMERA_PUBLISH_SECRET_ADDRESS";

// glibc hands main()'s own arguments to constructors.
__attribute__((constructor)) static void guard(int argc, char **argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  unsetenv("LD_PRELOAD");
  const char *shown = getenv(kPublicAddress);
  char *secret = getenv(kSecretAddress);
  if (shown == NULL || secret == NULL) return;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], shown) != 0) continue;
    char *copy = strdup(secret);
    if (copy != NULL) argv[i] = copy;
  }
  // Gone from what the kernel shows of the environment, too.
  memset(secret, 0, strlen(secret));
  unsetenv(kSecretAddress);
}
