#include "hub/frame_store.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <future>
#include <string>
#include <vector>

#include "awaiting.hpp"
#include "base/fault_code.hpp"
#include "frame_support.hpp"
#include "scratch_dir.hpp"
#include "without_threads.hpp"

using namespace camera;
using namespace camera::test;

namespace {

const std::vector<uint8_t> kBytes(20'000, 0x33);

} // namespace

TEST_CASE("the store answers each of many saves, and each file is there") {
    const ScratchDir dir;
    const auto pool = FramePool::create();
    FrameStore store(2, 256);
    std::vector<Awaited<Result<SavedFrame>>> answers(50);
    for (size_t i = 0; i < answers.size(); ++i) {
        store.save(makeFrame(*pool, kBytes, 1000), dir.path(), std::to_string(i) + ".jpg", answers[i].callback());
    }
    for (auto &answer : answers) {
        const auto saved = answer.get();
        REQUIRE(saved.has_value());
        REQUIRE(saved->ok());
        CHECK(saved->value().sizeBytes == kBytes.size());
        CHECK(saved->value().facts.capturedAtUs == 1000);
    }
    CHECK(dir.entries().size() == 50);
    CHECK(pool->allocations() <= 50);
}

TEST_CASE("a full queue says so at once, and stopping answers what waits") {
    const ScratchDir dir;
    const auto pool = FramePool::create();
    FrameStore store(1, 2);
    std::promise<void> release;
    std::promise<void> entered;
    store.save(makeFrame(*pool, kBytes, 1), dir.path(), "first", [&, wait = release.get_future().share()](const Result<SavedFrame> &) {
        entered.set_value();
        wait.wait();
    });
    entered.get_future().wait();
    Awaited<Result<SavedFrame>> second, third, fourth, late;
    store.save(makeFrame(*pool, kBytes, 1), dir.path(), "second", second.callback());
    store.save(makeFrame(*pool, kBytes, 1), dir.path(), "third", third.callback());
    store.save(makeFrame(*pool, kBytes, 1), dir.path(), "fourth", fourth.callback());
    REQUIRE(fourth.count() == 1);
    CHECK(fourth.get()->error().errnoValue == EBUSY);
    CHECK(faultCode(fourth.get()->error()) == "IO");
    CHECK_FALSE(store.stop(5));
    CHECK(faultCode(second.get()->error()) == "ABORTED");
    CHECK(faultCode(third.get()->error()) == "ABORTED");
    store.save(makeFrame(*pool, kBytes, 1), dir.path(), "late", late.callback());
    CHECK(faultCode(late.get()->error()) == "ABORTED");
    release.set_value();
    CHECK(dir.entries() == std::vector<std::string>{"first"});
}

TEST_CASE("without a thread to write it a frame is refused at once, and the next one is not") {
    const ScratchDir dir;
    const auto pool = FramePool::create();
    FrameStore store(2, 256);
    Awaited<Result<SavedFrame>> refused, saved;
    withoutThreads([&] { store.save(makeFrame(*pool, kBytes, 1), dir.path(), "refused", refused.callback()); });
    REQUIRE(refused.count() == 1);
    CHECK(refused.get()->error().errnoValue == EAGAIN);
    CHECK(faultCode(refused.get()->error()) == "IO");
    store.save(makeFrame(*pool, kBytes, 1), dir.path(), "saved", saved.callback());
    REQUIRE(saved.get().has_value());
    CHECK(saved.get()->ok());
    CHECK(dir.entries() == std::vector<std::string>{"saved"});
}
