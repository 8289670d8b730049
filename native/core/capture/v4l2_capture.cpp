#include "capture/v4l2_capture.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/fault_code.hpp"
#include "devices/fourcc.hpp"
#include "h264/h264_controls.hpp"
#include "devices/v4l2_device.hpp"

namespace camera {

namespace {

constexpr uint32_t kWantedBuffers = 4; // 133 ms at 30 fps: survives any delay of ours, costs little memory
constexpr uint32_t kFewestBuffers = 2;
constexpr uint32_t kMostBuffers = 32;
constexpr size_t kMaxBufferBytes = 64U * 1024 * 1024;
constexpr int kMaxEvents = 64;
/// Frames between key frames: a second's, and no more than are kept for readers who join.
constexpr double kMostKeyFrameGap = 60;

bool isTransferFault(int errnoValue) {
    return errnoValue == EPROTO || errnoValue == ETIMEDOUT || errnoValue == EILSEQ || errnoValue == EPIPE;
}

using Planes = std::array<v4l2_plane, VIDEO_MAX_PLANES>;

bool isRgb(uint32_t fourcc) { return fourcc == V4L2_PIX_FMT_RGB24 || fourcc == V4L2_PIX_FMT_BGR24; }

/// What V4L2_MAP_QUANTIZATION_DEFAULT says when the driver leaves it open.
bool isLimitedRange(uint32_t fourcc, uint32_t quantization, uint32_t colorspace) {
    if (quantization == V4L2_QUANTIZATION_FULL_RANGE) return false;
    if (quantization == V4L2_QUANTIZATION_LIM_RANGE) return true;
    return !isRgb(fourcc) && colorspace != V4L2_COLORSPACE_JPEG;
}

/// 0, which is none, for a time that cannot be: some drivers pass on what another program says.
int64_t microsecondsOf(const timeval &time) {
    constexpr int64_t kPerSecond = 1'000'000;
    const bool sane = time.tv_sec >= 0 && time.tv_sec < INT64_MAX / kPerSecond && time.tv_usec >= 0 && time.tv_usec < kPerSecond;
    return sane ? int64_t{time.tv_sec} * kPerSecond + time.tv_usec : 0;
}

} // namespace

Result<std::unique_ptr<V4l2Capture>> V4l2Capture::open(const Sys &sys, const std::string &node, const CaptureRequest &request) {
    auto opened = openNode(sys, node);
    if (!opened.ok()) return opened.error();
    std::unique_ptr<V4l2Capture> capture(new V4l2Capture(sys, node));
    capture->device_ = std::move(opened.value().fd);
    const Status status = capture->configure(request);
    if (status.ok()) return capture;
    // Buffers that stay requested would keep others out until the descriptor is closed: that is next.
    capture->letGo();
    return status.error();
}

bool V4l2Capture::isJpeg() const { return isJpegFourcc(info_.fourcc); }

bool V4l2Capture::isH264() const { return isH264Fourcc(info_.fourcc); }

Status V4l2Capture::configure(const CaptureRequest &request) {
    v4l2_capability raw{};
    if (call(VIDIOC_QUERYCAP, &raw) < 0) return failed("VIDIOC_QUERYCAP");
    const Capability capability(raw);
    if (!capability.isVideoCapture() || !capability.canStream()) return Error{0, kStepNotACamera, node_};
    type_ = capability.captureType();
    if (Status status = setFormat(request); !status.ok()) return status;
    setRate(request.interval); // after the format, which resets the rate
    if (isH264()) H264Controls(sys_, device_.get()).prepare(static_cast<int>(std::clamp(info_.interval.fps(), 1.0, kMostKeyFrameGap)));
    if (Status status = makeBuffers(); !status.ok()) return status;
    return streamOn();
}

Status V4l2Capture::setFormat(const CaptureRequest &request) {
    for (bool otherPlanarity : {false, true}) {
        v4l2_format format{};
        format.type = type_;
        if (multiplanar()) {
            format.fmt.pix_mp.width = request.width;
            format.fmt.pix_mp.height = request.height;
            format.fmt.pix_mp.pixelformat = request.fourcc;
            format.fmt.pix_mp.field = V4L2_FIELD_ANY;
        } else {
            format.fmt.pix.width = request.width;
            format.fmt.pix.height = request.height;
            format.fmt.pix.pixelformat = request.fourcc;
            format.fmt.pix.field = V4L2_FIELD_ANY;
            format.fmt.pix.priv = V4L2_PIX_FMT_PRIV_MAGIC; // without it the driver may not tell the quantization
        }
        if (callTwice(VIDIOC_S_FMT, format) == 0) return adopt(format);
        if (errno != EINVAL || otherPlanarity) break;
        type_ = multiplanar() ? V4L2_BUF_TYPE_VIDEO_CAPTURE : V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
    }
    return failed("VIDIOC_S_FMT");
}

Status V4l2Capture::adopt(const v4l2_format &format) {
    const bool many = multiplanar();
    const v4l2_pix_format &pix = format.fmt.pix;
    const v4l2_pix_format_mplane &pixMp = format.fmt.pix_mp;
    info_.width = many ? pixMp.width : pix.width;
    info_.height = many ? pixMp.height : pix.height;
    info_.fourcc = many ? pixMp.pixelformat : pix.pixelformat;
    rawFormat_ = {.fourcc = info_.fourcc,
                  .width = info_.width,
                  .height = info_.height,
                  .bytesPerLine = many ? pixMp.plane_fmt[0].bytesperline : pix.bytesperline,
                  .limitedRange = many ? isLimitedRange(info_.fourcc, pixMp.quantization, pixMp.colorspace)
                                       : isLimitedRange(info_.fourcc, pix.quantization, pix.colorspace)};
    const bool sane = info_.width > 0 && info_.height > 0 && info_.width <= kMaxSidePx && info_.height <= kMaxSidePx;
    const bool usable = isJpeg() || isH264() || (isRawFormat(info_.fourcc) && rawBytes(rawFormat_) <= kMaxBufferBytes);
    if (!sane || !usable || (many && pixMp.num_planes != 1)) return Error{0, kStepFormat, node_};
    return done();
}

void V4l2Capture::setRate(const Interval &interval) {
    v4l2_streamparm parameters{};
    parameters.type = type_;
    if (call(VIDIOC_G_PARM, &parameters) < 0) return; // the rate cannot be set and is not known
    v4l2_fract &period = parameters.parm.capture.timeperframe;
    if (interval.known() && (parameters.parm.capture.capability & V4L2_CAP_TIMEPERFRAME) != 0) {
        v4l2_streamparm wanted{};
        wanted.type = type_;
        wanted.parm.capture.timeperframe = {interval.num, interval.den};
        if (call(VIDIOC_S_PARM, &wanted) == 0) period = wanted.parm.capture.timeperframe;
    }
    info_.interval = {period.numerator, period.denominator};
}

Status V4l2Capture::makeBuffers() {
    for (uint32_t count = kWantedBuffers;; --count) {
        const Status status = mapBuffers(count);
        if (status.ok() || status.error().errnoValue != ENOMEM || count == kFewestBuffers) return status;
        releaseBuffers();
    }
}

Status V4l2Capture::mapBuffers(uint32_t count) {
    const auto granted = requestBuffers(count);
    if (!granted.ok()) return granted.error();
    if (granted.value() < kFewestBuffers || granted.value() > kMostBuffers) return Error{ENOMEM, "VIDIOC_REQBUFS", node_};
    buffers_.resize(granted.value());
    for (uint32_t index = 0; index < granted.value(); ++index) {
        if (Status status = map(index); !status.ok()) return status;
    }
    info_.buffers = granted.value();
    return done();
}

Result<uint32_t> V4l2Capture::requestBuffers(uint32_t count) {
    v4l2_requestbuffers request{};
    request.count = count;
    request.type = type_;
    request.memory = V4L2_MEMORY_MMAP;
    if (call(VIDIOC_REQBUFS, &request) < 0) return failed("VIDIOC_REQBUFS");
    return request.count;
}

Status V4l2Capture::map(uint32_t index) {
    Planes planes{};
    v4l2_buffer buffer{};
    buffer.index = index;
    buffer.type = type_;
    buffer.memory = V4L2_MEMORY_MMAP;
    if (multiplanar()) {
        buffer.m.planes = planes.data();
        buffer.length = planes.size();
    }
    if (call(VIDIOC_QUERYBUF, &buffer) < 0) return failed("VIDIOC_QUERYBUF");
    const size_t length = multiplanar() ? planes[0].length : buffer.length;
    const uint32_t offset = multiplanar() ? planes[0].m.mem_offset : buffer.m.offset;
    if (length == 0 || length > kMaxBufferBytes) return Error{0, kStepFormat, node_};
    // Writable although we only read: some drivers refuse anything else.
    void *address = sys_.mmap(length, PROT_READ | PROT_WRITE, MAP_SHARED, device_.get(), static_cast<off_t>(offset));
    if (address == MAP_FAILED) return failed("mmap");
    buffers_[index].memory = MappedRegion(sys_, address, length);
    return done();
}

void V4l2Capture::releaseBuffers() {
    buffers_.clear(); // unmapped first, or the request is refused with EBUSY
    static_cast<void>(requestBuffers(0));
}

Status V4l2Capture::streamOn() {
    for (uint32_t index = 0; index < buffers_.size(); ++index) {
        if (buffers_[index].queued) continue;
        if (Status status = queue(index); !status.ok()) return status;
    }
    int type = static_cast<int>(type_);
    if (callTwice(VIDIOC_STREAMON, type) < 0) return failed("VIDIOC_STREAMON");
    return done();
}

Status V4l2Capture::queue(uint32_t index) {
    Planes planes{};
    v4l2_buffer buffer{};
    buffer.index = index;
    buffer.type = type_;
    buffer.memory = V4L2_MEMORY_MMAP;
    if (multiplanar()) {
        buffer.m.planes = planes.data();
        buffer.length = 1;
    }
    if (call(VIDIOC_QBUF, &buffer) < 0) return failed("VIDIOC_QBUF");
    buffers_[index].queued = true;
    return done();
}

Result<std::optional<FilledBuffer>> V4l2Capture::dequeue() {
    Planes planes{};
    v4l2_buffer buffer{};
    buffer.type = type_;
    buffer.memory = V4L2_MEMORY_MMAP;
    if (multiplanar()) {
        buffer.m.planes = planes.data();
        buffer.length = planes.size();
    }
    if (call(VIDIOC_DQBUF, &buffer) < 0) {
        if (errno == EAGAIN) return std::optional<FilledBuffer>();
        return failed("VIDIOC_DQBUF");
    }
    if (buffer.index >= buffers_.size() || !buffers_[buffer.index].queued) return Error{0, "buffer", node_};
    buffers_[buffer.index].queued = false;
    return std::optional(filled(buffer, planes[0]));
}

FilledBuffer V4l2Capture::filled(const v4l2_buffer &buffer, const v4l2_plane &plane) const {
    FilledBuffer result{.index = buffer.index,
                        .bytes = {},
                        .sequence = buffer.sequence,
                        .flags = buffer.flags,
                        .stampUs = microsecondsOf(buffer.timestamp),
                        .damaged = (buffer.flags & V4L2_BUF_FLAG_ERROR) != 0};
    const auto memory = buffers_[buffer.index].memory.bytes();
    const size_t used = multiplanar() ? plane.bytesused : buffer.bytesused;
    const size_t offset = multiplanar() ? plane.data_offset : 0; // counted in bytesused
    if (used > memory.size() || offset > used) {
        result.damaged = true;
    } else {
        result.bytes = memory.subspan(offset, used - offset);
    }
    return result;
}

Status V4l2Capture::restart() {
    int type = static_cast<int>(type_);
    if (call(VIDIOC_STREAMOFF, &type) < 0) return failed("VIDIOC_STREAMOFF");
    for (Buffer &buffer : buffers_) buffer.queued = false;
    return streamOn();
}

void V4l2Capture::discardEvents() {
    v4l2_event event{};
    for (int i = 0; i < kMaxEvents && call(VIDIOC_DQEVENT, &event) == 0; ++i) event = {};
}

void V4l2Capture::close() {
    if (!device_.valid()) return;
    int type = static_cast<int>(type_);
    static_cast<void>(call(VIDIOC_STREAMOFF, &type));
    releaseBuffers();
    device_.reset();
}

void V4l2Capture::letGo() {
    buffers_.clear();
    device_.reset();
}

int V4l2Capture::call(unsigned long request, void *argument) const {
    return retryIoctl(sys_, device_.get(), request, argument);
}

template <typename Argument> int V4l2Capture::callTwice(unsigned long request, Argument &argument) {
    const Argument wanted = argument;
    const int result = call(request, &argument);
    if (result >= 0 || !isTransferFault(errno)) return result;
    argument = wanted;
    const int second = call(request, &argument);
    if (second >= 0) ++retries_;
    return second;
}

Error V4l2Capture::failed(const char *step) const { return {errno, step, node_}; }

} // namespace camera
