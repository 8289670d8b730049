// Whatever a driver fills its structures with: probing asks a bounded number of questions, and what it reports are clean texts, sizes
// and rates that can be used.
// Parser: native/core/devices/v4l2_device.cpp
// Parser: native/core/devices/v4l2_probe.cpp
// Parser: native/core/devices/v4l2_formats.cpp
// Parser: native/core/devices/fourcc.cpp
// Parser: native/core/controls/control_query.cpp
// Parser: native/core/controls/v4l2_controls.cpp
// Parser: native/core/base/clean_text.cpp
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>

#include "base/clean_text.hpp"
#include "controls/v4l2_controls.hpp"
#include "devices/fourcc.hpp"
#include "devices/v4l2_probe.hpp"

namespace {

using namespace camera;

constexpr uint32_t kMaxQuestions = 400;
constexpr int kErrors[] = {EINVAL, ENOTTY, EIO, ENODEV, EBUSY, EPIPE, ENODATA, EACCES};

/// Answers questions with the bytes of one input, and with EINVAL when they are used up.
class Driver {
public:
    explicit Driver(std::span<const uint8_t> bytes) : bytes_(bytes) {}

    int answer(unsigned long request, void *argument) {
        if (bytes_.empty()) return fail(EINVAL);
        // The first byte of an answer: an error, or how much of the structure is filled in and from where on.
        const uint8_t kind = take();
        if (kind < 2 * std::size(kErrors)) return fail(kErrors[kind / 2]);
        const size_t size = _IOC_SIZE(request);
        const size_t from = kind % 2 == 0 ? 0 : std::min<size_t>(size, 4); // what was asked for mostly stands first, and stays
        if (request == VIDIOC_G_EXT_CTRLS) return fillControl(*static_cast<v4l2_ext_controls *>(argument)->controls, kind);
        return fill(static_cast<uint8_t *>(argument) + from, std::min<size_t>(size - from, kind));
    }

private:
    uint8_t take() {
        const uint8_t first = bytes_.front();
        bytes_ = bytes_.subspan(1);
        return first;
    }
    int fill(void *place, size_t count) {
        count = std::min(count, bytes_.size());
        std::memcpy(place, bytes_.data(), count);
        bytes_ = bytes_.subspan(count);
        return 0;
    }
    /// It points to memory of the caller's, which the kernel fills and never changes for another.
    int fillControl(v4l2_ext_control &control, size_t count) {
        return control.size > 0 ? fill(control.string, std::min<size_t>(control.size, count)) : fill(&control.value64, sizeof control.value64);
    }
    static int fail(int errnoValue) {
        errno = errnoValue;
        return -1;
    }

    std::span<const uint8_t> bytes_;
};

Sys sysOf(Driver &driver) {
    Sys sys = kernel();
    sys.open = [](const char *, int) { return 1'000'000; };
    sys.close = [](int) { return 0; };
    sys.fstat = [](int, struct stat *out) {
        *out = {};
        out->st_mode = S_IFCHR;
        out->st_rdev = makedev(kVideoMajor, 3);
        return 0;
    };
    sys.ioctl = [&driver](int, unsigned long request, void *argument) { return driver.answer(request, argument); };
    return sys;
}

void demand(bool truth) {
    if (!truth) std::abort();
}

/// Ids are made of these texts.
void demandClean(const std::string &text) {
    demand(text.size() <= 256 && cleanText(text) == text);
    demand(idPart(text, 64) == idPart(idPart(text, 64), 64) && idPart(text, 64).size() <= 64);
}

void lookAt(const DeviceReport &report) {
    demand(report.ioctls <= kMaxQuestions);
    for (const auto &text : {report.driver, report.card, report.busInfo}) demandClean(text);
    for (const DeviceInput &input : report.inputs) demandClean(input.name);
    for (const PixelFormat &format : report.formats) {
        demandClean(format.description);
        const uint32_t fourcc = fourccValue(format.fourcc).value_or(0);
        demand(fourccText(fourcc) == format.fourcc && !(isJpegFourcc(fourcc) && isH264Fourcc(fourcc)));
        for (const FrameSize &size : format.sizes)
            for (const FrameInterval &interval : size.intervals) demand(interval.num > 0 && interval.den > 0);
    }
}

void lookAt(const DeviceControl &control) {
    demandClean(control.name);
    for (const MenuItem &item : control.menu) demandClean(item.label);
    if (control.text) demand(cleanText(*control.text, control.text->size()) == *control.text);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    Driver driver({data + 1, size - 1});
    const Sys sys = sysOf(driver);
    const QuestionLimits limits{.maxIoctls = kMaxQuestions, .maxUs = 60'000'000};
    if (data[0] % 2 == 0) {
        const auto report = probeNode(sys, "/dev/video0", NodeCheck::CharacterDevice, limits);
        if (report.ok()) lookAt(report.value());
    } else {
        const auto controls = probeControls(sys, "/dev/video0", {}, NodeCheck::CharacterDevice, limits);
        if (controls.ok())
            for (const DeviceControl &control : controls.value()) lookAt(control);
    }
    return 0;
}
