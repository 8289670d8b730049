#include "frame.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "frame_support.hpp"

using namespace camera;
using namespace camera::test;

namespace {

std::span<const uint8_t> bytesOf(const std::string &text) {
    return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}
std::string textOf(std::span<const uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

} // namespace

TEST_CASE("header, bytes and trailer are one piece of memory") {
    const auto pool = FramePool::create();
    FrameDraft draft = pool->take(7);
    std::memcpy(draft.room().data(), "picture", 7);
    draft.setSize(7);
    draft.setHeader(bytesOf("Content-Length: 7\r\n\r\n"));
    draft.setTrailer(bytesOf("\r\n--frame\r\n"));
    const FramePtr frame = draft.finish();
    CHECK_FALSE(static_cast<bool>(draft));
    CHECK(textOf(frame->bytes()) == "picture");
    CHECK(textOf(frame->wire()) == "Content-Length: 7\r\n\r\npicture\r\n--frame\r\n");
    CHECK(frame->header().data() + frame->header().size() == frame->bytes().data());
}

TEST_CASE("a steady stream of varying sizes stops allocating") {
    const auto pool = FramePool::create(4);
    const std::vector<uint8_t> bytes(100'000);
    FramePtr held;
    const auto stream = [&](int frames) {
        for (int i = 0; i < frames; ++i) {
            held = makeFrame(*pool, std::span(bytes).first(30'000 + static_cast<size_t>(i * 7919 % 70'000)), i);
        }
    };
    stream(200);
    const size_t settled = pool->allocations();
    stream(1000);
    CHECK(pool->allocations() == settled);
    CHECK(settled < 20);
}

TEST_CASE("a block is reused only when its last owner has gone, and comes back empty") {
    const auto pool = FramePool::create();
    FramePtr first = makeFrame(*pool, bytesOf("one"), 1);
    FramePtr second = first;
    const uint8_t *address = first->bytes().data();
    first = {};
    CHECK(makeFrame(*pool, bytesOf("two"), 2)->bytes().data() != address);
    CHECK(textOf(second->bytes()) == "one");
    second = {};
    FrameDraft draft = pool->take(3);
    CHECK(draft.facts().capturedAtUs == 0);
    const FramePtr empty = draft.finish();
    CHECK(empty->bytes().empty());
    CHECK(empty->header().empty());
    CHECK(empty->trailer().empty());
}

TEST_CASE("frames outlive their pool and may be dropped on any thread") {
    FramePtr survivor;
    {
        const auto pool = FramePool::create();
        survivor = makeFrame(*pool, bytesOf("still here"), 1);
    }
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([copy = survivor] { CHECK(textOf(copy->bytes()) == "still here"); });
    }
    survivor = {};
    for (std::thread &thread : threads) thread.join();
}
