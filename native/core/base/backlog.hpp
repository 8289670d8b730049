// How many connections may wait to be accepted on a port of this process.
#pragma once

#include <cstdint>

#include "base/result.hpp"

namespace camera {

/// Any thread; does not wait. Lets so many connections wait on every socket of the process that listens on the port; the system keeps it to
/// its own limit (somaxconn). Beyond, those who connect are not heard and try again a second later.
/// Errors: ENOENT when nobody listens there, else what listen said.
Status widenBacklog(uint16_t port, int connections);

} // namespace camera
