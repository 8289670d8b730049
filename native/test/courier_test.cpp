#include "base/courier.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <future>
#include <thread>
#include <vector>

#include "awaiting.hpp"
#include "base/clock.hpp"

using namespace camera;
using namespace camera::test;

TEST_CASE("tasks run in order, timers at their time, cancelled ones never") {
    Courier courier;
    std::vector<int> order;
    std::promise<void> last;
    // One base for all, and far enough off that a busy machine posts the tasks before.
    const int64_t now = monotonicUs();
    const uint64_t cancelled = courier.postAt(now + 400'000, [&] { order.push_back(-1); });
    courier.cancel(cancelled);
    courier.postAt(now + 510'000, [&] {
        order.push_back(4);
        last.set_value();
    });
    courier.postAt(now + 500'000, [&] { order.push_back(3); });
    courier.post([&] { order.push_back(1); });
    courier.post([&] { order.push_back(2); });
    last.get_future().wait();
    CHECK(order == std::vector<int>{1, 2, 3, 4});
    courier.cancel(cancelled);
}

TEST_CASE("a sleep that a cancelled timer set is cut short by an earlier one, and ends in time for a later one") {
    Courier courier;
    // Asleep until a time for which nothing is left to do.
    courier.cancel(courier.postAt(monotonicUs() + 300'000, [] {}));
    std::promise<int64_t> early, late;
    const int64_t earlyUs = monotonicUs() + 20'000;
    const int64_t lateUs = earlyUs + 400'000;
    courier.postAt(lateUs, [&] { late.set_value(monotonicUs()); });
    courier.postAt(earlyUs, [&] { early.set_value(monotonicUs()); });
    const int64_t ranEarlyUs = early.get_future().get();
    CHECK(ranEarlyUs >= earlyUs);
    CHECK(ranEarlyUs < lateUs);
    CHECK(late.get_future().get() >= lateUs);
}

TEST_CASE("stopping runs what is posted, drops timers, and is final") {
    Courier courier;
    int ran = 0;
    courier.postAt(monotonicUs() + 60'000'000, [&] { ran += 100; });
    for (int i = 0; i < 10; ++i) courier.post([&] { ++ran; });
    CHECK(courier.stop(5000));
    CHECK(ran == 10);
    courier.post([&] { ++ran; });
    CHECK(courier.stop(5000));
    CHECK(ran == 10);
}

TEST_CASE("a task that hangs is left behind") {
    std::promise<void> release;
    std::promise<void> entered;
    std::promise<void> left;
    {
        Courier courier;
        courier.post([&, wait = release.get_future().share()] {
            entered.set_value();
            wait.wait();
            left.set_value();
        });
        entered.get_future().wait();
        CHECK_FALSE(courier.stop(5));
    }
    release.set_value();
    left.get_future().wait();
}

TEST_CASE("a task is carried out by the caller when nothing else runs") {
    Courier courier;
    std::thread::id ranOn;
    courier.run([&] { ranOn = std::this_thread::get_id(); });
    CHECK(ranOn == std::this_thread::get_id());
}

TEST_CASE("a task of a caller waits its turn behind the one that runs, and is carried out by the courier") {
    Courier courier;
    std::promise<void> entered;
    std::promise<void> release;
    std::promise<std::thread::id> second;
    std::thread first([&, wait = release.get_future().share()] {
        courier.run([&] {
            entered.set_value();
            wait.wait();
        });
    });
    entered.get_future().wait();
    bool timerRan = false;
    courier.postAt(monotonicUs(), [&] { timerRan = true; });
    courier.run([&] { second.set_value(std::this_thread::get_id()); });
    auto done = second.get_future();
    CHECK(done.wait_for(std::chrono::milliseconds(20)) == std::future_status::timeout);
    release.set_value();
    CHECK(done.get() != first.get_id());
    first.join();
    CHECK(courier.stop(5000));
    CHECK(timerRan);
}

TEST_CASE("tasks of many callers run one at a time, and none is lost") {
    Courier courier;
    constexpr int kEach = 2'000;
    int counted = 0; // no lock: the courier is one
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 4; ++caller) {
        callers.emplace_back([&] {
            for (int i = 0; i < kEach; ++i) {
                if (i % 3 == 0) courier.post([&] { ++counted; });
                else courier.run([&] { ++counted; });
            }
        });
    }
    for (std::thread &caller : callers) caller.join();
    CHECK(courier.stop(10'000));
    CHECK(counted == 4 * kEach);
}

TEST_CASE("stopping waits for the task of a caller") {
    Courier courier;
    std::promise<void> entered;
    std::promise<void> release;
    std::thread caller([&, wait = release.get_future().share()] {
        courier.run([&] {
            entered.set_value();
            wait.wait();
        });
    });
    entered.get_future().wait();
    CHECK_FALSE(courier.stop(5));
    release.set_value();
    CHECK(courier.stop(5000));
    caller.join();
}
