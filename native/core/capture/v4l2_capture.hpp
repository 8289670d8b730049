// A device that streams into mapped buffers: format, rate, buffers, stream on, dequeue, stream off. Knows the kernel's
// calls and no policy; for one thread, and every function may block for as long as the driver does.
#pragma once

#include <linux/videodev2.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hub/capture_types.hpp"
#include "base/mapped_region.hpp"
#include "pictures/raw_image.hpp"
#include "base/result.hpp"
#include "base/sys.hpp"

namespace camera {

/// One filled buffer; borrowed until it is queued again.
struct FilledBuffer {
    uint32_t index = 0;
    /// Empty when the driver delivered nothing or lied about how much.
    std::span<const uint8_t> bytes;
    uint32_t sequence = 0;
    /// V4L2_BUF_FLAG_...
    uint32_t flags = 0;
    int64_t stampUs = 0;
    /// The driver says so, or what it says about the size cannot be.
    bool damaged = false;
};

class V4l2Capture {
public:
    /// Opens `node` and streams; a failure leaves nothing open. The error's step is the call. `unsupported_format` when the
    /// driver answers with a format that is neither JPEG, H.264 nor raw.
    static Result<std::unique_ptr<V4l2Capture>> open(const Sys &sys, const std::string &node, const CaptureRequest &request);
    V4l2Capture(const V4l2Capture &) = delete;
    V4l2Capture &operator=(const V4l2Capture &) = delete;
    /// As `letGo`.
    ~V4l2Capture() { letGo(); }

    const CaptureInfo &info() const { return info_; }
    bool isJpeg() const;
    bool isH264() const;
    const RawFormat &rawFormat() const { return rawFormat_; }
    int fd() const { return device_.get(); }
    /// Transfers that failed and did not at the second try, since this was asked last.
    uint64_t takeRetries() { return std::exchange(retries_, 0); }

    /// Nothing when no frame is ready. Error of step "VIDIOC_DQBUF"; of step "buffer" when the driver names one that it does
    /// not have.
    Result<std::optional<FilledBuffer>> dequeue();
    Status queue(uint32_t index);
    /// Stream off, all buffers queued, stream on.
    Status restart();
    /// Drains what POLLPRI announces.
    void discardEvents();

    /// Stops in order; failures are ignored.
    void close();
    /// The device is gone: unmap and close, nothing that could wait for it.
    void letGo();

private:
    struct Buffer {
        MappedRegion memory;
        bool queued = false;
    };

    V4l2Capture(const Sys &sys, std::string node) : sys_(sys), node_(std::move(node)) {}

    Status configure(const CaptureRequest &request);
    Status setFormat(const CaptureRequest &request);
    Status adopt(const v4l2_format &format);
    void setRate(const Interval &interval);
    Status makeBuffers();
    Status mapBuffers(uint32_t count);
    Result<uint32_t> requestBuffers(uint32_t count);
    Status map(uint32_t index);
    void releaseBuffers();
    Status streamOn();
    bool multiplanar() const { return type_ == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE; }
    FilledBuffer filled(const v4l2_buffer &buffer, const v4l2_plane &plane) const;
    int call(unsigned long request, void *argument) const;
    /// For the calls of a start that talk to the camera: a transfer that failed is tried a second time, at once.
    template <typename Argument> int callTwice(unsigned long request, Argument &argument);
    Error failed(const char *step) const;

    // Passed in.
    const Sys &sys_;
    const std::string node_;
    // Owned; the buffers go before the descriptor.
    DeviceFd device_;
    std::vector<Buffer> buffers_;
    // State.
    uint32_t type_ = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    CaptureInfo info_;
    RawFormat rawFormat_;
    uint64_t retries_ = 0;
};

} // namespace camera
