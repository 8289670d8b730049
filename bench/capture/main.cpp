// capture NODE WIDTH HEIGHT FPS ROUNDS SECONDS: what taking frames off a camera costs, two ways in turn: the core's capture into its
// hub, and a bare loop. Prints one line of JSON with the processor time, frames and heap blocks of each round.
#include <linux/videodev2.h>

#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "allocations.hpp"
#include "bare_capture.hpp"
#include "capture/capture_manager.hpp"
#include "cpu_time.hpp"

namespace {

struct Mode {
    std::string node;
    uint32_t width = 0, height = 0, fps = 0;
};

struct Round {
    uint64_t cpuNs = 0, frames = 0, allocations = 0;
};

constexpr double kSettleS = 0.5;

uint64_t after(double seconds) { return bench::nowNs() + static_cast<uint64_t>(seconds * 1e9); }

void print(const char *name, const std::vector<Round> &rounds) {
    std::printf("\"%s\":[", name);
    for (size_t i = 0; i < rounds.size(); i++) {
        std::printf("%s{\"cpuNs\":%" PRIu64 ",\"frames\":%" PRIu64 ",\"allocations\":%" PRIu64 "}", i == 0 ? "" : ",", rounds[i].cpuNs,
                    rounds[i].frames, rounds[i].allocations);
    }
    std::printf("]");
}

/** Frames that the core counts while this thread sleeps. */
Round core(camera::CaptureManager &captures, const Mode &mode, double seconds) {
    std::promise<bool> started;
    const camera::CaptureRequest request{mode.width, mode.height, V4L2_PIX_FMT_MJPEG, {1, mode.fps}};
    captures.start({mode.node, mode.node, false, {}}, request, [&](auto result) { started.set_value(result.ok()); });
    if (!started.get_future().get()) return {};
    std::this_thread::sleep_for(std::chrono::duration<double>(kSettleS));
    const uint64_t frames = captures.stats(mode.node)->frames;
    const uint64_t blocks = bench::allocations(), cpu = bench::ownCpuNs();
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    Round round{bench::ownCpuNs() - cpu, 0, bench::allocations() - blocks};
    round.frames = captures.stats(mode.node)->frames - frames;
    std::promise<void> stopped;
    captures.stop(mode.node, [&](auto) { stopped.set_value(); });
    stopped.get_future().get();
    return round;
}

Round bare(const Mode &mode, double seconds) {
    bench::BareCapture capture(mode.node.c_str(), mode.width, mode.height, mode.fps);
    if (!capture.ok()) return {};
    capture.runUntil(after(kSettleS));
    const uint64_t blocks = bench::allocations(), cpu = bench::ownCpuNs();
    const uint64_t frames = capture.runUntil(after(seconds));
    return {bench::ownCpuNs() - cpu, frames, bench::allocations() - blocks};
}

}  // namespace

int main(int argc, char **argv) {
    if (argc != 7) {
        std::fprintf(stderr, "usage: capture NODE WIDTH HEIGHT FPS ROUNDS SECONDS\n");
        return 64;
    }
    const auto number = [&](int i) { return static_cast<uint32_t>(std::atoi(argv[i])); };
    const Mode mode{argv[1], number(2), number(3), number(4)};
    const double seconds = std::atof(argv[6]);
    camera::CaptureManager captures(camera::kernel(), {});
    std::vector<Round> ours, peer;
    for (uint32_t round = 0; round < number(5); round++) {
        ours.push_back(core(captures, mode, seconds));
        peer.push_back(bare(mode, seconds));
        if (ours.back().frames == 0 || peer.back().frames == 0) {
            std::fprintf(stderr, "capture: %s does not stream\n", argv[1]);
            return 1;
        }
    }
    std::printf("{");
    print("ours", ours);
    std::printf(",");
    print("bare", peer);
    std::printf("}\n");
    return 0;
}
