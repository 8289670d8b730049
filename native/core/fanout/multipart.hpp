// The wire form of the viewers' stream: multipart/x-mixed-replace with the boundary `frame`, as every client accepts it.
//   stream = kFirstBoundary, parts, kClosing        part = headers, blank line, JPEG, kPartEnd
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "hub/frame.hpp"

namespace camera {

inline constexpr std::string_view kFirstBoundary = "--frame\r\n";
/// The boundary line that ends a part goes out with it, so that a client need not wait for the next one.
inline constexpr std::string_view kPartEnd = "\r\n--frame\r\n";
/// Replaces the next part.
inline constexpr std::string_view kClosing = "--frame--\r\n";
/// The headers of a part whose picture is not there yet.
inline constexpr std::string_view kAdvanceHeaders = "Content-Type: image/jpeg\r\n\r\n";
/// `kPartEnd` with the headers of the next part.
inline constexpr std::string_view kAdvancePartEnd = "\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n";
/// Ends a stream whose next part has been begun by its headers.
inline constexpr std::string_view kAdvanceClosing = "\r\n--frame--\r\n";

/// What the `X-Frame-...` headers say besides the frame's own facts.
struct ExtraFacts {
    bool online = true;
    /// Frames that this viewer missed.
    uint64_t dropped = 0;
    int64_t ageMs = 0;
};

/// The headers of one part and their blank line: lines below 128 bytes, all of them below 512.
class PartHeaders {
public:
    /// Content-Type, Content-Length and X-Timestamp of a whole frame; `wallUs` is the time of capture.
    PartHeaders(size_t jpegBytes, int64_t wallUs);

    PartHeaders &online(bool online);
    PartHeaders &extra(const FrameFacts &facts, const ExtraFacts &extra);

    /// With the blank line; the last call.
    std::string_view finish();

private:
    void add(std::string_view text);
    void addNumber(uint64_t number);
    void line(std::string_view name, uint64_t number);

    std::array<char, 512> text_;
    size_t size_ = 0;
};

/// Time of capture as microseconds since 1970, by the clocks of now.
int64_t capturedWallUs(const FrameFacts &facts);

/// The part that all viewers without special wishes get: `Frame::wire` keeps it.
void dressAsPart(const Frame &frame, FrameMargins margins);
/// The same with `X-Frame-Online: false`.
void dressAsPlaceholder(const Frame &frame, FrameMargins margins);

} // namespace camera
