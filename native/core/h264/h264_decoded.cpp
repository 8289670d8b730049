#include "h264/h264_decoded.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>
#include <utility>
#include <variant>

#include "base/clock.hpp"
#include "pictures/jpeg_segments.hpp"

namespace camera {

namespace {

constexpr size_t kMaxDecodedBytes = 32U * 1024 * 1024;
constexpr std::string_view kLength = "Content-length: ";
constexpr std::string_view kHeaderEnd = "\r\n\r\n";
/// A picture that did not come for so long was swallowed.
constexpr int64_t kSwallowedUs = 2'000'000;
/// Bounds one turn: others are served by the same thread.
constexpr int kMaxReads = 64;

} // namespace

void DecodedFrames::sent(const FrameFacts &facts, int64_t nowUs) {
    if (sentCount_ == kMaxSent) {
        firstSent_ = (firstSent_ + 1) % kMaxSent;
        --sentCount_;
    }
    sent_[(firstSent_ + sentCount_++) % kMaxSent] = {facts, nowUs};
}

bool DecodedFrames::read(int64_t nowUs) {
    for (int i = 0; i < kMaxReads; ++i) {
        if (!draft_) {
            if (!readHeader()) return errno == EAGAIN;
            continue;
        }
        const auto room = draft_.room().subspan(received_, expected_ - received_);
        const ssize_t count = ::read(readEnd_.get(), room.data(), room.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return count < 0 && errno == EAGAIN;
        received_ += static_cast<size_t>(count);
        if (received_ == expected_) publish(nowUs);
    }
    return true;
}

/// False with errno when nothing more is there, or with 0 for nonsense and the end.
bool DecodedFrames::readHeader() {
    const ssize_t count = ::read(readEnd_.get(), header_.data() + headerBytes_, header_.size() - headerBytes_);
    if (count < 0) return errno == EINTR;
    headerBytes_ += static_cast<size_t>(count);
    const std::string_view have(header_.data(), headerBytes_);
    const size_t end = have.find(kHeaderEnd);
    errno = 0;
    if (end == std::string_view::npos) return count > 0 && headerBytes_ < header_.size();
    return parseHeader(have.substr(0, end + kHeaderEnd.size()));
}

bool DecodedFrames::parseHeader(std::string_view header) {
    const size_t at = header.find(kLength);
    if (at == std::string_view::npos) return false;
    size_t bytes = 0;
    const auto parsed = std::from_chars(header.data() + at + kLength.size(), header.data() + header.size(), bytes);
    const size_t surplus = headerBytes_ - header.size();
    if (parsed.ec != std::errc() || bytes <= surplus || bytes > kMaxDecodedBytes) return false;
    draft_ = pool_->take(bytes);
    std::memcpy(draft_.room().data(), header.data() + header.size(), surplus);
    expected_ = bytes;
    received_ = surplus;
    headerBytes_ = 0;
    return true;
}

void DecodedFrames::publish(int64_t nowUs) {
    FrameDraft draft = std::move(draft_);
    const FrameFacts facts = factsOfNext(nowUs);
    const auto walked = walkJpeg(draft.room().first(expected_), {});
    const auto *layout = std::get_if<JpegLayout>(&walked);
    if (!layout) return;
    draft.setSize(expected_);
    draft.facts() = facts;
    draft.facts().width = layout->width;
    draft.facts().height = layout->height;
    hub_->publish(draft.finish());
}

FrameFacts DecodedFrames::factsOfNext(int64_t nowUs) {
    while (sentCount_ > 1 && nowUs - sent_[firstSent_].atUs > kSwallowedUs) {
        firstSent_ = (firstSent_ + 1) % kMaxSent;
        --sentCount_;
    }
    FrameFacts facts{.capturedAtUs = nowUs, .dequeuedAtUs = nowUs, .capturedWallMs = wallUs() / 1000};
    if (sentCount_ > 0) {
        facts = sent_[firstSent_].facts;
        firstSent_ = (firstSent_ + 1) % kMaxSent;
        --sentCount_;
    }
    facts.codec = FrameCodec::Jpeg;
    facts.keyframe = true;
    // The hub counts on growing times.
    lastUs_ = facts.capturedAtUs = std::max(facts.capturedAtUs, lastUs_ + 1);
    return facts;
}

} // namespace camera
