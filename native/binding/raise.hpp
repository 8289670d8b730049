// Errors of the core as JavaScript errors with `code`, `errno`, `call` and `node`.
#pragma once

#include <napi.h>

#include "base/result.hpp"
#include "base/json_text.hpp"

namespace camera::binding {

Napi::Error toJsError(Napi::Env env, const Error &error);

/// The `fault` member of states and events.
void writeFault(JsonText &json, const Error &error);

/// What every call of a view answers when it, or its core, has ended.
Error viewGone();

} // namespace camera::binding
