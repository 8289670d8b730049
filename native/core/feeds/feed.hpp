// One feed: frames of a source on their way through a pipe, and back what a decoder makes of them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "hub/capture_types.hpp"
#include "feeds/feed_reader.hpp"
#include "hub/frame_hub.hpp"
#include "h264/h264_decoded.hpp"
#include "h264/h264_hub.hpp"
#include "feeds/pipe_writer.hpp"
#include "base/unique_fd.hpp"

namespace camera {

/// Where the frames of a source come from; of cameras that give no H.264 `h264` stays empty of frames.
struct FeedHubs {
    std::shared_ptr<FrameHub> jpeg;
    std::shared_ptr<H264Hub> h264;
};

/// Both ends of what a feed needs; ours do not block, a child's do.
struct FeedPipes {
    UniqueFd readEnd;
    UniqueFd writeEnd;
    /// Of decoders: their output.
    UniqueFd outputRead;
    UniqueFd outputWrite;

    /// Errors of steps "pipe2" and (of `intoFd`) "open".
    static Result<FeedPipes> open(const FeedOptions &options);
};

/// For its owner, who locks; the sink's functions come from the producer's thread.
class Feed : public FrameSink {
public:
    /// `wakeFd`, an eventfd, is written when there is something to send. Borrowed.
    Feed(std::string source, const FeedHubs &hubs, const FeedOptions &options, FeedPipes pipes, int wakeFd);
    ~Feed() override;

    void framePublished() override;
    void frameArrived(const FramePtr &frame) override;

    /// Sends what can be sent without waiting.
    PipeWriter::Outcome advance(int64_t nowUs);

    /// Takes what a decoder wrote. False when it is at its end.
    bool readOutput(int64_t nowUs) { return decoded_->read(nowUs); }

    void closeChildEnds();

    const std::string source;
    const int stallMs;
    std::optional<PipeWriter> writer;
    /// There may be something to send.
    std::atomic<bool> fresh{false};
    bool watchesWritable = false;

private:
    FrameHub &hub() const { return isH264_ ? *hubs_.h264->units() : *hubs_.jpeg; }
    std::unique_ptr<FeedReader> makeReader(const FeedOptions &options);

    const bool isH264_;
    const FeedHubs hubs_;
    UniqueFd readEnd_;
    UniqueFd outputWrite_;
    const int wakeFd_;
    std::optional<DecodedFrames> decoded_;
    // Owned by the writer.
    FeedReader *reader_ = nullptr;
    QueueReader *queue_ = nullptr;
};

} // namespace camera
