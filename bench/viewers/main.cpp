// viewers: load generator of MJPEG over HTTP on loopback. One thread, one epoll; pictures are thrown away in the kernel.
// Prints one line of JSON. Exit 1 when a stream broke, 64 on wrong options.
#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "descriptor_limit.hpp"
#include "runs.hpp"

namespace {

void print(bench::WatchResult &r, double fullFps) {
    auto &fps = r.fps;
    std::sort(fps.begin(), fps.end());
    const auto full = std::count_if(fps.begin(), fps.end(), [&](double rate) { return rate >= fullFps; });
    std::printf("{\"viewers\":%zu,\"seconds\":%.6f,\"atFullRate\":%td,\"fps\":{\"min\":%.2f,\"p1\":%.2f,\"median\":%.2f,\"max\":%.2f},",
                fps.size(), r.seconds, full, fps.front(), fps[fps.size() / 100], fps[fps.size() / 2], fps.back());
    std::printf("\"frames\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"foreign\":%" PRIu64 ",\"serverCpuNs\":%" PRIu64 ",\"ownCpuNs\":%" PRIu64
                ",\"ageNs\":{\"count\":%" PRIu64 ",\"p50\":%" PRIu64 ",\"p99\":%" PRIu64 ",\"p999\":%" PRIu64 ",\"max\":%" PRIu64 "}}\n",
                r.frames, r.bytes, r.foreign, r.serverCpuNs, r.ownCpuNs, r.ageNs.count(), r.ageNs.percentile(0.5), r.ageNs.percentile(0.99),
                r.ageNs.percentile(0.999), r.ageNs.max());
}

}  // namespace

int main(int argc, char **argv) {
    const auto options = bench::parseViewerOptions(argc, argv);
    if (!options) return 64;
    bench::raiseDescriptorLimit();
    if (options->cycles > 0) {
        const auto result = bench::churn(*options);
        if (!result) return 1;
        std::printf("{\"cycles\":%" PRIu64 ",\"seconds\":%.6f}\n", result->cycles, result->seconds);
        return 0;
    }
    auto result = bench::watch(*options);
    if (!result) return 1;
    print(*result, 0.99 * options->fps);
    return 0;
}
