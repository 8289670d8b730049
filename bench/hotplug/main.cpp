// hotplug vivid|FOLDER PORT TOKEN CAMERAS CYCLES: pulls and plugs cameras, those of vivid or nodes in a folder, and prints, as one line
// of JSON, how many nanoseconds after the kernel's own event had been read here the service's notification was here.
#include <poll.h>

#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "connection.hpp"
#include "cpu_time.hpp"
#include "folder_cameras.hpp"
#include "vivid_cameras.hpp"
#include "websocket.hpp"

namespace {

constexpr int kDeadlineMs = 20'000;
/** Between two changes of a camera: one that comes five times in ten seconds flaps and is asked later, and this is not about that. */
constexpr auto kPause = std::chrono::milliseconds(1'200);

/** Number N of "device":"cameraN" in a notification of this topic; -1 when it is another message. */
int cameraOf(std::string_view text, std::string_view topic) {
    constexpr std::string_view kDevice = "\"device\":\"camera";
    const size_t at = text.find(kDevice);
    if (text.find(topic) == std::string_view::npos || at == std::string_view::npos) return -1;
    return std::atoi(std::string(text.substr(at + kDevice.size(), 4)).c_str());
}

/** When the kernel's event and when the notification came, per camera. */
struct Arrivals {
    std::map<int, uint64_t> kernel;
    std::map<int, uint64_t> service;
};

/** Listens until both have come for as many cameras. False after the deadline or when the service closed. */
bool collect(bench::Cameras &source, bench::Connection &connection, bool added, size_t cameras, Arrivals &arrivals) {
    const std::string_view topic = added ? "camera.connected" : "camera.disconnected";
    std::vector<char> buffer(64 * 1024);
    while (arrivals.kernel.size() < cameras || arrivals.service.size() < cameras) {
        pollfd fds[] = {{source.fd(), POLLIN, 0}, {connection.fd(), POLLIN, 0}};
        if (poll(fds, 2, kDeadlineMs) <= 0) return false;
        const uint64_t now = bench::nowNs();
        if (fds[0].revents != 0) {
            const auto event = source.receive();
            if (event && event->added == added) arrivals.kernel.try_emplace(event->node, now);
        }
        if (fds[1].revents != 0) {
            const bool open = connection.receive(buffer, [&](std::string_view text) {
                const int camera = cameraOf(text, topic);
                if (camera >= 0) arrivals.service.try_emplace(camera, now);
            });
            if (!open) return false;
        }
    }
    return true;
}

/** One change of a unit; its differences are appended. */
bool change(bench::Cameras &source, bench::Connection &connection, size_t unit, bool plug, std::vector<int64_t> &differences) {
    std::this_thread::sleep_for(kPause / source.units());
    // A driver blocks until its change is done; the events come while it does.
    bool told = false;
    std::thread driver([&] { told = source.change(unit, plug); });
    Arrivals arrivals;
    const bool collected = collect(source, connection, plug, source.camerasOfUnit(), arrivals);
    driver.join();
    for (const auto &[camera, at] : arrivals.kernel) {
        differences.push_back(static_cast<int64_t>(arrivals.service[camera]) - static_cast<int64_t>(at));
    }
    return told && collected;
}

/** Every unit once, one after the other. */
bool changeAll(bench::Cameras &source, bench::Connection &connection, bool plug, std::vector<int64_t> &differences) {
    for (size_t unit = 0; unit < source.units(); unit++) {
        if (!change(source, connection, unit, plug, differences)) return false;
    }
    return true;
}

void print(const char *name, const std::vector<int64_t> &values) {
    std::printf("\"%s\":[", name);
    for (size_t i = 0; i < values.size(); i++) std::printf("%s%" PRId64, i == 0 ? "" : ",", values[i]);
    std::printf("]");
}

}  // namespace

int main(int argc, char **argv) {
    if (argc != 6) {
        std::fprintf(stderr, "usage: hotplug vivid|FOLDER PORT TOKEN CAMERAS CYCLES\n");
        return 64;
    }
    const std::string where = argv[1];
    const auto cameras = static_cast<size_t>(std::atoi(argv[4]));
    std::unique_ptr<bench::Cameras> source;
    if (where == "vivid") {
        source = std::make_unique<bench::VividCameras>(cameras);
    } else {
        source = std::make_unique<bench::FolderCameras>(where, cameras);
    }
    bench::Connection connection;
    const std::string subscribe = bench::textFrame(
        R"({"jsonrpc":"2.0","id":2,"method":"subscribe_events","params":{"topics":["camera.connected","camera.disconnected"]}})");
    if (source->fd() < 0 || !connection.open(static_cast<uint16_t>(std::atoi(argv[2])), "/ws", argv[3]) ||
        !connection.send(subscribe.data(), subscribe.size())) {
        return 1;
    }
    std::vector<int64_t> disconnected, connected;
    const int cycles = std::atoi(argv[5]);
    for (int cycle = 0; cycle <= cycles; cycle++) {
        if (!changeAll(*source, connection, false, disconnected) || !changeAll(*source, connection, true, connected)) {
            std::fprintf(stderr, "hotplug: cycle %d: an event did not come\n", cycle);
            return 1;
        }
        // The first one is the warm-up.
        if (cycle == 0) {
            disconnected.clear();
            connected.clear();
        }
    }
    std::printf("{");
    print("disconnectedNs", disconnected);
    std::printf(",");
    print("connectedNs", connected);
    std::printf("}\n");
    return 0;
}
