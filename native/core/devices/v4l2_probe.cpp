#include "devices/v4l2_probe.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/clean_text.hpp"
#include "devices/fourcc.hpp"
#include "devices/v4l2_formats.hpp"

namespace camera {

namespace {

constexpr uint32_t kMaxInputs = 32;
constexpr uint32_t kMaxImageBytes = 64u << 20;

struct StatusBit {
    uint32_t bit;
    const char *word;
};
constexpr std::array<StatusBit, 6> kInputStatus{{{V4L2_IN_ST_NO_POWER, "no_power"},
                                                 {V4L2_IN_ST_NO_SIGNAL, "no_signal"},
                                                 {V4L2_IN_ST_NO_COLOR, "no_color"},
                                                 {V4L2_IN_ST_NO_H_LOCK, "no_h_lock"},
                                                 {V4L2_IN_ST_NO_SYNC, "no_sync"},
                                                 {V4L2_IN_ST_NO_ACCESS, "no_access"}}};

const char *inputTypeName(uint32_t type) {
    switch (type) {
    case V4L2_INPUT_TYPE_TUNER: return "tuner";
    case V4L2_INPUT_TYPE_TOUCH: return "touch";
    default: return "camera";
    }
}

/// Answers that mean "this node has none of it".
bool isAbsent(int failure) { return failure == EINVAL || failure == ENOTTY || failure == ENODATA; }

/// What every kind of node tells; the only part for nodes that are no cameras.
DeviceReport describe(const OpenNode &open, const std::string &node, const Capability &capability) {
    DeviceReport report;
    report.node = node;
    report.rdev = std::to_string(open.major) + ":" + std::to_string(open.minor);
    report.kind = capability.classify();
    report.driver = capability.driver();
    report.card = capability.card();
    report.busInfo = capability.busInfo();
    report.driverVersion = capability.driverVersion();
    report.rawCaps = capability.wholeDevice();
    report.deviceCaps = capability.thisNode();
    report.multiplanar = capability.isMultiplanarCapture();
    report.streaming = capability.canStream();
    return report;
}

Status addInputs(Questions &questions, DeviceReport &report) {
    for (uint32_t index = 0; index < kMaxInputs; ++index) {
        v4l2_input raw{};
        raw.index = index;
        const int failure = questions.ask(VIDIOC_ENUMINPUT, &raw);
        if (isAbsent(failure) || questions.exhausted()) return done();
        if (failure) return questions.error(failure, "VIDIOC_ENUMINPUT");
        DeviceInput input{index, cleanText(fixedText(raw.name)), inputTypeName(raw.type), {}};
        for (const StatusBit &status : kInputStatus) {
            if (raw.status & status.bit) input.status.emplace_back(status.word);
        }
        report.inputs.push_back(std::move(input));
    }
    report.truncated = true;
    return done();
}

struct CurrentMode {
    uint32_t fourcc = 0;
    SizePx size;
    uint32_t sizeImageBytes = 0;
};

/// Idle devices may have no current format; that is no error.
Result<CurrentMode> currentMode(Questions &questions, v4l2_buf_type type) {
    v4l2_format raw{};
    raw.type = type;
    const int failure = questions.ask(VIDIOC_G_FMT, &raw);
    if (isAbsent(failure) || questions.exhausted()) return CurrentMode{};
    if (failure) return questions.error(failure, "VIDIOC_G_FMT");
    if (type == V4L2_BUF_TYPE_VIDEO_CAPTURE) {
        const v4l2_pix_format &pix = raw.fmt.pix;
        return CurrentMode{pix.pixelformat, {pix.width, pix.height}, pix.sizeimage};
    }
    const v4l2_pix_format_mplane &pix = raw.fmt.pix_mp;
    uint64_t bytes = 0;
    const uint32_t planes = std::min<uint32_t>(pix.num_planes, VIDEO_MAX_PLANES);
    for (uint32_t plane = 0; plane < planes; ++plane) bytes += pix.plane_fmt[plane].sizeimage;
    return CurrentMode{pix.pixelformat, {pix.width, pix.height}, static_cast<uint32_t>(std::min<uint64_t>(bytes, UINT32_MAX))};
}

/// The current interval, when the rate can be set; it is also the only one known of a driver that enumerates no sizes.
Result<FrameInterval> currentInterval(Questions &questions, v4l2_buf_type type, DeviceReport &report) {
    v4l2_streamparm raw{};
    raw.type = type;
    const int failure = questions.ask(VIDIOC_G_PARM, &raw);
    if (isAbsent(failure) || questions.exhausted()) return FrameInterval{};
    if (failure) return questions.error(failure, "VIDIOC_G_PARM");
    report.rateSettable = (raw.parm.capture.capability & V4L2_CAP_TIMEPERFRAME) != 0;
    return FrameInterval{raw.parm.capture.timeperframe.numerator, raw.parm.capture.timeperframe.denominator};
}

void addCurrentSize(FormatWalk &walk, const CurrentMode &mode, const FrameInterval &interval) {
    for (size_t i = 0; i < walk.formats.size(); ++i) {
        if (!walk.sizesUnknown[i] || walk.fourccs[i] != mode.fourcc || mode.size.width == 0) continue;
        FrameSize size{mode.size, {}};
        if (interval.num > 0 && interval.den > 0) size.intervals.push_back(interval);
        walk.formats[i].sizes.push_back(std::move(size));
    }
}

Status addModes(Questions &questions, const Capability &capability, DeviceReport &report) {
    const v4l2_buf_type type = capability.captureType();
    if (const Status inputs = addInputs(questions, report); !inputs) return inputs;
    Result<FormatWalk> walked = walkFormats(questions, type);
    if (!walked) return walked.error();
    const Result<CurrentMode> mode = currentMode(questions, type);
    if (!mode) return mode.error();
    const Result<FrameInterval> interval = currentInterval(questions, type, report);
    if (!interval) return interval.error();

    FormatWalk walk = walked.take();
    addCurrentSize(walk, mode.value(), interval.value());
    report.formats = std::move(walk.formats);
    report.truncated |= walk.truncated || questions.exhausted();
    if (mode.value().fourcc) report.currentFourcc = fourccText(mode.value().fourcc);
    report.currentSize = mode.value().size;
    report.currentSizeImageBytes = std::min(mode.value().sizeImageBytes, kMaxImageBytes);
    if (report.formats.empty()) report.kind = NodeKind::NotReady;
    return done();
}

} // namespace

Result<DeviceReport> probeNode(const Sys &sys, const std::string &node, NodeCheck check, QuestionLimits limits) {
    Result<OpenNode> open = openNode(sys, node, check);
    if (!open) return open.error();
    Questions questions(sys, open.value().fd.get(), node, limits);
    const Result<Capability> capability = questions.capability();
    if (!capability) return capability.error();

    DeviceReport report = describe(open.value(), node, capability.value());
    if (report.kind == NodeKind::Camera || report.kind == NodeKind::Virtual) {
        if (const Status modes = addModes(questions, capability.value(), report); !modes) return modes.error();
    }
    report.ioctls = questions.asked();
    report.durationUs = questions.elapsedUs();
    return report;
}

} // namespace camera
