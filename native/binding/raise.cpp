#include "raise.hpp"

#include <cstring>
#include <string>

#include "base/fault_code.hpp"

namespace camera::binding {

namespace {

std::string code(const Error &error) { return std::string(faultCode(error)); }

std::string sentence(const Error &error) {
    std::string text = error.step;
    if (!error.subject.empty()) text += " " + error.subject;
    if (error.errnoValue != 0) text += std::string(": ") + ::strerrordesc_np(error.errnoValue);
    return text;
}

} // namespace

Napi::Error toJsError(Napi::Env env, const Error &error) {
    const Napi::Error raised = Napi::Error::New(env, code(error) + ": " + sentence(error));
    Napi::Object value = raised.Value();
    value.Set("code", code(error));
    value.Set("errno", error.errnoValue);
    value.Set("call", error.step);
    value.Set("node", error.subject);
    return raised;
}

void writeFault(JsonText &json, const Error &error) {
    json.object("fault", [&] {
        json.member("code", code(error));
        json.member("errno", error.errnoValue);
        json.member("call", error.step);
    });
}

Error viewGone() { return {0, kStepAborted, ""}; }

} // namespace camera::binding
