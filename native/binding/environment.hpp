// What the addon keeps for one JavaScript thread: its views of cores and its promises, and the mailbox by which threads of
// the core reach it. Everything here is for that one thread, except the mailbox.
#pragma once

#include <napi.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core_table.hpp"
#include "mailbox.hpp"
#include "raise.hpp"
#include "wake_up.hpp"

namespace camera::binding {

/// How a promise ends; runs on the thread that made it. Nothing comes of it when that thread is being terminated.
struct Outcome {
    uint64_t ticket = 0;
    std::function<void(Napi::Env, napi_deferred)> settle;
};

using EnvironmentMailbox = Mailbox<Outcome>;

/// One thread's hold on one core.
struct View {
    uint32_t core = 0;
    std::shared_ptr<RunningCore> running;
    /// Empty for a view without events.
    Napi::FunctionReference listener;
};

class Environment {
public:
    /// Makes the state of an environment; it ends with it. Null with a pending exception on failure.
    static Environment *create(Napi::Env env);
    static Environment &of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }
    Environment(const Environment &) = delete;
    Environment &operator=(const Environment &) = delete;

    /// Where events of a view go, from any thread, also when the environment has ended.
    EventSink sinkOf(uint32_t view) const;

    /// Numbers are given out before the view exists, since its events may come before `open` is through.
    uint32_t nextViewNumber() { return ++lastView_; }
    void addView(uint32_t number, View view) { views_.emplace(number, std::move(view)); }
    /// Null when there is none (any more).
    View *findView(uint32_t number);
    /// The last view out ends its core.
    void detachView(uint32_t number);

    template <typename T>
    using Callback = std::function<void(Result<T>)>;

    /// A promise for what `begin` starts. `begin` gets a callback that takes the result on any thread, and settles the promise
    /// on this one: with `convert(env, value)`, or with the error.
    template <typename T, typename Convert, typename Begin>
    Napi::Value promise(Convert convert, Begin begin);

private:
    explicit Environment(Napi::Env env) : env_(env) {}

    static void onEnd(void *self);

    /// A pending promise under a new ticket; an empty value when the thread is being terminated and nothing can be made.
    Napi::Value openTicket();
    void drain();
    void deliver(const std::vector<EnvironmentMailbox::Event> &events);
    void settle(const std::vector<Outcome> &outcomes);

    Napi::Env env_;
    std::shared_ptr<WakeUp> wakeUp_;
    std::shared_ptr<EnvironmentMailbox> mailbox_;
    std::map<uint32_t, View> views_;
    uint32_t lastView_ = 0;
    std::unordered_map<uint64_t, napi_deferred> tickets_;
    uint64_t lastTicket_ = 0;
};

template <typename T, typename Convert, typename Begin>
Napi::Value Environment::promise(Convert convert, Begin begin) {
    const Napi::Value promise = openTicket();
    if (promise.IsEmpty()) return promise;
    // The callback holds the mailbox, not the environment: the result may come when that is gone.
    begin(Callback<T>([mailbox = mailbox_, ticket = lastTicket_, convert](Result<T> result) {
        mailbox->post(Outcome{ticket, [result = std::move(result), convert](Napi::Env env, napi_deferred deferred) {
                                  if (result) napi_resolve_deferred(env, deferred, convert(env, result.value()));
                                  else napi_reject_deferred(env, deferred, toJsError(env, result.error()).Value());
                              }});
    }));
    return promise;
}

} // namespace camera::binding
