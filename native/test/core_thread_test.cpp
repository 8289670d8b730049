#include "base/core_thread.hpp"

#include <doctest/doctest.h>
#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "without_threads.hpp"

using namespace camera;
using namespace camera::test;

TEST_CASE("a core thread carries its name, cut to what the kernel takes, and blocks every signal") {
    std::string name;
    bool interruptBlocked = false;
    bool childBlocked = false;
    auto thread = CoreThread::start({.name = "camera-of-the-long-name"}, [&] {
        char text[32] = {};
        pthread_getname_np(pthread_self(), text, sizeof text);
        name = text;
        sigset_t mask;
        pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        interruptBlocked = sigismember(&mask, SIGINT) == 1;
        childBlocked = sigismember(&mask, SIGCHLD) == 1;
    });
    REQUIRE(thread.ok());
    thread.value().join();
    CHECK(name == "camera-of-the-l");
    CHECK(interruptBlocked);
    CHECK(childBlocked);

    sigset_t own;
    pthread_sigmask(SIG_SETMASK, nullptr, &own);
    CHECK(sigismember(&own, SIGINT) == 0);
}

TEST_CASE("joinFor gives up on a thread that hangs, and joins it once it goes on") {
    std::promise<void> release;
    auto thread = CoreThread::start({.name = "hangs"}, [wait = release.get_future().share()] { wait.wait(); });
    REQUIRE(thread.ok());
    CHECK_FALSE(thread.value().joinFor(5));
    CHECK(thread.value().running());
    release.set_value();
    CHECK(thread.value().joinFor(5000));
    CHECK_FALSE(thread.value().running());
}

TEST_CASE("a written-off thread finishes alone and frees what it owns") {
    std::promise<void> release;
    auto owned = std::make_shared<int>(7);
    std::weak_ptr<int> watch = owned;
    std::promise<void> ended;
    {
        auto thread = CoreThread::start({.name = "alone"}, [wait = release.get_future().share(), owned, &ended] {
            wait.wait();
            ended.set_value();
        });
        REQUIRE(thread.ok());
        thread.value().writeOff();
    }
    owned.reset();
    CHECK_FALSE(watch.expired());
    release.set_value();
    ended.get_future().wait();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!watch.expired() && std::chrono::steady_clock::now() < deadline) sched_yield();
    CHECK(watch.expired());
}

TEST_CASE("an empty core thread needs no joining") {
    CoreThread none;
    CHECK_FALSE(none.running());
    none.join();
    CHECK(none.joinFor(0));
}

TEST_CASE("a thread that the system does not make is an error, and nothing of it stays") {
    const auto owned = std::make_shared<int>(7);
    std::optional<Result<CoreThread>> thread;
    withoutThreads([&] { thread = CoreThread::start({.name = "none"}, [owned] {}); });
    REQUIRE_FALSE(thread->ok());
    CHECK(thread->error().errnoValue == EAGAIN);
    CHECK(thread->error().step == "pthread_create");
    CHECK(owned.use_count() == 1);
    CHECK(CoreThread::start({.name = "again"}, [] {}).ok());
}
