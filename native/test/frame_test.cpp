#include "hub/frame.hpp"

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

TEST_CASE("header, bytes and trailer are one piece, made when it is first asked for") {
    const auto pool = FramePool::create();
    FrameDraft draft = pool->take(7);
    std::memcpy(draft.room().data(), "picture", 7);
    draft.setSize(7);
    const FramePtr frame = draft.finish();
    CHECK_FALSE(static_cast<bool>(draft));
    const auto wire = frame->wire([](const Frame &dressed, FrameMargins margins) {
        margins.setHeader(bytesOf("Length: " + std::to_string(dressed.bytes().size()) + "\r\n\r\n"));
        margins.setTrailer(bytesOf("\r\n--frame\r\n"));
    });
    CHECK(textOf(wire) == "Length: 7\r\n\r\npicture\r\n--frame\r\n");
    CHECK(textOf(frame->bytes()) == "picture");
    CHECK(wire.data() + std::strlen("Length: 7\r\n\r\n") == frame->bytes().data());

    const auto again = frame->wire([](const Frame &, FrameMargins margins) { margins.setHeader(bytesOf("another")); });
    CHECK(textOf(again) == textOf(wire));
}

TEST_CASE("a frame that was dressed while it was made keeps that, and a block forgets it with its frame") {
    const auto pool = FramePool::create();
    FrameDraft draft = pool->take(1);
    draft.setSize(1);
    draft.dress([](const Frame &, FrameMargins margins) { margins.setHeader(bytesOf("own")); });
    FramePtr frame = draft.finish();
    CHECK(frame->wire([](const Frame &, FrameMargins margins) { margins.setHeader(bytesOf("other")); }).size() == 4);
    frame = {};
    FrameDraft next = pool->take(1);
    next.setSize(1);
    CHECK(next.finish()->wire([](const Frame &, FrameMargins) {}).size() == 1);
    CHECK(pool->allocations() == 1);
}

TEST_CASE("threads that ask for the wire form at once get the same whole one") {
    const auto pool = FramePool::create();
    for (int round = 0; round < 200; ++round) {
        const FramePtr frame = makeFrame(*pool, bytesOf("picture"), round + 1);
        std::vector<std::string> seen(3);
        {
            std::vector<std::jthread> threads;
            for (std::string &text : seen) {
                threads.emplace_back([&] {
                    text = textOf(frame->wire([](const Frame &, FrameMargins margins) {
                        margins.setHeader(bytesOf("head "));
                        margins.setTrailer(bytesOf(" tail"));
                    }));
                });
            }
        }
        for (const std::string &text : seen) CHECK(text == "head picture tail");
    }
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
    CHECK(empty->wire([](const Frame &, FrameMargins) {}).empty());
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
