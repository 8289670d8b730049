#include "feeds/feed.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/clock.hpp"

namespace camera {

namespace {

/// A decoder that is half a second late skips to the next key frame.
constexpr size_t kDecoderQueueFrames = 16;

Status makePipe(UniqueFd &readEnd, UniqueFd &writeEnd, const UniqueFd &ours) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return Error{errno, "pipe2", {}};
    readEnd.reset(ends[0]);
    writeEnd.reset(ends[1]);
    ::fcntl(ours.get(), F_SETFL, ::fcntl(ours.get(), F_GETFL) | O_NONBLOCK);
    return done();
}

} // namespace

Result<FeedPipes> FeedPipes::open(const FeedOptions &options) {
    FeedPipes pipes;
    if (options.intoFd >= 0) {
        // Opened anew, so that closing one feed leaves the pipe to the next.
        const std::string end = "/proc/self/fd/" + std::to_string(options.intoFd);
        pipes.writeEnd.reset(::open(end.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
        if (!pipes.writeEnd.valid()) return Error{errno, "open", end};
        return pipes;
    }
    Status status = makePipe(pipes.readEnd, pipes.writeEnd, pipes.writeEnd);
    if (status.ok() && options.decodes) status = makePipe(pipes.outputRead, pipes.outputWrite, pipes.outputRead);
    if (!status.ok()) return status.error();
    return pipes;
}

Feed::Feed(std::string source, const FeedHubs &hubs, const FeedOptions &options, FeedPipes pipes, int wakeFd)
    : source(std::move(source)), stallMs(options.stallMs), isH264_(options.codec == FrameCodec::H264), hubs_(hubs),
      readEnd_(std::move(pipes.readEnd)), outputWrite_(std::move(pipes.outputWrite)), wakeFd_(wakeFd) {
    auto reader = makeReader(options);
    reader_ = reader.get();
    const auto pipe = options.decodes ? PipeWriter::Pipe::Small : PipeWriter::Pipe::Large;
    writer.emplace(std::move(pipes.writeEnd), std::move(reader), pipe, monotonicUs());
    if (options.decodes) {
        decoded_.emplace(std::move(pipes.outputRead), hubs_.jpeg);
        writer->noteSent();
    }
    if (!isH264_) {
        hub().addSink(this);
    } else if (!hub().addSinkFromKeyframe(this)) {
        hubs_.h264->wantKeyFrame();
    }
    framePublished(); // the newest frame is there already
}

Feed::~Feed() { hub().removeSink(this); }

void Feed::framePublished() {
    if (!fresh.exchange(true, std::memory_order_acq_rel)) static_cast<void>(::eventfd_write(wakeFd_, 1));
}

void Feed::frameArrived(const FramePtr &frame) {
    reader_->arrived(frame);
    framePublished();
}

PipeWriter::Outcome Feed::advance(int64_t nowUs) {
    const auto outcome = writer->advance(nowUs);
    if (decoded_) {
        for (const FrameFacts &facts : writer->takeSent()) decoded_->sent(facts, nowUs);
    }
    if (queue_ && isH264_ && queue_->takeWish()) hubs_.h264->wantKeyFrame();
    return outcome;
}

void Feed::closeChildEnds() {
    readEnd_.reset();
    outputWrite_.reset();
}

std::unique_ptr<FeedReader> Feed::makeReader(const FeedOptions &options) {
    const bool live = options.policy == FeedPolicy::Newest;
    // Pictures that refer to each other cannot be skipped one by one.
    if (live && !isH264_) return std::make_unique<NewestReader>(hubs_.jpeg);
    auto queue = std::make_unique<QueueReader>(
        QueueRules{.maxFrames = options.decodes ? kDecoderQueueFrames : kFeedQueueFrames, .live = live});
    queue_ = queue.get();
    return queue;
}

} // namespace camera
