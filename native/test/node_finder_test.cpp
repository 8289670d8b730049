#include "devices/node_finder.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fstream>

#include "device_stage.hpp"

using namespace camera;
using namespace camera::test;

namespace {

NodeFinder finderOf(const DeviceStage &stage, bool relaxed = true) {
    return NodeFinder({stage.devDir(), stage.sysfsDir(), 0, 255, relaxed});
}

std::vector<int> numbers(const NodeFinder &finder) {
    std::vector<int> found;
    for (const NodeFacts &facts : finder.list()) found.push_back(facts.number);
    return found;
}

} // namespace

TEST_CASE("nodes are listed by number, and only video nodes") {
    DeviceStage stage(false);
    for (const int number : {10, 9, 0}) stage.plugNode(number, ScriptedCamera::webcam());
    for (const char *other : {"vbi0", "video", "video1x", "radio0", "video0001"}) std::ofstream(stage.devDir() + "/" + other);
    CHECK(numbers(finderOf(stage)) == std::vector<int>{0, 9, 10});
}

TEST_CASE("the range is a range, with both ends in it") {
    DeviceStage stage(false);
    for (const int number : {1, 2, 3, 4, 5}) stage.plugNode(number, ScriptedCamera::webcam());
    CHECK(numbers(NodeFinder({stage.devDir(), stage.sysfsDir(), 2, 4, true})) == std::vector<int>{2, 3, 4});
}

TEST_CASE("a plain file is no device node unless a test says so") {
    DeviceStage stage(false);
    stage.plugNode(0, ScriptedCamera::webcam());
    CHECK(numbers(finderOf(stage, false)).empty());
}

TEST_CASE("a node that the kernel does not know, or under another number, is absent") {
    DeviceStage stage;
    stage.plugPlatform(0, 0, ScriptedCamera::webcam(), "csi.0");
    stage.plugNode(1, ScriptedCamera::webcam()); // no entry in sysfs
    CHECK(numbers(finderOf(stage)) == std::vector<int>{0});

    std::filesystem::remove(stage.node(0));
    if (::mknod(stage.node(0).c_str(), S_IFCHR | 0600, makedev(81, 0)) != 0) {
        MESSAGE("not run: no permission to make device nodes");
        return;
    }
    CHECK(numbers(finderOf(stage, false)) == std::vector<int>{0});
    std::filesystem::remove(stage.node(0));
    REQUIRE(::mknod(stage.node(0).c_str(), S_IFCHR | 0600, makedev(81, 5)) == 0);
    CHECK(numbers(finderOf(stage, false)).empty());
}

TEST_CASE("a node made anew is another appearance") {
    DeviceStage stage;
    stage.plugUsb(0, 0, ScriptedCamera::webcam());
    const NodeFinder finder = finderOf(stage);
    const auto before = finder.look(0);
    REQUIRE(before.has_value());
    CHECK(before->sameAppearance(*finder.look(0)));
    REQUIRE(::chmod(stage.node(0).c_str(), 0600) == 0);
    CHECK(before->sameAppearance(*finder.look(0)));
    stage.pull(0);
    CHECK_FALSE(finder.look(0).has_value());
    stage.plugUsb(0, 0, ScriptedCamera::webcam());
    CHECK_FALSE(before->sameAppearance(*finder.look(0)));
}

TEST_CASE("siblings are the nodes of one device") {
    DeviceStage stage;
    stage.plugUsb(0, 0, ScriptedCamera::webcam());
    stage.plugUsb(1, 1, ScriptedCamera::metadata());
    stage.plugUsb(2, 0, ScriptedCamera::webcam(), {.device = "1-5"});
    const NodeFinder finder = finderOf(stage);
    CHECK(finder.siblings(*finder.look(0)) == std::vector<int>{0, 1});
    CHECK(finder.siblings(*finder.look(2)) == std::vector<int>{2});
}
