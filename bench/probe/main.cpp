// probe NODE ROUNDS: what asking a camera for everything costs, three ways in turn: the core's probe, a bare loop of the same
// ioctls, and v4l2-ctl as a whole process. Prints one line of JSON with nanoseconds per round.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "bare_probe.hpp"
#include "cpu_time.hpp"
#include "devices/v4l2_probe.hpp"

extern char **environ;

namespace {

/** Probes per round of the two that take less than a process. */
constexpr int kRepeats = 5;

/** False when the program could not be run or failed. */
bool runTool(const std::string &node) {
    std::string words[] = {"v4l2-ctl", "-d", node, "--all", "--list-formats-ext"};
    char *argv[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(), words[4].data(), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    pid_t pid = 0;
    const bool started = posix_spawnp(&pid, argv[0], &actions, nullptr, argv, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    return started && waitpid(pid, &status, 0) == pid && status == 0;
}

template <typename Work>
uint64_t timed(int repeats, Work &&work) {
    const uint64_t begin = bench::nowNs();
    for (int i = 0; i < repeats; i++) work();
    return (bench::nowNs() - begin) / static_cast<uint64_t>(repeats);
}

void print(const char *name, const std::vector<uint64_t> &values) {
    std::printf("\"%s\":[", name);
    for (size_t i = 0; i < values.size(); i++) std::printf("%s%" PRIu64, i == 0 ? "" : ",", values[i]);
    std::printf("]");
}

}  // namespace

int main(int argc, char **argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: probe NODE ROUNDS\n");
        return 64;
    }
    const std::string node = argv[1];
    const auto report = camera::probeNode(camera::kernel(), node);
    const uint32_t bareIoctls = bench::bareProbe(node.c_str());
    if (!report.ok() || bareIoctls == 0 || !runTool(node)) {
        std::fprintf(stderr, "probe: %s cannot be probed\n", node.c_str());
        return 1;
    }
    std::vector<uint64_t> ours, bare, tool;
    for (int round = 0; round < std::atoi(argv[2]); round++) {
        ours.push_back(timed(kRepeats, [&] { (void)camera::probeNode(camera::kernel(), node); }));
        bare.push_back(timed(kRepeats, [&] { bench::bareProbe(node.c_str()); }));
        tool.push_back(timed(1, [&] { runTool(node); }));
    }
    std::printf("{\"formats\":%zu,\"ioctls\":{\"ours\":%u,\"bare\":%u},", report.value().formats.size(), report.value().ioctls, bareIoctls);
    print("ours", ours);
    std::printf(",");
    print("bare", bare);
    std::printf(",");
    print("v4l2ctl", tool);
    std::printf("}\n");
    return 0;
}
