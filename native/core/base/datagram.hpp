// One message to a Unix datagram socket: a supervisor's. Node has no such sockets.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace camera {

/// Any thread; does not wait: a receiver whose queue is full is EAGAIN. `address` is a path, or an abstract name behind `@`.
/// Errors: EINVAL for an address that is none, else what socket or sendto said.
Status sendDatagram(const std::string &address, std::string_view message);

} // namespace camera
