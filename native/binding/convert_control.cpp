#include <cstdlib>
#include <string>

#include "convert.hpp"
#include "convert_list.hpp"

namespace camera::binding {

namespace {

/// A number when JavaScript can hold it exactly, else its decimal digits: a bigint could not be sent on as JSON.
Napi::Value exactToJs(Napi::Env env, int64_t value) {
    constexpr int64_t kMaxSafe = (int64_t{1} << 53) - 1;
    if (value >= -kMaxSafe && value <= kMaxSafe) return Napi::Number::New(env, static_cast<double>(value));
    return Napi::String::New(env, std::to_string(value));
}

Napi::Value menuItemToJs(Napi::Env env, const MenuItem &item) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("value", exactToJs(env, item.value));
    object.Set("label", item.label);
    return object;
}

Napi::Value controlToJs(Napi::Env env, const DeviceControl &control) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("id", control.id);
    object.Set("name", control.name);
    object.Set("type", control.type);
    object.Set("flags", listToJs(env, control.flags, textToJs));
    object.Set("minimum", exactToJs(env, control.minimum));
    object.Set("maximum", exactToJs(env, control.maximum));
    object.Set("step", exactToJs(env, control.step));
    object.Set("defaultValue", exactToJs(env, control.defaultValue));
    if (control.value) object.Set("value", exactToJs(env, *control.value));
    else if (control.text) object.Set("value", *control.text);
    if (!control.menu.empty()) object.Set("menu", listToJs(env, control.menu, menuItemToJs));
    return object;
}

Napi::Value controlResultToJs(Napi::Env env, const ControlResult &result) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("id", result.id);
    object.Set("outcome", controlOutcomeName(result.outcome));
    object.Set("errno", result.errnoValue);
    if (result.value) object.Set("value", exactToJs(env, *result.value));
    else if (result.text) object.Set("value", *result.text);
    object.Set("inactive", result.inactive);
    return object;
}

} // namespace

Napi::Array controlsToJs(Napi::Env env, const std::vector<DeviceControl> &controls) {
    return listToJs(env, controls, controlToJs);
}

Napi::Array controlResultsToJs(Napi::Env env, const std::vector<ControlResult> &results) {
    return listToJs(env, results, controlResultToJs);
}

} // namespace camera::binding
