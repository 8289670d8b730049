#include "environment.hpp"

#include "convert.hpp"

namespace camera::binding {

namespace {

/// Events that may wait for the JavaScript thread; past it the list of cameras is told anew.
constexpr size_t kMaxWaitingEvents = 4096;
/// Longest wait at the end of an environment for the cores that end with it.
constexpr int kEndTimeoutMs = 1500;

} // namespace

Environment *Environment::create(Napi::Env env) {
    std::unique_ptr<Environment> made(new Environment(env));
    Environment *const environment = made.get();
    environment->wakeUp_ = WakeUp::create(env, [environment](Napi::Env) { environment->drain(); });
    if (!environment->wakeUp_) return nullptr;
    environment->mailbox_ = std::make_shared<EnvironmentMailbox>(
        kMaxWaitingEvents, [wakeUp = environment->wakeUp_] { wakeUp->call(); });

    // Hooks run in reverse order, so this one before that of the thread-safe function: what Node takes away is closed by then.
    if (napi_add_env_cleanup_hook(env, onEnd, environment) != napi_ok) {
        Napi::Error::New(env, "cannot add a cleanup hook").ThrowAsJavaScriptException();
        return nullptr;
    }
    env.SetInstanceData(made.release());
    return environment;
}

EventSink Environment::sinkOf(uint32_t view) const {
    return [mailbox = mailbox_, view](std::shared_ptr<const CoreEvent> event) { mailbox->post(view, std::move(event)); };
}

View *Environment::findView(uint32_t number) {
    const auto found = views_.find(number);
    return found == views_.end() ? nullptr : &found->second;
}

void Environment::detachView(uint32_t number) {
    const auto found = views_.find(number);
    if (found == views_.end()) return;
    if (!found->second.listener.IsEmpty()) found->second.running->silence();
    CoreTable::ofProcess().detach(found->second.core);
    views_.erase(found);
}

// Runs also when a worker is terminated, at any instruction of its JavaScript: no promise and no listener is touched.
void Environment::onEnd(void *self) {
    auto &environment = *static_cast<Environment *>(self);
    environment.mailbox_->close();
    environment.wakeUp_->close();
    environment.tickets_.clear();
    while (!environment.views_.empty()) environment.detachView(environment.views_.begin()->first);
    // The process may end right after this; threads of a core should not be caught in the middle of closing a camera.
    CoreTable::ofProcess().waitForStops(kEndTimeoutMs);
}

Napi::Value Environment::openTicket() {
    napi_deferred deferred = nullptr;
    napi_value promise = nullptr;
    if (napi_create_promise(env_, &deferred, &promise) != napi_ok) return {};
    if (tickets_.empty()) wakeUp_->keepAlive(true);
    tickets_.emplace(++lastTicket_, deferred);
    return {env_, promise};
}

void Environment::drain() {
    const Napi::HandleScope scope(env_);
    const EnvironmentMailbox::Batch batch = mailbox_->take();
    // What was told before a promise was settled is also heard before.
    deliver(batch.events);
    napi_value thrown = nullptr;
    if (env_.IsExceptionPending()) napi_get_and_clear_last_exception(env_, &thrown);
    settle(batch.outcomes);
    if (thrown != nullptr) napi_throw(env_, thrown);
}

void Environment::deliver(const std::vector<EnvironmentMailbox::Event> &events) {
    std::map<uint32_t, std::vector<const EnvironmentMailbox::Event *>> byView;
    for (const auto &event : events) byView[event.view].push_back(&event);

    for (const auto &[number, own] : byView) {
        View *const view = findView(number);
        if (view == nullptr || view->listener.IsEmpty()) continue;
        JsonText list;
        list.beginArray();
        for (const EnvironmentMailbox::Event *const event : own) {
            // The list is newer than the last lost event, never older: what follows is heard twice at most.
            if (event->lost) writeResync(list, *event->event, view->running->monitor().devices());
            else writeEvent(list, *event->event);
        }
        list.endArray();
        view->listener.Value().Call({Napi::String::New(env_, list.text())});
        if (env_.IsExceptionPending()) return;
    }
}

void Environment::settle(const std::vector<Outcome> &outcomes) {
    for (const Outcome &outcome : outcomes) {
        const auto found = tickets_.find(outcome.ticket);
        if (found == tickets_.end()) continue;
        const napi_deferred deferred = found->second;
        tickets_.erase(found);
        outcome.settle(env_, deferred);
    }
    if (!outcomes.empty() && tickets_.empty()) wakeUp_->keepAlive(false);
}

} // namespace camera::binding
