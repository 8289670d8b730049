// Lists and texts of the core as JavaScript values: what every conversion needs.
#pragma once

#include <napi.h>

#include <string>
#include <vector>

namespace camera::binding {

template <typename T, typename Convert>
Napi::Array listToJs(Napi::Env env, const std::vector<T> &items, Convert convert) {
    Napi::Array list = Napi::Array::New(env, items.size());
    for (uint32_t at = 0; at < items.size(); ++at) list.Set(at, convert(env, items[at]));
    return list;
}

inline Napi::Value textToJs(Napi::Env env, const std::string &text) { return Napi::String::New(env, text); }

} // namespace camera::binding
