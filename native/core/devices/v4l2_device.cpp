#include "devices/v4l2_device.hpp"

#include <fcntl.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <utility>

#include "base/clean_text.hpp"
#include "base/clock.hpp"
#include "base/fault_code.hpp"

namespace camera {

namespace {

/// A question costs a fraction of a microsecond, so the clock is read once per this many of them. One that blocks is the
/// prober's business: it reports the deadline while the thread waits.
constexpr uint32_t kQuestionsPerClockRead = 16;

bool isVideoNode(const struct stat &facts) { return S_ISCHR(facts.st_mode) && major(facts.st_rdev) == kVideoMajor; }

} // namespace

Result<OpenNode> openNode(const Sys &sys, const std::string &node, NodeCheck check) {
    const auto failed = [&](const char *step) { return Error{errno, step, node}; };
    const DeviceFd look(sys, sys.open(node.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!look.valid()) return failed("open");
    struct stat before {};
    if (sys.fstat(look.get(), &before) != 0) return failed("fstat");
    if (check == NodeCheck::CharacterDevice && !isVideoNode(before)) return Error{0, kStepNotACamera, node};

    DeviceFd fd(sys, sys.open(node.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW));
    if (!fd.valid()) return failed("open");
    struct stat after {};
    if (sys.fstat(fd.get(), &after) != 0) return failed("fstat");
    // Another node took the name between the two calls: what was looked at is gone.
    if (before.st_rdev != after.st_rdev) return Error{ENODEV, "open", node};
    return OpenNode{std::move(fd), major(after.st_rdev), minor(after.st_rdev)};
}

std::string Capability::driver() const { return cleanText(fixedText(raw_.driver)); }
std::string Capability::card() const { return cleanText(fixedText(raw_.card)); }
std::string Capability::busInfo() const { return cleanText(fixedText(raw_.bus_info)); }
bool Capability::isLoopback() const { return fixedText(raw_.driver) == kLoopbackDriver; }

std::string Capability::driverVersion() const {
    const uint32_t version = raw_.version;
    return std::to_string(version >> 16) + "." + std::to_string(version >> 8 & 0xFF) + "." + std::to_string(version & 0xFF);
}

uint32_t Capability::thisNode() const {
    return raw_.capabilities & V4L2_CAP_DEVICE_CAPS ? raw_.device_caps : raw_.capabilities;
}

NodeKind Capability::classify() const {
    if (isTouch() || isMemoryToMemory()) return NodeKind::Ignored;
    if (isVideoCapture() && isVideoOutput() && !isLoopback()) return NodeKind::Ignored; // codec of an old driver
    if (!isVideoCapture()) return isMetadataCapture() && !isVideoOutput() ? NodeKind::Metadata : NodeKind::Ignored;
    if (!canStream()) return NodeKind::ReadonlyIo;
    if (isPipelineNode()) return NodeKind::Pipeline;
    return isLoopback() ? NodeKind::Virtual : NodeKind::Camera;
}

Questions::Questions(const Sys &sys, int fd, std::string node, QuestionLimits limits)
    : sys_(sys), fd_(fd), node_(std::move(node)), limits_(limits), startedUs_(monotonicUs()) {}

int64_t Questions::elapsedUs() const { return monotonicUs() - startedUs_; }

int Questions::ask(unsigned long request, void *argument) {
    if (asked_ % kQuestionsPerClockRead == 0 && elapsedUs() > limits_.maxUs) exhausted_ = true;
    if (asked_ >= limits_.maxIoctls) exhausted_ = true;
    if (exhausted_) return E2BIG;
    ++asked_;
    return retryIoctl(sys_, fd_, request, argument) < 0 ? errno : 0;
}

Result<Capability> Questions::capability() {
    v4l2_capability raw{};
    if (const int failure = ask(VIDIOC_QUERYCAP, &raw)) return error(failure, "VIDIOC_QUERYCAP");
    return Capability(raw);
}

} // namespace camera
