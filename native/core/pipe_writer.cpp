#include "pipe_writer.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace camera {

namespace {

constexpr int kWantedPipeBytes = 1024 * 1024;
/// The pipe counts pages, so each frame in it may waste most of one.
constexpr size_t kSlackBytes = 64 * 1024;

size_t enlarge(int fd) {
    // The user's limit on pipe memory may refuse; any size works.
    static_cast<void>(::fcntl(fd, F_SETPIPE_SZ, kWantedPipeBytes));
    return static_cast<size_t>(std::max(::fcntl(fd, F_GETPIPE_SZ), 4096));
}

} // namespace

PipeWriter::PipeWriter(UniqueFd writeEnd, std::shared_ptr<FrameHub> hub, int64_t nowUs)
    : writeEnd_(std::move(writeEnd)), hub_(std::move(hub)), pipeBytes_(enlarge(writeEnd_.get())), progressUs_(nowUs) {}

PipeWriter::Outcome PipeWriter::advance(int64_t nowUs) {
    noteProgress(nowUs);
    for (;;) {
        if (!current_ && !begin()) break;
        const auto bytes = current_->bytes().subspan(sent_);
        const ssize_t written = ::write(writeEnd_.get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0 && errno != EAGAIN) return outcome_ = Outcome::Broken;
        if (written > 0) {
            sent_ += static_cast<size_t>(written);
            stats_.bytes += static_cast<uint64_t>(written);
        }
        if (sent_ < current_->bytes().size()) {
            outcome_ = Outcome::Partial;
            break;
        }
        ++stats_.frames;
        current_ = {};
    }
    lastQueued_ = queuedBytes();
    return outcome_;
}

bool PipeWriter::begin() {
    const FrameReading reading = hub_->newestAfter(cursor_);
    outcome_ = Outcome::Idle;
    if (!reading.frame) return false;
    const size_t queued = queuedBytes();
    const size_t needed = reading.frame->bytes().size() + kSlackBytes;
    if (queued > 0 && queued + needed > pipeBytes_) {
        outcome_ = Outcome::NoRoom;
        return false;
    }
    if (cursor_ > 0) stats_.dropped += reading.skipped; // what was published before the feed opened was never meant for it
    cursor_ = reading.cursor;
    current_ = reading.frame;
    sent_ = 0;
    return true;
}

size_t PipeWriter::queuedBytes() const {
    int queued = 0;
    return ::ioctl(writeEnd_.get(), FIONREAD, &queued) == 0 ? static_cast<size_t>(std::max(queued, 0)) : 0;
}

void PipeWriter::noteProgress(int64_t nowUs) {
    const size_t queued = queuedBytes();
    if (queued == 0 || queued < lastQueued_) progressUs_ = nowUs;
    lastQueued_ = queued;
}

} // namespace camera
