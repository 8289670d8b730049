#include "courier.hpp"

#include <doctest/doctest.h>

#include <future>
#include <vector>

#include "awaiting.hpp"
#include "clock.hpp"

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
