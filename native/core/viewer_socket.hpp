// How the socket of a viewer is set up.
#pragma once

#include "result.hpp"
#include "unique_fd.hpp"

namespace camera {

/// A duplicate of `fd` for sending a stream: no delay, little unsent video in the kernel, dead peers noticed within
/// `silenceMs`. Errors of step "dup" (EBADF, EMFILE) and "socket" (ENOTSOCK).
Result<UniqueFd> takeViewerSocket(int fd, int silenceMs);

} // namespace camera
