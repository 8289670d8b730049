// How the socket of a viewer is set up.
#pragma once

#include <cstdint>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace camera {

/// A duplicate of `fd` for sending a stream: no delay, little unsent video in the kernel, dead peers noticed within
/// `silenceMs`. Errors of step "dup" (EBADF, EMFILE) and "socket" (ENOTSOCK).
Result<UniqueFd> takeViewerSocket(int fd, int silenceMs);

/// How long ago the peer's kernel was last heard of; 0 for what is no TCP socket.
int64_t peerSilenceMs(int socket);

} // namespace camera
