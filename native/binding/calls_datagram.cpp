#include "base/datagram.hpp"
#include "call_support.hpp"
#include "calls.hpp"
#include "raise.hpp"

namespace camera::binding {

Napi::Value sendDatagram(const Napi::CallbackInfo &info) {
    constexpr size_t kMaxAddressBytes = 256;
    constexpr size_t kMaxMessageBytes = 4096;
    Arguments arguments(info);
    const std::string address = arguments.text(0, "address", kMaxAddressBytes);
    const std::string message = arguments.text(1, "message", kMaxMessageBytes);
    if (arguments.failed()) return info.Env().Undefined();
    const Status status = camera::sendDatagram(address, message);
    if (!status) toJsError(info.Env(), status.error()).ThrowAsJavaScriptException();
    return info.Env().Undefined();
}

} // namespace camera::binding
