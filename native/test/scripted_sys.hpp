// A `Sys` without hardware: device nodes by path, each answered by a `ScriptedCamera`, with failures, delays, hangs and
// unplugging at a chosen call. Descriptors are real (eventfd), so they mix with others in one poll; mapped memory is real.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "scripted_camera.hpp"
#include "base/sys.hpp"

namespace camera::test {

struct ScriptedFrame {
    std::vector<uint8_t> bytes;
    /// Beside DONE; V4L2_BUF_FLAG_ERROR for a damaged frame.
    uint32_t flags = 0;
    /// How far the driver's counter moves: 1, or more for frames lost before this one.
    uint32_t sequenceStep = 1;
};

/// Thread-safe. The table from `sys()` keeps the model alive, so a thread that hangs in it may outlive this object; such a
/// hang ends with `release`, or when this object goes.
class ScriptedSys {
public:
    ScriptedSys();
    ~ScriptedSys();
    ScriptedSys(const ScriptedSys &) = delete;
    ScriptedSys &operator=(const ScriptedSys &) = delete;

    Sys sys() const;

    /// A camera appears at `path`. Its device number is 81:`minor`.
    void plug(const std::string &path, ScriptedCamera camera, unsigned minor = 0);
    /// It goes: open descriptors answer ENODEV and POLLHUP, new opens ENOENT.
    void unplug(const std::string &path);
    /// Changes what a plugged camera claims (formats appear, permissions stay).
    void alter(const std::string &path, const std::function<void(ScriptedCamera &)> &change);

    // Faults. `call` is "open", "mmap", "poll", … or an ioctl's name; the n-th such call on `path` from now on is 1.
    // A rule is used up after `times` calls. Opens with O_PATH never fail and are not counted, as in the kernel.
    void failAt(const std::string &path, const std::string &call, int nth, int errnoValue, int times = 1);
    void unplugAt(const std::string &path, const std::string &call, int nth);
    void delayAt(const std::string &path, const std::string &call, int nth, int delayMs);
    /// Blocks in the call until `release`; the call then goes on.
    void hangAt(const std::string &path, const std::string &call, int nth);
    void release();
    /// Waits until `count` threads hang; false after `timeoutMs`.
    bool waitForHang(int count, int timeoutMs) const;

    /// Fills the oldest queued buffer of the streaming descriptor of `path`. Without one the frame is lost (the counter moves).
    /// False when nothing streams there.
    bool pushFrame(const std::string &path, const ScriptedFrame &frame);
    /// Waits until `path` streams (or no longer does); false after `timeoutMs`.
    bool waitForStreaming(const std::string &path, bool streaming, int timeoutMs) const;

    // What happened.
    int calls(const std::string &path, const std::string &call) const;
    int openDescriptors() const;
    int mappings() const;

    struct Model;

private:
    std::shared_ptr<Model> model_;
};

} // namespace camera::test
