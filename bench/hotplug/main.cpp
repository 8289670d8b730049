// hotplug PORT TOKEN CAMERAS CYCLES: pulls and plugs vivid (CAMERAS instances at /dev/video0…, known as camera0…) and prints, as one
// line of JSON, how many nanoseconds after the kernel's own event had been read here the service's notification was here.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "connection.hpp"
#include "cpu_time.hpp"
#include "uevents.hpp"
#include "websocket.hpp"

namespace {

constexpr int kDeadlineMs = 20'000;

bool tellDriver(const char *file) {
    const std::string path = std::string("/sys/bus/platform/drivers/vivid/") + file;
    const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    const bool told = fd >= 0 && write(fd, "vivid.0", 7) == 7;
    close(fd);
    return told;
}

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

/** Listens until both have come for all cameras. False after the deadline or when the service closed. */
bool collect(bench::Uevents &uevents, bench::Connection &connection, bool added, size_t cameras, Arrivals &arrivals) {
    const std::string_view topic = added ? "camera.connected" : "camera.disconnected";
    std::vector<char> buffer(64 * 1024);
    while (arrivals.kernel.size() < cameras || arrivals.service.size() < cameras) {
        pollfd fds[] = {{uevents.fd(), POLLIN, 0}, {connection.fd(), POLLIN, 0}};
        if (poll(fds, 2, kDeadlineMs) <= 0) return false;
        const uint64_t now = bench::nowNs();
        if (fds[0].revents != 0) {
            const auto event = uevents.receive();
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

/** One change of the driver; its differences are appended. */
bool change(bench::Uevents &uevents, bench::Connection &connection, bool plug, size_t cameras, std::vector<int64_t> &differences) {
    // The driver's file blocks until the change is done; the events come while it does.
    bool told = false;
    std::thread driver([&] { told = tellDriver(plug ? "bind" : "unbind"); });
    Arrivals arrivals;
    const bool collected = collect(uevents, connection, plug, cameras, arrivals);
    driver.join();
    for (const auto &[camera, at] : arrivals.kernel) {
        differences.push_back(static_cast<int64_t>(arrivals.service[camera]) - static_cast<int64_t>(at));
    }
    return told && collected;
}

void print(const char *name, const std::vector<int64_t> &values) {
    std::printf("\"%s\":[", name);
    for (size_t i = 0; i < values.size(); i++) std::printf("%s%" PRId64, i == 0 ? "" : ",", values[i]);
    std::printf("]");
}

}  // namespace

int main(int argc, char **argv) {
    if (argc != 5) {
        std::fprintf(stderr, "usage: hotplug PORT TOKEN CAMERAS CYCLES\n");
        return 64;
    }
    const auto cameras = static_cast<size_t>(std::atoi(argv[3]));
    bench::Uevents uevents;
    bench::Connection connection;
    const std::string subscribe = bench::textFrame(
        R"({"jsonrpc":"2.0","id":2,"method":"subscribe_events","params":{"topics":["camera.connected","camera.disconnected"]}})");
    if (uevents.fd() < 0 || !connection.open(static_cast<uint16_t>(std::atoi(argv[1])), "/ws", argv[2]) ||
        !connection.send(subscribe.data(), subscribe.size())) {
        return 1;
    }
    std::vector<int64_t> disconnected, connected;
    for (int cycle = 0; cycle < std::atoi(argv[4]); cycle++) {
        if (!change(uevents, connection, false, cameras, disconnected) || !change(uevents, connection, true, cameras, connected)) {
            std::fprintf(stderr, "hotplug: cycle %d: an event did not come\n", cycle);
            return 1;
        }
    }
    std::printf("{");
    print("disconnectedNs", disconnected);
    std::printf(",");
    print("connectedNs", connected);
    std::printf("}\n");
    return 0;
}
