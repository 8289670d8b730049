#include "scripted_device.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

namespace camera::test {

namespace {

uint32_t bytesPerLine(uint32_t pixelformat, uint32_t width) {
    switch (pixelformat) {
    case V4L2_PIX_FMT_YUYV:
    case V4L2_PIX_FMT_UYVY: return width * 2;
    case V4L2_PIX_FMT_RGB24:
    case V4L2_PIX_FMT_BGR24: return width * 3;
    case V4L2_PIX_FMT_NV12:
    case V4L2_PIX_FMT_YUV420:
    case V4L2_PIX_FMT_GREY: return width;
    default: return 0; // compressed
    }
}

size_t imageBytes(uint32_t pixelformat, uint32_t line, uint32_t width, uint32_t height) {
    if (line == 0) return size_t{width} * height * 2;
    const bool planar = pixelformat == V4L2_PIX_FMT_NV12 || pixelformat == V4L2_PIX_FMT_YUV420;
    return planar ? size_t{line} * height * 3 / 2 : size_t{line} * height;
}

size_t wholePages(size_t bytes) {
    constexpr size_t kPage = 4096;
    return (bytes + kPage - 1) / kPage * kPage;
}

} // namespace

const char *ioctlName(unsigned long request) {
    switch (request) {
    case VIDIOC_QUERYCAP: return "VIDIOC_QUERYCAP";
    case VIDIOC_ENUMINPUT: return "VIDIOC_ENUMINPUT";
    case VIDIOC_G_INPUT: return "VIDIOC_G_INPUT";
    case VIDIOC_S_INPUT: return "VIDIOC_S_INPUT";
    case VIDIOC_ENUM_FMT: return "VIDIOC_ENUM_FMT";
    case VIDIOC_ENUM_FRAMESIZES: return "VIDIOC_ENUM_FRAMESIZES";
    case VIDIOC_ENUM_FRAMEINTERVALS: return "VIDIOC_ENUM_FRAMEINTERVALS";
    case VIDIOC_G_FMT: return "VIDIOC_G_FMT";
    case VIDIOC_S_FMT: return "VIDIOC_S_FMT";
    case VIDIOC_TRY_FMT: return "VIDIOC_TRY_FMT";
    case VIDIOC_G_PARM: return "VIDIOC_G_PARM";
    case VIDIOC_S_PARM: return "VIDIOC_S_PARM";
    case VIDIOC_REQBUFS: return "VIDIOC_REQBUFS";
    case VIDIOC_QUERYBUF: return "VIDIOC_QUERYBUF";
    case VIDIOC_QBUF: return "VIDIOC_QBUF";
    case VIDIOC_DQBUF: return "VIDIOC_DQBUF";
    case VIDIOC_STREAMON: return "VIDIOC_STREAMON";
    case VIDIOC_STREAMOFF: return "VIDIOC_STREAMOFF";
    case VIDIOC_QUERYCTRL: return "VIDIOC_QUERYCTRL";
    case VIDIOC_QUERY_EXT_CTRL: return "VIDIOC_QUERY_EXT_CTRL";
    case VIDIOC_QUERYMENU: return "VIDIOC_QUERYMENU";
    case VIDIOC_G_CTRL: return "VIDIOC_G_CTRL";
    case VIDIOC_S_CTRL: return "VIDIOC_S_CTRL";
    case VIDIOC_G_EXT_CTRLS: return "VIDIOC_G_EXT_CTRLS";
    case VIDIOC_S_EXT_CTRLS: return "VIDIOC_S_EXT_CTRLS";
    case VIDIOC_SUBSCRIBE_EVENT: return "VIDIOC_SUBSCRIBE_EVENT";
    case VIDIOC_DQEVENT: return "VIDIOC_DQEVENT";
    default: return "ioctl";
    }
}

ScriptedDevice::~ScriptedDevice() { releaseMemory(); }

void ScriptedDevice::releaseMemory() {
    if (memory_) ::munmap(memory_, bufferBytes_ * buffers_.size());
    if (memoryFd_ >= 0) ::close(memoryFd_);
    memory_ = nullptr;
    memoryFd_ = -1;
    buffers_.clear();
    queued_.clear();
    done_.clear();
}

int ScriptedDevice::ioctl(ScriptedCamera &camera, unsigned long request, void *argument) {
    switch (request) {
    case VIDIOC_G_FMT: return getFormat(camera, *static_cast<v4l2_format *>(argument));
    case VIDIOC_S_FMT: return setFormat(camera, *static_cast<v4l2_format *>(argument));
    case VIDIOC_G_PARM:
    case VIDIOC_S_PARM: {
        if (!camera.rateSettable) return ENOTTY;
        auto &capture = static_cast<v4l2_streamparm *>(argument)->parm.capture;
        if (request == VIDIOC_S_PARM && capture.timeperframe.numerator) interval_ = capture.timeperframe;
        capture.capability = V4L2_CAP_TIMEPERFRAME;
        capture.timeperframe = interval_;
        return 0;
    }
    case VIDIOC_REQBUFS: return requestBuffers(camera, *static_cast<v4l2_requestbuffers *>(argument));
    case VIDIOC_QUERYBUF: return queryBuffer(camera, *static_cast<v4l2_buffer *>(argument));
    case VIDIOC_QBUF: return queueBuffer(*static_cast<v4l2_buffer *>(argument));
    case VIDIOC_DQBUF: return dequeueBuffer(camera, *static_cast<v4l2_buffer *>(argument));
    case VIDIOC_STREAMON: return streamOn();
    case VIDIOC_STREAMOFF: return streamOff();
    default: break;
    }
    const int answer = answerQuery(camera, request, argument);
    return answer == ENOTTY ? answerControls(camera, request, argument) : answer;
}

int ScriptedDevice::getFormat(const ScriptedCamera &camera, v4l2_format &format) const {
    if (camera.formats.empty()) return EINVAL;
    const ScriptedFormat &first = camera.formats.front();
    const bool discrete = first.sizeType == V4L2_FRMSIZE_TYPE_DISCRETE && !first.sizes.empty();
    const uint32_t pixelformat = pixelformat_ ? pixelformat_ : first.pixelformat;
    const uint32_t width = width_ ? width_ : discrete ? first.sizes.front().width : 640;
    const uint32_t height = height_ ? height_ : discrete ? first.sizes.front().height : 480;
    const uint32_t plain = bytesPerLine(pixelformat, width);
    const uint32_t line = plain ? plain + camera.linePadding : 0;
    const auto bytes = static_cast<uint32_t>(imageBytes(pixelformat, line, width, height));
    if (camera.multiplanar()) {
        if (format.type != V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE) return EINVAL;
        auto &pix = format.fmt.pix_mp;
        pix.width = width;
        pix.height = height;
        pix.pixelformat = pixelformat;
        pix.num_planes = 1;
        pix.plane_fmt[0].bytesperline = line;
        pix.plane_fmt[0].sizeimage = bytes;
        return 0;
    }
    if (format.type != V4L2_BUF_TYPE_VIDEO_CAPTURE) return EINVAL;
    auto &pix = format.fmt.pix;
    pix.width = width;
    pix.height = height;
    pix.pixelformat = pixelformat;
    pix.bytesperline = line;
    pix.sizeimage = bytes;
    pix.field = V4L2_FIELD_NONE;
    return 0;
}

int ScriptedDevice::setFormat(const ScriptedCamera &camera, v4l2_format &format) {
    if (camera.formats.empty()) return EINVAL;
    if (ownsBuffers()) return EBUSY;
    const bool planes = format.type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
    if (planes != camera.multiplanar()) return EINVAL;
    const uint32_t pixelformat = planes ? format.fmt.pix_mp.pixelformat : format.fmt.pix.pixelformat;
    const uint32_t width = planes ? format.fmt.pix_mp.width : format.fmt.pix.width;
    const uint32_t height = planes ? format.fmt.pix_mp.height : format.fmt.pix.height;
    const auto known = std::find_if(camera.formats.begin(), camera.formats.end(),
                                    [&](const ScriptedFormat &f) { return f.pixelformat == pixelformat; });
    const ScriptedFormat &chosen = known == camera.formats.end() ? camera.formats.front() : *known;
    pixelformat_ = chosen.pixelformat;
    width_ = width;
    height_ = height;
    if (chosen.sizeType == V4L2_FRMSIZE_TYPE_DISCRETE && !chosen.sizes.empty()) {
        const auto exact = std::find_if(chosen.sizes.begin(), chosen.sizes.end(),
                                        [&](const ScriptedSize &s) { return s.width == width && s.height == height; });
        const ScriptedSize &size = exact == chosen.sizes.end() ? chosen.sizes.front() : *exact;
        width_ = size.width;
        height_ = size.height;
    }
    return getFormat(camera, format);
}

int ScriptedDevice::requestBuffers(const ScriptedCamera &camera, v4l2_requestbuffers &request) {
    if (streaming_) return EBUSY;
    releaseMemory();
    if (request.count == 0) return 0;
    v4l2_format format{};
    format.type = request.type;
    if (const int failure = getFormat(camera, format)) return failure;
    const bool planes = camera.multiplanar();
    bufferBytes_ = wholePages(planes ? format.fmt.pix_mp.plane_fmt[0].sizeimage : format.fmt.pix.sizeimage);
    request.count = std::clamp(request.count, camera.minBuffers, camera.maxBuffers);
    memoryFd_ = ::memfd_create("scripted-camera", MFD_CLOEXEC);
    if (memoryFd_ < 0 || ::ftruncate(memoryFd_, static_cast<off_t>(bufferBytes_ * request.count)) != 0) return ENOMEM;
    void *memory = ::mmap(nullptr, bufferBytes_ * request.count, PROT_READ | PROT_WRITE, MAP_SHARED, memoryFd_, 0);
    if (memory == MAP_FAILED) return ENOMEM;
    memory_ = static_cast<uint8_t *>(memory);
    buffers_.resize(request.count);
    return 0;
}

int ScriptedDevice::queryBuffer(const ScriptedCamera &camera, v4l2_buffer &buffer) const {
    if (buffer.index >= buffers_.size()) return EINVAL;
    const auto offset = static_cast<uint32_t>(bufferBytes_ * buffer.index);
    const auto length = static_cast<uint32_t>(bufferBytes_);
    if (camera.multiplanar()) {
        if (!buffer.m.planes || buffer.length < 1) return EINVAL;
        buffer.m.planes[0].m.mem_offset = offset;
        buffer.m.planes[0].length = length;
        buffer.length = 1;
    } else {
        buffer.m.offset = offset;
        buffer.length = length;
    }
    return 0;
}

int ScriptedDevice::queueBuffer(v4l2_buffer &buffer) {
    if (buffer.index >= buffers_.size() || buffers_[buffer.index].queued) return EINVAL;
    buffers_[buffer.index].queued = true;
    queued_.push_back(buffer.index);
    return 0;
}

int ScriptedDevice::dequeueBuffer(const ScriptedCamera &camera, v4l2_buffer &buffer) {
    if (!streaming_) return EINVAL;
    if (done_.empty()) return EAGAIN;
    buffer.index = done_.front();
    done_.pop_front();
    Buffer &filled = buffers_[buffer.index];
    filled.queued = false;
    if (const int failure = queryBuffer(camera, buffer)) return failure;
    if (camera.multiplanar()) buffer.m.planes[0].bytesused = filled.bytesUsed;
    buffer.bytesused = filled.bytesUsed;
    buffer.sequence = filled.sequence;
    buffer.flags = V4L2_BUF_FLAG_DONE | V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC | filled.flags;
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    buffer.timestamp = {now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

int ScriptedDevice::streamOn() {
    if (queued_.empty()) return EINVAL;
    streaming_ = true;
    sequence_ = 0;
    return 0;
}

int ScriptedDevice::streamOff() {
    streaming_ = false;
    queued_.clear();
    done_.clear();
    for (Buffer &buffer : buffers_) buffer.queued = false;
    return 0;
}

bool ScriptedDevice::deliver(const ScriptedFrame &frame) {
    if (!streaming_) return false;
    sequence_ += frame.sequenceStep;
    if (queued_.empty()) return true;
    const uint32_t index = queued_.front();
    queued_.pop_front();
    const size_t bytes = std::min(frame.bytes.size(), bufferBytes_);
    std::memcpy(memory_ + bufferBytes_ * index, frame.bytes.data(), bytes);
    buffers_[index].bytesUsed = static_cast<uint32_t>(bytes);
    buffers_[index].flags = frame.flags;
    buffers_[index].sequence = sequence_ - 1;
    done_.push_back(index);
    return true;
}

} // namespace camera::test
