#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

/** One part of the stream that came to its end. */
struct Part {
    uint64_t bodyBytes = 0;
    /** X-Timestamp in nanoseconds since 1970; 0 when the part has none. */
    uint64_t stampNs = 0;
};

/**
 * Strict and cheap reader of `multipart/x-mixed-replace` over HTTP: it looks at the headers, the first and the last two bytes of
 * each picture and the boundary line behind it, and wants the rest to be thrown away unseen. It has no socket.
 */
class PartReader {
public:
    enum class Step { More, PartEnded, Broken };

    /** Bytes that come next and need not be looked at; 0: read into `room`. */
    size_t skippable() const { return bodyLeft_ > kTailBytes ? bodyLeft_ - kTailBytes : 0; }
    void skipped(size_t bytes) { bodyLeft_ -= bytes; }

    char *room() { return buffer_.data() + used_; }
    size_t roomBytes() const { return buffer_.size() - used_; }
    void took(size_t bytes) { used_ += bytes; }

    /** Works on what is in the buffer; to be called until it says More. */
    Step advance();

    /** The part that ended last. */
    const Part &part() const { return part_; }
    bool answered() const { return state_ != State::HttpHead; }
    /** Why it is broken. */
    const char *complaint() const { return complaint_; }
    std::string_view unread() const { return {buffer_.data(), used_}; }

private:
    enum class State { HttpHead, FirstBoundary, PartHead, Body, Tail };
    static constexpr size_t kTailBytes = 2;

    Step httpHead();
    Step firstBoundary();
    Step partHead();
    Step body();
    Step tail();
    Step broken(const char *why);
    bool readPartHeaders(std::string_view lines);
    void drop(size_t bytes);

    State state_ = State::HttpHead;
    /** Bytes of the picture that are neither skipped nor dropped. */
    size_t bodyLeft_ = 0;
    size_t used_ = 0;
    Part next_, part_;
    const char *complaint_ = "";
    /** `--BOUNDARY CRLF`. */
    std::string boundaryLine_;
    std::array<char, 768> buffer_{};
};

}  // namespace bench
