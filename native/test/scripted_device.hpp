// One open descriptor of a scripted camera: what the driver would answer to each ioctl. Not thread-safe; the owner locks.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "scripted_camera.hpp"
#include "scripted_sys.hpp"

namespace camera::test {

/// The name of an ioctl as in its manual page; "ioctl" for unknown ones.
const char *ioctlName(unsigned long request);

/// Stream state of one descriptor: format, buffers and their memory (one memory file per descriptor).
class ScriptedDevice {
public:
    ScriptedDevice() = default;
    ~ScriptedDevice();
    ScriptedDevice(const ScriptedDevice &) = delete;
    ScriptedDevice &operator=(const ScriptedDevice &) = delete;

    /// 0 or an errno. `camera` is what the device is now.
    int ioctl(ScriptedCamera &camera, unsigned long request, void *argument);
    /// False when not streaming.
    bool deliver(const ScriptedFrame &frame);
    bool frameReady() const { return !done_.empty(); }
    bool streaming() const { return streaming_; }
    bool ownsBuffers() const { return !buffers_.empty(); }
    int memoryFd() const { return memoryFd_; }
    size_t bufferBytes() const { return bufferBytes_; }

private:
    struct Buffer {
        uint32_t bytesUsed = 0;
        uint32_t flags = 0;
        uint32_t sequence = 0;
        bool queued = false;
    };

    int setFormat(const ScriptedCamera &camera, v4l2_format &format);
    int getFormat(const ScriptedCamera &camera, v4l2_format &format) const;
    int requestBuffers(const ScriptedCamera &camera, v4l2_requestbuffers &request);
    int queryBuffer(const ScriptedCamera &camera, v4l2_buffer &buffer) const;
    int queueBuffer(v4l2_buffer &buffer);
    int dequeueBuffer(const ScriptedCamera &camera, v4l2_buffer &buffer);
    int streamOn();
    int streamOff();
    void releaseMemory();

    uint32_t width_ = 0;
    uint32_t height_ = 0;
    uint32_t pixelformat_ = 0;
    v4l2_fract interval_{1, 30};
    std::vector<Buffer> buffers_;
    std::deque<uint32_t> queued_;
    std::deque<uint32_t> done_;
    int memoryFd_ = -1;
    size_t bufferBytes_ = 0;
    uint8_t *memory_ = nullptr;
    uint32_t sequence_ = 0;
    bool streaming_ = false;
};

// Answers that depend on the camera's tables alone (scripted_queries.cpp). 0 or an errno; ENOTTY for other requests.
int answerQuery(ScriptedCamera &camera, unsigned long request, void *argument);
int answerControls(ScriptedCamera &camera, unsigned long request, void *argument);

} // namespace camera::test
