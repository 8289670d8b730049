#include "devices/prober.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "awaiting.hpp"
#include "base/fault_code.hpp"

using namespace camera;
using namespace camera::test;

namespace {

/// A gate that jobs wait at; shared, since a written-off job may still stand there when the test is over.
struct Gate {
    std::promise<void> opener;
    std::shared_future<void> opened = opener.get_future().share();
    std::atomic<int> inside{0};
    std::atomic<int> left{0};

    void pass() {
        ++inside;
        opened.wait();
        ++left;
    }
};

JobSubject subject(const std::string &key, int deadlineMs = 10'000) { return {key, "/dev/" + key, deadlineMs}; }

} // namespace

TEST_CASE("a job runs on its own thread and is answered on the courier's") {
    Courier courier;
    Prober prober(kernel(), courier);
    std::thread::id worker;
    Awaited<Result<std::string>> answer;
    prober.submit<std::string>(
        subject("a"),
        [&](const Sys &) -> Result<std::string> {
            worker = std::this_thread::get_id();
            return std::string("answer");
        },
        answer.callback());
    REQUIRE(answer.get().has_value());
    CHECK(answer.get()->value() == "answer");
    CHECK(worker != std::this_thread::get_id());
    prober.stop(1'000);
    courier.stop(1'000);
}

TEST_CASE("jobs of one device run one after another, those of others beside them") {
    Courier courier;
    Prober prober(kernel(), courier);
    auto gate = std::make_shared<Gate>();
    Awaited<Result<int>> answers;
    for (const char *key : {"a", "a", "b"}) {
        prober.submit<int>(
            subject(key),
            [gate](const Sys &) -> Result<int> {
                gate->pass();
                return 1;
            },
            answers.callback());
    }
    REQUIRE(eventually([&] { return gate->inside == 2; }));
    gate->opener.set_value();
    REQUIRE(eventually([&] { return answers.count() == 3; }));
    prober.stop(1'000);
    courier.stop(1'000);
}

TEST_CASE("a hanging job is a timeout; its device is not asked again while it hangs, and others go on") {
    Courier courier;
    Prober prober(kernel(), courier, {.threads = 1, .maxThreads = 2});
    auto gate = std::make_shared<Gate>();
    Awaited<Result<int>> hung;
    Awaited<Result<int>> behind;
    const auto wait = [gate](const Sys &) -> Result<int> {
        gate->pass();
        return 1;
    };
    prober.submit<int>(subject("a", 30), wait, hung.callback());
    prober.submit<int>(subject("a", 30), wait, behind.callback());
    REQUIRE(hung.get().has_value());
    CHECK(faultCode(hung.get()->error()) == "TIMEOUT");
    CHECK(faultCode(behind.get()->error()) == "TIMEOUT");
    CHECK(gate->inside == 1); // the second did not cost a second thread

    const auto quick = [](const Sys &) -> Result<int> { return 2; };
    Awaited<Result<int>> other;
    prober.submit<int>(subject("b"), quick, other.callback());
    CHECK(other.get()->value() == 2);
    Awaited<Result<int>> again;
    prober.submit<int>(subject("a"), quick, again.callback());
    CHECK(faultCode(again.get()->error()) == "TIMEOUT");

    gate->opener.set_value();
    // Once the late thread is back its device may be asked.
    CHECK(eventually([&] {
        Awaited<Result<int>> later;
        prober.submit<int>(subject("a"), quick, later.callback());
        return later.get()->ok();
    }));
    CHECK(hung.count() == 1);
    prober.stop(1'000);
    courier.stop(1'000);
}

TEST_CASE("when every thread hangs, jobs fail instead of waiting for ever") {
    Courier courier;
    Prober prober(kernel(), courier, {.threads = 2, .maxThreads = 3});
    auto gate = std::make_shared<Gate>();
    for (const char *key : {"a", "b", "c"}) {
        Awaited<Result<int>> answer;
        prober.submit<int>(
            subject(key, 10),
            [gate](const Sys &) -> Result<int> {
                gate->pass();
                return 1;
            },
            answer.callback());
        CHECK(faultCode(answer.get()->error()) == "TIMEOUT");
    }
    Awaited<Result<int>> answer;
    prober.submit<int>(subject("d"), [](const Sys &) -> Result<int> { return 1; }, answer.callback());
    REQUIRE(answer.get().has_value());
    CHECK(answer.get()->error().errnoValue == EAGAIN);
    gate->opener.set_value();
    CHECK(eventually([&] { return gate->left == 3; }));
    prober.stop(1'000);
    courier.stop(1'000);
}

TEST_CASE("the queue is bounded") {
    Courier courier;
    Prober prober(kernel(), courier, {.threads = 1, .maxThreads = 1, .maxWaiting = 2});
    auto gate = std::make_shared<Gate>();
    Awaited<Result<int>> first;
    prober.submit<int>(
        subject("a"),
        [gate](const Sys &) -> Result<int> {
            gate->pass();
            return 1;
        },
        first.callback());
    REQUIRE(eventually([&] { return gate->inside == 1; }));
    Awaited<Result<int>> waiting;
    Awaited<Result<int>> refused;
    const auto quick = [](const Sys &) -> Result<int> { return 2; };
    prober.submit<int>(subject("b"), quick, waiting.callback());
    prober.submit<int>(subject("c"), quick, waiting.callback());
    prober.submit<int>(subject("d"), quick, refused.callback());
    CHECK(refused.get()->error().errnoValue == EAGAIN);
    gate->opener.set_value();
    CHECK(eventually([&] { return waiting.count() == 2; }));
    prober.stop(1'000);
    courier.stop(1'000);
}

TEST_CASE("stop answers every job once and leaves a hanging thread behind that owns what it touches") {
    Courier courier;
    auto gate = std::make_shared<Gate>();
    Awaited<Result<int>> answers;
    {
        Prober prober(kernel(), courier);
        for (const char *key : {"a", "a", "b"}) {
            prober.submit<int>(
                subject(key),
                [gate](const Sys &) -> Result<int> {
                    gate->pass();
                    return 1;
                },
                answers.callback());
        }
        REQUIRE(eventually([&] { return gate->inside == 2; }));
        prober.stop(20);
        Awaited<Result<int>> late;
        prober.submit<int>(subject("c"), [](const Sys &) -> Result<int> { return 1; }, late.callback());
        CHECK(faultCode(late.get()->error()) == "ABORTED");
    }
    courier.stop(1'000);
    CHECK(answers.count() == 3);
    CHECK(faultCode(answers.get()->error()) == "ABORTED");
    gate->opener.set_value();
    CHECK(eventually([&] { return gate->left == 2; }));
    CHECK(answers.count() == 3);
}
