// What the capture side of the core takes and tells: plain values, no behaviour.
// Times named `...Us` are microseconds of CLOCK_MONOTONIC; `...WallMs` are milliseconds since 1970.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "jpeg_segments.hpp"
#include "result.hpp"

namespace camera {

/// Longest side of a picture that is believed.
inline constexpr uint32_t kMaxSidePx = 16384;

/// Where frames come from. `source` names one appearance of a camera (node and generation, or `virtual:N`) and is the key
/// of everything below; `node` is opened for it, unless the camera is virtual.
struct SourceAddress {
    std::string source;
    std::string node;
    bool isVirtual = false;
    /// Drawn into the pattern of a virtual camera.
    std::string label;
};

/// Seconds per frame as a fraction; 0/0 when unknown.
struct Interval {
    uint32_t num = 0;
    uint32_t den = 0;

    bool known() const { return num > 0 && den > 0; }
    double fps() const { return known() ? static_cast<double>(den) / num : 0.0; }
    bool operator==(const Interval &) const = default;
};

/// The wanted mode. `fourcc` is the kernel's V4L2_PIX_FMT_... value; virtual cameras make MJPG only.
struct CaptureRequest {
    uint32_t width = 0;
    uint32_t height = 0;
    uint32_t fourcc = 0;
    Interval interval;

    bool operator==(const CaptureRequest &) const = default;
};

/// The mode that the driver really set; may differ from the request in everything but the kind of format.
struct CaptureInfo {
    uint32_t width = 0;
    uint32_t height = 0;
    uint32_t fourcc = 0;
    Interval interval;
    uint32_t buffers = 0;
};

/// Which frame satisfies a reader: the newest one when it is at most `maxAgeMs` old, else the next one, which must come
/// within `timeoutMs`. A `maxAgeMs` of 0 always means a frame captured after the call.
struct FrameWish {
    int maxAgeMs = 0;
    int timeoutMs = 5000;
};

struct FrameFacts {
    uint32_t width = 0;
    uint32_t height = 0;
    /// The driver's counter; gaps are frames that the camera began and nobody got.
    uint32_t sequence = 0;
    /// Strictly increasing within one source.
    int64_t capturedAtUs = 0;
    /// When the driver handed the frame out.
    int64_t dequeuedAtUs = 0;
    int64_t capturedWallMs = 0;
};

struct SavedFrame {
    FrameFacts facts;
    std::string file;
    uint64_t sizeBytes = 0;
};

struct FeedOptions {
    /// The feed ends as `stalled` when frames wait and its reader takes no byte for this long.
    int stallMs = 5000;
};

struct FeedInfo {
    uint64_t id = 0;
    /// Read end of the pipe. Owned by the feed until `closeReadEnd`; hand it to a child, then close it there.
    int readFd = -1;
};

struct FeedStats {
    uint64_t frames = 0;
    uint64_t bytes = 0;
    /// Frames that came while the reader was still busy with an older one and were replaced by a newer.
    uint64_t dropped = 0;
};

struct CaptureStats {
    bool running = false;
    /// Good frames from the device, and their bytes.
    uint64_t frames = 0;
    uint64_t bytes = 0;
    uint64_t lost = 0;
    uint64_t invalidJpeg = 0;
    /// `invalidJpeg` by reason, in the order of JpegReject.
    std::array<uint64_t, kJpegRejects> invalidReasons{};
    uint64_t errorFlag = 0;
    uint64_t encoderBusy = 0;
    uint64_t restarts = 0;
    double fps = 0;
    /// 0 before the first frame.
    int64_t lastFrameAtUs = 0;
};

enum class CaptureState { Started, Stalled, Restarted, Failed, Stopped, Gone };
enum class FeedEnd { Closed, BrokenPipe, Stalled };

/// A fact about one capture (`feed` is 0) or the end of one feed (`feed` is its id, `feedEnd` says why).
struct CaptureEvent {
    std::string source;
    int64_t atUs = 0;
    CaptureState state = CaptureState::Started;
    /// Why, for Stalled, Failed and Gone.
    std::optional<Error> fault;
    uint64_t feed = 0;
    FeedEnd feedEnd = FeedEnd::Closed;
};

} // namespace camera
