#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace bench {

/** What one run does; each member is the command-line option of the same name (`--slow-rate`). */
struct ViewerOptions {
    uint16_t port = 0;
    std::string path = "/video_feed";
    /** Viewers that are measured. */
    int viewers = 100;
    /** Further viewers that take `slowRate` bytes per second and are not measured. */
    int slow = 0;
    int slowRate = 10'000;
    double warmupS = 1;
    double seconds = 4;
    /** Parts of another size than this are no frames (placeholders); 0: every part is one. */
    uint64_t frameBytes = 0;
    /** Rate of the camera; a viewer that sees more than 1 % less is not at full rate. */
    double fps = 30;
    /** Above 0: no measurement, but so many connections that each leave after one part, `viewers` at a time. */
    int cycles = 0;
    /** Each viewer comes from an address of its own in 127.0.0.0/8. */
    bool spread = false;
    /** Process whose CPU time is read; 0: none. */
    int serverPid = 0;
};

/** nullopt after a message on stderr. */
std::optional<ViewerOptions> parseViewerOptions(int argc, char **argv);

}  // namespace bench
