#include "capture/session.hpp"

#include <sys/eventfd.h>

#include <cerrno>
#include <utility>

namespace camera {

Result<std::shared_ptr<SessionControl>> SessionControl::create() {
    UniqueFd wakeup(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wakeup.valid()) return Error{errno, "eventfd", {}};
    return std::shared_ptr<SessionControl>(new SessionControl(std::move(wakeup)));
}

void SessionControl::request(Command command) {
    Command none = Command::None;
    if (!command_.compare_exchange_strong(none, command, std::memory_order_acq_rel)) return;
    static_cast<void>(::eventfd_write(wakeup_.get(), 1));
}

Result<std::unique_ptr<Session>> Session::start(const std::string &threadName, Body body) {
    auto control = SessionControl::create();
    if (!control.ok()) return control.error();
    std::unique_ptr<Session> session(new Session(control.take()));
    auto thread = CoreThread::start({.name = threadName}, [control = session->control_, body = std::move(body)] {
        body(*control);
    });
    if (!thread.ok()) return thread.error();
    session->thread_ = thread.take();
    return session;
}

} // namespace camera
