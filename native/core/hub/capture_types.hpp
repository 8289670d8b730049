// What the capture side of the core takes and tells: plain values, no behaviour.
// Times named `...Us` are microseconds of CLOCK_MONOTONIC; `...WallMs` are milliseconds since 1970.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "pictures/jpeg_segments.hpp"
#include "base/result.hpp"

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
    /// What the pattern of a virtual camera follows.
    std::shared_ptr<const class VirtualControls> controls = nullptr;
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
    /// Close the device first, although it may run in this mode already; who waits for a frame waits on.
    bool anew = false;

    bool operator==(const CaptureRequest &) const = default;
};

/// The mode that the driver really set; may differ from the request in everything but the kind of format.
struct CaptureInfo {
    uint32_t width = 0;
    uint32_t height = 0;
    uint32_t fourcc = 0;
    Interval interval;
    uint32_t buffers = 0;
    /// Number of this start of the source, growing: events of the capture carry it too.
    uint64_t session = 0;
};

/// Which frame satisfies a reader: the newest one when it is at most `maxAgeMs` old, else the next one, which must come
/// within `timeoutMs`. A `maxAgeMs` of 0 always means a frame captured after the call.
struct FrameWish {
    int maxAgeMs = 0;
    int timeoutMs = 5000;
};

enum class FrameCodec : uint8_t {
    Jpeg,
    /// One access unit with start codes; an access unit delimiter stands behind it as the frame's trailer.
    H264,
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
    FrameCodec codec = FrameCodec::Jpeg;
    /// A decoder can start with it.
    bool keyframe = true;
};

struct SavedFrame {
    FrameFacts facts;
    std::string file;
    uint64_t sizeBytes = 0;
};

/// Most frames that wait for the reader of a feed.
inline constexpr size_t kFeedQueueFrames = 64;

enum class FeedPolicy {
    /// For live readers: who is slow gets the newest frame next, of H.264 the newest from the next key frame on.
    Newest,
    /// For recorders: every frame in order. When the queue is full, what comes is left out until half of it is taken (and a
    /// key frame comes, of H.264); the gap is told.
    Every,
};

struct FeedOptions {
    /// The feed ends as `stalled` when frames wait and its reader takes no byte for this long.
    int stallMs = 5000;
    FeedPolicy policy = FeedPolicy::Newest;
    FrameCodec codec = FrameCodec::Jpeg;
    /// The child is a decoder: what it writes (multipart JPEGs with lengths) becomes the source's JPEG frames.
    bool decodes = false;
    /// An end of a pipe that a child reads already: frames go into it, and there is no read end to hand over. Borrowed.
    int intoFd = -1;
};

struct FeedInfo {
    uint64_t id = 0;
    /// Read end of the pipe. Owned by the feed until `closeReadEnd`; hand it to a child, then close it there. -1 with `intoFd`.
    int readFd = -1;
    /// Of a decoder, for its output; else -1. As `readFd`.
    int writeFd = -1;
};

/// Frames that a feed left out, told with the first one that follows.
struct FeedGap {
    uint64_t missed = 0;
    /// Capture time of the first frame that is missing.
    int64_t atUs = 0;
};

struct FeedStats {
    uint64_t frames = 0;
    uint64_t bytes = 0;
    /// Frames that came while the reader was still busy with an older one and were replaced by a newer.
    uint64_t dropped = 0;
    /// Of feeds with a queue: how often it overflowed, and the frames left out.
    uint64_t gaps = 0;
    uint64_t missed = 0;
};

/// What happened to a stream beside its frames, and was cured.
enum class Incident {
    // A restart in the open device: nothing came, the wait failed or told an error, a call to take or give a buffer failed.
    RestartSilence,
    RestartPoll,
    RestartDequeue,
    RestartQueue,
    /// A buffer could not be taken, once: the stream went on.
    DequeueRetry,
    /// A transfer of the start failed and the second try at once did not.
    StartRetry,
};
inline constexpr size_t kIncidents = 6;

struct CaptureStats {
    bool running = false;
    /// Good frames from the device, and their bytes.
    uint64_t frames = 0;
    uint64_t bytes = 0;
    uint64_t lost = 0;
    uint64_t invalidJpeg = 0;
    /// `invalidJpeg` by reason, in the order of JpegReject.
    std::array<uint64_t, kJpegRejects> invalidReasons{};
    /// H.264 pictures that were none.
    uint64_t invalidUnits = 0;
    uint64_t errorFlag = 0;
    uint64_t encoderBusy = 0;
    uint64_t restarts = 0;
    /// In the order of Incident.
    std::array<uint64_t, kIncidents> incidents{};
    /// Over the last two seconds.
    double fps = 0;
    double bytesPerSecond = 0;
    /// 0 before the first frame.
    int64_t lastFrameAtUs = 0;
    /// Since the last good frame was captured; -1 before the first.
    int64_t lastFrameAgeUs = -1;
    /// Frames that the hub keeps now, but for those that are too old.
    size_t retained = 0;
};

/// Started: the device streams. Delivering: its first good frame. Stalled: no frame for too long; Restarted: frames again.
/// JpegWanted, JpegUnwanted: somebody waits for JPEGs of a camera that gives none, or nobody any more.
enum class CaptureState { Started, Delivering, Stalled, Restarted, Failed, Stopped, Gone, JpegWanted, JpegUnwanted };
enum class FeedEnd { Closed, BrokenPipe, Stalled };

/// A fact about one capture (`feed` is 0), or of one feed (`feed` is its id) a gap or its end (`feedEnd` says why).
struct CaptureEvent {
    std::string source;
    int64_t atUs = 0;
    CaptureState state = CaptureState::Started;
    /// As in CaptureInfo.
    uint64_t session = 0;
    /// Why, for Stalled, Failed and Gone.
    std::optional<Error> fault;
    uint64_t feed = 0;
    std::optional<FeedGap> gap;
    FeedEnd feedEnd = FeedEnd::Closed;
};

} // namespace camera
