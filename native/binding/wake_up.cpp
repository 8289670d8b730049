#include "wake_up.hpp"

#include <utility>

namespace camera::binding {

std::shared_ptr<WakeUp> WakeUp::create(Napi::Env env, std::function<void(Napi::Env)> run) {
    // Callers keep at most one call waiting; the second place is for the one that is made while that runs.
    constexpr size_t kQueue = 2;
    const std::shared_ptr<WakeUp> wakeUp(new WakeUp(env, std::move(run)));

    const auto onCall = [](napi_env callEnv, napi_value, void *context, void *) {
        if (callEnv != nullptr) static_cast<WakeUp *>(context)->run_(callEnv); // null: the environment is ending
    };
    const Napi::String name = Napi::String::New(env, "camera core");
    if (napi_create_threadsafe_function(env, nullptr, nullptr, name, kQueue, 1, nullptr, nullptr, wakeUp.get(), onCall,
                                        &wakeUp->function_) != napi_ok) {
        Napi::Error::New(env, "cannot create a thread-safe function").ThrowAsJavaScriptException();
        return nullptr;
    }
    wakeUp->keepAlive(false);
    return wakeUp;
}

void WakeUp::call() {
    const std::lock_guard lock(mutex_);
    if (function_ == nullptr) return;
    // Never blocking: a full queue means that a call is on its way already.
    if (napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking) == napi_closing) function_ = nullptr;
}

void WakeUp::keepAlive(bool keep) {
    const std::lock_guard lock(mutex_);
    if (function_ == nullptr) return;
    if (keep) napi_ref_threadsafe_function(env_, function_);
    else napi_unref_threadsafe_function(env_, function_);
}

void WakeUp::close() {
    const std::lock_guard lock(mutex_);
    if (function_ == nullptr) return;
    napi_release_threadsafe_function(function_, napi_tsfn_abort);
    function_ = nullptr;
}

} // namespace camera::binding
