#include "core_table.hpp"

#include <doctest/doctest.h>

#include <future>

#include "core_support.hpp"

using namespace camera;
using namespace camera::binding;
using namespace camera::test;

TEST_CASE("the last view out ends its core, the others do not") {
    CoreTable table;
    const uint32_t id = table.add(startCore(kernel(), virtualCameras(1), nullptr));
    CHECK(table.attach(id) != nullptr);
    table.detach(id);
    CHECK(table.attach(id) != nullptr);
    table.detach(id);
    table.detach(id);
    CHECK(table.attach(id) == nullptr);
    table.waitForStops(5000);
    table.detach(id); // one too many
}

TEST_CASE("everyone who asked for the end of a core hears of it, also late and twice") {
    CoreTable table;
    CoreLog log;
    const auto core = startCore(kernel(), virtualCameras(1), log.sink());
    REQUIRE(log.waitForDevice(DeviceEventType::Ready, "virtual:0"));
    const uint32_t id = table.add(core);
    REQUIRE(startCapture(*core, "virtual:0", kVirtualMode).ok());

    const auto stop = [&] { return answerOf<Done>([&](auto done) { table.stop(id, 2000, [done] { done(Done{}); }); }); };
    auto first = std::async(std::launch::async, stop);
    auto second = std::async(std::launch::async, stop);
    CHECK(first.get().ok());
    CHECK(second.get().ok());
    CHECK(stop().ok());
    CHECK_FALSE(core->captures().stats("virtual:0").value_or(CaptureStats{}).running);
}
