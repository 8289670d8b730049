// arrivals: clients that connect, upgrade, log in, subscribe, and go or stay. Prints one line of JSON; exit 1 when one of them was refused or
// cut, 64 on wrong options.
#include <cinttypes>
#include <cstdio>
#include <memory>

#include "crowd.hpp"
#include "descriptor_limit.hpp"
#include "print.hpp"

namespace {

void print(const bench::ArrivalResult &r) {
    std::printf("{\"arrived\":%" PRIu64 ",\"seconds\":%.6f,\"perSecond\":%.1f,\"serverCpuNs\":%" PRIu64 ",\"ownCpuNs\":%" PRIu64 ",\"readyNs\":",
                r.arrived, r.seconds, static_cast<double>(r.arrived) / r.seconds, r.serverCpuNs, r.ownCpuNs);
    bench::printHistogram(r.readyNs);
    std::printf(",\"othersBeforeNs\":");
    bench::printHistogram(r.othersBeforeNs);
    std::printf(",\"othersNs\":");
    bench::printHistogram(r.othersNs);
    std::printf("}\n");
}

}  // namespace

int main(int argc, char **argv) {
    const auto options = bench::parseArrivalOptions(argc, argv);
    if (!options) return 64;
    bench::raiseDescriptorLimit();
    bench::Crowd crowd(*options);
    const auto result = std::make_unique<bench::ArrivalResult>();
    const bool done = crowd.open() && (options->storm > 0   ? crowd.runStorm(*result)
                                       : options->rate > 0 ? crowd.runOpenLoop(*result)
                                                           : crowd.runClosedLoop(*result));
    if (!done) return 1;
    print(*result);
    return 0;
}
