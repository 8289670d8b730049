#include "feeds/pipe_writer.hpp"

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

size_t prepare(int fd, PipeWriter::Pipe pipe) {
    // The user's limit on pipe memory may refuse; any size works.
    if (pipe == PipeWriter::Pipe::Large) static_cast<void>(::fcntl(fd, F_SETPIPE_SZ, kWantedPipeBytes));
    return static_cast<size_t>(std::max(::fcntl(fd, F_GETPIPE_SZ), 4096));
}

} // namespace

PipeWriter::PipeWriter(UniqueFd writeEnd, std::unique_ptr<FeedReader> reader, Pipe pipe, int64_t nowUs)
    : writeEnd_(std::move(writeEnd)), reader_(std::move(reader)), pipeBytes_(prepare(writeEnd_.get(), pipe)), progressUs_(nowUs) {}

PipeWriter::Outcome PipeWriter::advance(int64_t nowUs) {
    noteProgress(nowUs);
    for (;;) {
        if (!current_ && !begin()) break;
        const auto bytes = content().subspan(sent_);
        const ssize_t written = ::write(writeEnd_.get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0 && errno != EAGAIN) return outcome_ = Outcome::Broken;
        if (written > 0) {
            sent_ += static_cast<size_t>(written);
            stats_.bytes += static_cast<uint64_t>(written);
        }
        if (sent_ < content().size()) {
            outcome_ = Outcome::Partial;
            break;
        }
        ++stats_.frames;
        if (notesSent_) sentFacts_.push_back(current_->facts());
        current_ = {};
    }
    lastQueued_ = queuedBytes();
    return outcome_;
}

bool PipeWriter::begin() {
    FramePtr frame = reader_->next();
    outcome_ = Outcome::Idle;
    if (!frame) return false;
    const size_t queued = queuedBytes();
    const size_t needed = frame->bytes().size() + kSlackBytes;
    if (queued > 0 && queued + needed > pipeBytes_) {
        outcome_ = Outcome::NoRoom;
        return false;
    }
    if (const auto gap = reader_->taken(stats_)) gaps_.push_back(*gap);
    current_ = std::move(frame);
    sent_ = 0;
    return true;
}

std::span<const uint8_t> PipeWriter::content() const {
    // Of H.264 the delimiter goes along: it tells the reader that the picture is whole, one frame earlier than the next one.
    return current_->facts().codec == FrameCodec::H264 ? current_->wire() : current_->bytes();
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
