#include "bare_capture.hpp"

#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "cpu_time.hpp"

namespace bench {
namespace {

constexpr uint32_t kBuffers = 4;
constexpr size_t kKept = 3;

}  // namespace

BareCapture::BareCapture(const char *node, uint32_t width, uint32_t height, uint32_t fps)
    : fd_(open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC)) {
    streaming_ = fd_ >= 0 && begin(width, height, fps);
}

BareCapture::~BareCapture() {
    for (const Mapped &buffer : buffers_) munmap(buffer.start, buffer.bytes);
    if (fd_ >= 0) close(fd_);
}

bool BareCapture::begin(uint32_t width, uint32_t height, uint32_t fps) {
    v4l2_format format{};
    format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    format.fmt.pix.width = width;
    format.fmt.pix.height = height;
    format.fmt.pix.pixelformat = V4L2_PIX_FMT_MJPEG;
    v4l2_streamparm rate{};
    rate.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    rate.parm.capture.timeperframe = {1, fps};
    if (ioctl(fd_, VIDIOC_S_FMT, &format) != 0 || ioctl(fd_, VIDIOC_S_PARM, &rate) != 0 || !mapAll()) return false;
    kept_.assign(kKept, std::vector<char>(buffers_[0].bytes));
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    return ioctl(fd_, VIDIOC_STREAMON, &type) == 0;
}

bool BareCapture::mapAll() {
    v4l2_requestbuffers request{};
    request.count = kBuffers;
    request.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    request.memory = V4L2_MEMORY_MMAP;
    if (ioctl(fd_, VIDIOC_REQBUFS, &request) != 0) return false;
    for (uint32_t i = 0; i < request.count; i++) {
        v4l2_buffer buffer{};
        buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
        buffer.memory = V4L2_MEMORY_MMAP;
        buffer.index = i;
        if (ioctl(fd_, VIDIOC_QUERYBUF, &buffer) != 0) return false;
        void *start = mmap(nullptr, buffer.length, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, buffer.m.offset);
        if (start == MAP_FAILED) return false;
        buffers_.push_back({start, buffer.length});
        if (ioctl(fd_, VIDIOC_QBUF, &buffer) != 0) return false;
    }
    return !buffers_.empty();
}

uint64_t BareCapture::runUntil(uint64_t endNs) {
    frames_ = 0;
    for (uint64_t now = nowNs(); now < endNs; now = nowNs()) {
        pollfd wait{fd_, POLLIN, 0};
        if (poll(&wait, 1, static_cast<int>((endNs - now) / 1'000'000 + 1)) == 1 && !take()) break;
    }
    return frames_;
}

bool BareCapture::take() {
    v4l2_buffer buffer{};
    buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    buffer.memory = V4L2_MEMORY_MMAP;
    if (ioctl(fd_, VIDIOC_DQBUF, &buffer) != 0) return true;
    std::memcpy(kept_[frames_++ % kKept].data(), buffers_[buffer.index].start, buffer.bytesused);
    return ioctl(fd_, VIDIOC_QBUF, &buffer) == 0;
}

}  // namespace bench
