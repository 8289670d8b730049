// What every function of the addon begins with.
#pragma once

#include <napi.h>

#include <limits>
#include <memory>
#include <string>

#include "arguments.hpp"
#include "environment.hpp"

namespace camera::binding {

/// The core of the view that the first argument names; null when that view, or its core, has ended.
inline std::shared_ptr<RunningCore> readCore(Arguments &arguments) {
    const auto number = arguments.integer(0, "view", 1, std::numeric_limits<uint32_t>::max());
    if (arguments.failed()) return nullptr;
    View *const view = Environment::of(arguments.env()).findView(static_cast<uint32_t>(number));
    return view == nullptr ? nullptr : view->running;
}

inline std::string readSource(Arguments &arguments) {
    constexpr size_t kMaxSourceBytes = 256;
    return arguments.text(1, "source", kMaxSourceBytes);
}

/// For functions that answer at once: throws ABORTED.
inline Napi::Value throwViewGone(Napi::Env env) {
    toJsError(env, viewGone()).ThrowAsJavaScriptException();
    return env.Undefined();
}

inline Napi::Value undefinedToJs(Napi::Env env, const Done &) { return env.Undefined(); }

} // namespace camera::binding
