#include "base/backlog.hpp"
#include "call_support.hpp"
#include "calls.hpp"
#include "raise.hpp"

namespace camera::binding {

Napi::Value widenBacklog(const Napi::CallbackInfo &info) {
    constexpr int64_t kMaxPort = 65'535;
    constexpr int64_t kMaxConnections = 65'535;
    Arguments arguments(info);
    const auto port = static_cast<uint16_t>(arguments.integer(0, "port", 1, kMaxPort));
    const auto connections = static_cast<int>(arguments.integer(1, "connections", 1, kMaxConnections));
    if (arguments.failed()) return info.Env().Undefined();
    const Status status = camera::widenBacklog(port, connections);
    if (!status) toJsError(info.Env(), status.error()).ThrowAsJavaScriptException();
    return info.Env().Undefined();
}

} // namespace camera::binding
