// All captures of one core, by source: starts and stops them, hands out their frames, writes frames to disk and into pipes.
// The frames of a source flow through one FrameHub that outlives the capture, so readers survive its restarts.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hub/capture_types.hpp"
#include "hub/frame.hpp"
#include "hub/frame_hub.hpp"
#include "base/result.hpp"
#include "base/sys.hpp"

namespace camera {

inline constexpr int64_t kAnyAgeUs = int64_t{365} * 24 * 3600 * 1'000'000;

struct CaptureOptions {
    /// Threads that turn raw frames into JPEG; started with the first raw capture.
    int encoderThreads = 2;
    /// Quality of JPEGs made from raw frames and by virtual cameras, 1 to 100.
    int jpegQuality = 80;
    /// Deadline of `start`: open, format, buffers and stream on. Past it the start fails with TIMEOUT.
    int startTimeoutMs = 5000;
    /// Deadline of the first frame; past it the stall cure begins.
    int firstFrameMs = 5000;
    /// Longest silence of a running stream is the larger of this and 5 frame intervals; then it is restarted in place.
    int stallMs = 1000;
    /// A stream without a good frame for the larger of this and 5 frame intervals is said to stall.
    int stalledMs = 2000;
    /// Deadline of `stop`. Past it the stuck thread is written off and the stop fails with TIMEOUT.
    int stopTimeoutMs = 2000;
    /// Threads and waiting jobs of the frame store.
    int storeThreads = 2;
    int storeQueue = 256;
    /// Complete JPEGs whose tail the bus lost instead of dropping them (decoders then paint grey below).
    bool allowTruncated = false;
};

/// All functions may be called from any thread, take a lock for microseconds, and never wait for a device or a disk.
/// Callbacks and the listener run on threads of the core, never inside the call that registered them, each callback exactly
/// once. After `shutdown` everything answers `aborted`, then inside the call. Callbacks must not block. Errors name their code through `faultCode` (fault_code.hpp).
class CaptureManager {
public:
    template <typename T>
    using Callback = std::function<void(Result<T>)>;
    using Listener = std::function<void(const CaptureEvent &)>;

    /// `sys` is copied: a thread stuck in it may outlive this object.
    CaptureManager(const Sys &sys, CaptureOptions options);
    CaptureManager(const CaptureManager &) = delete;
    CaptureManager &operator=(const CaptureManager &) = delete;
    /// Shuts down with the default deadline if nobody did.
    ~CaptureManager();

    /// Set before the first `start`; called in the order of events per source.
    void setListener(Listener listener);

    /// Opens the device and streams. Answers after stream on; the first frame may come up to seconds later.
    /// Running with the same request: answers the running mode. Running with another one: the capture changes mode, readers
    /// stay; likewise when it is asked to start anew. Errors: EBUSY CAMERA_BUSY, ENOSPC NO_BANDWIDTH, ENODEV/ENXIO/ENOENT
    /// CAMERA_GONE, EACCES/EPERM NO_PERMISSION, UNSUPPORTED_FORMAT, TIMEOUT, ABORTED (stopped meanwhile).
    void start(const SourceAddress &address, const CaptureRequest &request, Callback<CaptureInfo> done);

    /// Answers when the device is closed; at once when nothing runs. Feeds of the source stay open and wait.
    void stop(const std::string &source, Callback<Done> done);

    /// The device vanished (hotplug saw it first): the capture is closed, event Gone. Nothing to do when none runs.
    void gone(const std::string &source);

    /// One JPEG from the hub. Errors: NOT_STREAMING, TIMEOUT, CAMERA_GONE, ABORTED.
    void grab(const std::string &source, const FrameWish &wish, Callback<FramePtr> done);

    /// One key frame of a capture in H.264, its parameter sets inside; the camera is asked for one when the newest is too old.
    /// Errors as of `grab`; TIMEOUT also for a camera that gives no H.264.
    void grabKeyFrame(const std::string &source, const FrameWish &wish, Callback<FramePtr> done);

    /// `grab`, then writes the JPEG into `dir` as `name` (no separator, not hidden): durable and whole when answered, never
    /// over an existing file. Errors: those of grab, DISK_FULL, IO with errno (EEXIST, EACCES, EROFS, ENOENT, EBUSY: too
    /// many waiting, EAGAIN: no thread to write it), INVALID_PATH.
    void save(const std::string &source, const FrameWish &wish, const std::string &dir, const std::string &name,
              Callback<SavedFrame> done);

    /// A pipe that carries the source's frames one after the other. Needs no running capture.
    /// Errors: EMFILE and the like of step "pipe2", ABORTED after shutdown.
    Result<FeedInfo> openFeed(const std::string &source, const FeedOptions &options);
    /// Closes our copy of the read end: to be called once the child has it. Nothing to do when unknown.
    void closeReadEnd(uint64_t feed);
    /// Ends the feed; event `Closed`. Nothing to do when unknown.
    void closeFeed(uint64_t feed);
    std::optional<FeedStats> feedStats(uint64_t feed) const;

    /// Encode raw frames also while nobody waits (a viewer wants the newest frame at once). Counted: each true needs a false.
    void keepEncoding(const std::string &source, bool keep);

    /// Where the frames of the source are published, now or later. Null after shutdown.
    std::shared_ptr<FrameHub> hub(const std::string &source);

    /// Frames that the hub of the source keeps, 1 to 64.
    void setRetained(const std::string &source, size_t frames);
    /// Quality of JPEGs that we make of the source's frames, 1 to 100; at once.
    void setJpegQuality(const std::string &source, int quality);

    /// Empty for a source that never captured. `maxFrameAgeUs` is the age up to which frames count as retained.
    std::optional<CaptureStats> stats(const std::string &source, int64_t maxFrameAgeUs = kAnyAgeUs) const;

    /// Stops everything and joins the threads; those stuck in the kernel are written off after `timeoutMs`. Blocks at most
    /// that long (plus a few ms). Idempotent. Every pending callback runs with `aborted` before it returns.
    void shutdown(int timeoutMs);

private:
    struct Core;
    std::unique_ptr<Core> core_;
};

} // namespace camera
