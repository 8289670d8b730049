// What a decoder child writes: JPEGs as multipart with lengths. They become frames of the source, with the times of the
// access units they were made from.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "hub/capture_types.hpp"
#include "hub/frame.hpp"
#include "hub/frame_hub.hpp"
#include "base/unique_fd.hpp"

namespace camera {

/// Not thread-safe; its owner locks.
class DecodedFrames {
public:
    /// `readEnd` does not block.
    DecodedFrames(UniqueFd readEnd, std::shared_ptr<FrameHub> hub)
        : readEnd_(std::move(readEnd)), hub_(std::move(hub)), pool_(FramePool::create()) {}

    /// An access unit went to the child.
    void sent(const FrameFacts &facts, int64_t nowUs);

    /// Publishes what has come. False when the child closed its end, or what it writes makes no sense.
    bool read(int64_t nowUs);

    int fd() const { return readEnd_.get(); }

private:
    struct Sent {
        FrameFacts facts;
        int64_t atUs = 0;
    };
    /// More than a decoder holds back; one that swallows pictures must not shift the times of all others for good.
    static constexpr size_t kMaxSent = 64;

    bool readHeader();
    bool parseHeader(std::string_view header);
    void publish(int64_t nowUs);
    FrameFacts factsOfNext(int64_t nowUs);

    const UniqueFd readEnd_;
    const std::shared_ptr<FrameHub> hub_;
    const std::shared_ptr<FramePool> pool_;
    /// Not so large that a whole picture could hide in what is read beyond a header.
    std::array<char, 160> header_{};
    size_t headerBytes_ = 0;
    FrameDraft draft_;
    size_t expected_ = 0;
    size_t received_ = 0;
    std::array<Sent, kMaxSent> sent_{};
    size_t firstSent_ = 0;
    size_t sentCount_ = 0;
    int64_t lastUs_ = 0;
};

} // namespace camera
