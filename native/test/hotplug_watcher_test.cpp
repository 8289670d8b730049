#include "devices/hotplug_watcher.hpp"

#include <doctest/doctest.h>
#include <linux/netlink.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <vector>

#include "awaiting.hpp"
#include "scratch_dir.hpp"

using namespace camera;
using namespace camera::test;

namespace {

using Kind = HotplugEvent::Kind;

struct Heard {
    std::mutex mutex;
    std::vector<HotplugEvent> events;

    HotplugWatcher::Listener listener() {
        return [this](HotplugEvent event) {
            const std::lock_guard lock(mutex);
            events.push_back(std::move(event));
        };
    }
    bool waitFor(Kind kind, int number) {
        return eventually([&] {
            const std::lock_guard lock(mutex);
            for (const HotplugEvent &event : events) {
                if (event.kind == kind && event.number == number) return true;
            }
            return false;
        });
    }
};

/// Fills the buffers of everybody who listens to uevents; 0, or the errno when that is not allowed. Nobody believes the messages:
/// they are not from the kernel.
int floodUevents() {
    const UniqueFd sender(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT));
    if (!sender.valid()) return errno;
    sockaddr_nl everybody{};
    everybody.nl_family = AF_NETLINK;
    everybody.nl_groups = 1;
    const std::string message(8000, 'x');
    // Twice what the socket asks for, and what the kernel adds to each.
    for (int i = 0; i < 1000; ++i) {
        const ssize_t sent = ::sendto(sender.get(), message.data(), message.size(), MSG_DONTWAIT,
                                      reinterpret_cast<const sockaddr *>(&everybody), sizeof everybody);
        if (sent < 0 && errno != ENOBUFS && errno != EAGAIN) return errno;
    }
    return 0;
}

std::string record(uint32_t mask, const std::string &name) {
    inotify_event head{};
    head.mask = mask;
    head.len = name.empty() ? 0 : 16;
    std::string bytes(reinterpret_cast<const char *>(&head), sizeof head);
    std::string padded = name;
    padded.resize(head.len, '\0');
    return bytes + padded;
}

} // namespace

TEST_CASE("creating, renaming, changing and deleting nodes is heard; other files are not") {
    const ScratchDir scratch;
    Heard heard;
    HotplugWatcher watcher;
    REQUIRE(watcher.start({.devDir = scratch.path(), .uevents = false}, heard.listener()).ok());
    CHECK(watcher.watchesDirectory());
    CHECK_FALSE(watcher.hearsUevents());
    const auto file = [&](const std::string &name) { return scratch.path() + "/" + name; };
    std::ofstream(file("null"));
    std::ofstream(file("video4"));
    CHECK(heard.waitFor(Kind::Node, 4));
    REQUIRE(::chmod(file("video4").c_str(), 0600) == 0);
    CHECK(heard.waitFor(Kind::Attributes, 4));
    std::filesystem::rename(file("video4"), file("video5"));
    CHECK(heard.waitFor(Kind::Node, 5));
    std::filesystem::rename(file("null"), file("video6"));
    CHECK(heard.waitFor(Kind::Node, 6));
    watcher.stop();
    const std::lock_guard lock(heard.mutex);
    for (const HotplugEvent &event : heard.events) CHECK(event.number >= 4);
}

TEST_CASE("a directory that is replaced is watched again, after a rescan") {
    const ScratchDir scratch;
    const std::string dev = scratch.path() + "/dev";
    std::filesystem::create_directory(dev);
    Heard heard;
    HotplugWatcher watcher;
    REQUIRE(watcher.start({.devDir = dev, .uevents = false, .retryMs = 5}, heard.listener()).ok());
    std::filesystem::remove_all(dev);
    REQUIRE(heard.waitFor(Kind::Rescan, -1));
    std::filesystem::create_directory(dev);
    const auto rescans = [&] {
        const std::lock_guard lock(heard.mutex);
        return std::count_if(heard.events.begin(), heard.events.end(), [](const auto &e) { return e.kind == Kind::Rescan; });
    };
    REQUIRE(eventually([&] { return rescans() >= 2; }));
    std::ofstream(dev + "/video1");
    CHECK(heard.waitFor(Kind::Node, 1));
}

TEST_CASE("without any source the watcher says why") {
    HotplugWatcher watcher;
    const Status status = watcher.start({.devDir = "/nonexistent", .uevents = false}, [](HotplugEvent) {});
    REQUIRE_FALSE(status.ok());
    CHECK(status.error().step == "inotify_add_watch");
    watcher.stop();
}

TEST_CASE("messages that the kernel had to drop become one look at everything") {
    const ScratchDir scratch;
    Heard heard;
    std::atomic<int> flooded{-1};
    const auto collect = heard.listener();
    HotplugWatcher watcher;
    // While it is busy with the first node, the watcher reads nothing.
    const Status started = watcher.start({.devDir = scratch.path(), .uevents = true}, [&](HotplugEvent event) {
        if (flooded < 0) flooded = floodUevents();
        collect(std::move(event));
    });
    REQUIRE(started.ok());
    std::ofstream(scratch.path() + "/video0").put('x');
    REQUIRE(heard.waitFor(Kind::Node, 0));
    if (!watcher.hearsUevents() || flooded != 0) {
        MESSAGE("uevents cannot be sent here (errno " << flooded << "): not tested");
        return;
    }
    CHECK(heard.waitFor(Kind::Rescan, -1));
    std::ofstream(scratch.path() + "/video1").put('x');
    CHECK(heard.waitFor(Kind::Node, 1));
}

TEST_CASE("inotify records: overflow is a rescan, a lost watch is said, damaged bytes are left alone") {
    std::vector<HotplugEvent> events;
    const auto keep = [&](HotplugEvent event) { events.push_back(std::move(event)); };
    CHECK(readInotifyRecords(record(IN_CREATE, "video0") + record(IN_ATTRIB, "video0") + record(IN_DELETE, "null"), keep));
    REQUIRE(events.size() == 2);
    CHECK(events[0].kind == Kind::Node);
    CHECK(events[1].kind == Kind::Attributes);

    events.clear();
    CHECK(readInotifyRecords(record(IN_Q_OVERFLOW, ""), keep));
    REQUIRE(events.size() == 1);
    CHECK(events[0].kind == Kind::Rescan);

    CHECK_FALSE(readInotifyRecords(record(IN_IGNORED, ""), keep));
    const std::string whole = record(IN_CREATE, "video1");
    events.clear();
    for (size_t cut = 0; cut < whole.size(); ++cut) CHECK(readInotifyRecords(std::string_view(whole).substr(0, cut), keep));
    CHECK(events.empty());
}
