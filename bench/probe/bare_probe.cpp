#include "bare_probe.hpp"

#include <fcntl.h>
#include <linux/videodev2.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace bench {
namespace {

class BareProbe {
public:
    explicit BareProbe(int fd) : fd_(fd) {}

    uint32_t run() {
        v4l2_capability capability{};
        ask(VIDIOC_QUERYCAP, &capability);
        const bool multiplanar = (capability.device_caps & V4L2_CAP_VIDEO_CAPTURE_MPLANE) != 0;
        const uint32_t type = multiplanar ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE : V4L2_BUF_TYPE_VIDEO_CAPTURE;
        for (uint32_t i = 0;; i++) {
            v4l2_input input{};
            input.index = i;
            if (!ask(VIDIOC_ENUMINPUT, &input)) break;
        }
        for (uint32_t i = 0;; i++) {
            v4l2_fmtdesc format{};
            format.index = i;
            format.type = type;
            if (!ask(VIDIOC_ENUM_FMT, &format)) break;
            sizes(format.pixelformat);
        }
        v4l2_format current{};
        current.type = type;
        ask(VIDIOC_G_FMT, &current);
        v4l2_streamparm rate{};
        rate.type = type;
        ask(VIDIOC_G_PARM, &rate);
        return asked_;
    }

private:
    bool ask(unsigned long request, void *argument) {
        asked_++;
        return ioctl(fd_, request, argument) == 0;
    }

    void sizes(uint32_t fourcc) {
        for (uint32_t i = 0;; i++) {
            v4l2_frmsizeenum size{};
            size.index = i;
            size.pixel_format = fourcc;
            if (!ask(VIDIOC_ENUM_FRAMESIZES, &size)) return;
            if (size.type != V4L2_FRMSIZE_TYPE_DISCRETE) return;
            intervals(fourcc, size.discrete.width, size.discrete.height);
        }
    }

    void intervals(uint32_t fourcc, uint32_t width, uint32_t height) {
        for (uint32_t i = 0;; i++) {
            v4l2_frmivalenum interval{};
            interval.index = i;
            interval.pixel_format = fourcc;
            interval.width = width;
            interval.height = height;
            if (!ask(VIDIOC_ENUM_FRAMEINTERVALS, &interval)) return;
            if (interval.type != V4L2_FRMIVAL_TYPE_DISCRETE) return;
        }
    }

    const int fd_;
    uint32_t asked_ = 0;
};

}  // namespace

uint32_t bareProbe(const char *node) {
    const int fd = open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return 0;
    const uint32_t asked = BareProbe(fd).run();
    close(fd);
    return asked;
}

}  // namespace bench
