// A thread-safe function that only says "look": any thread calls it, one JavaScript thread runs.
#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <mutex>

namespace camera::binding {

class WakeUp {
public:
    /// `run` is called on the environment's thread, once or more after `call`, never after `close`, which must come before the
    /// environment ends (a cleanup hook added after this call does that). Null with a pending exception on failure.
    static std::shared_ptr<WakeUp> create(Napi::Env env, std::function<void(Napi::Env)> run);
    WakeUp(const WakeUp &) = delete;
    WakeUp &operator=(const WakeUp &) = delete;

    /// Any thread; never waits. Nothing happens after the environment's end.
    void call();

    /// Whether the process stays alive for it; at first it does not. Environment's thread.
    void keepAlive(bool keep);

    /// Idempotent. Environment's thread.
    void close();

private:
    explicit WakeUp(Napi::Env env, std::function<void(Napi::Env)> run) : env_(env), run_(std::move(run)) {}

    const napi_env env_;
    const std::function<void(Napi::Env)> run_;
    /// Guards the function's life: once closed Node frees it, whoever was about to call it.
    std::mutex mutex_;
    napi_threadsafe_function function_ = nullptr;
};

} // namespace camera::binding
