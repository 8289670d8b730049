#include "part_reader.hpp"

#include <algorithm>
#include <cstring>

namespace bench {
namespace {

constexpr std::string_view kBlankLine = "\r\n\r\n";
constexpr std::string_view kJpegEnd = "\xff\xd9";

/** Digits at the start of the text. */
uint64_t number(std::string_view text, size_t *digits) {
    uint64_t value = 0;
    size_t i = 0;
    for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; i++) value = value * 10 + static_cast<uint64_t>(text[i] - '0');
    *digits = i;
    return value;
}

/** Text after `Name: ` up to the end of its line. */
std::string_view header(std::string_view lines, std::string_view name) {
    const size_t at = lines.find(name);
    if (at == std::string_view::npos) return {};
    const std::string_view rest = lines.substr(at + name.size());
    return rest.substr(0, rest.find("\r\n"));
}

}  // namespace

PartReader::Step PartReader::advance() {
    switch (state_) {
        case State::HttpHead: return httpHead();
        case State::FirstBoundary: return firstBoundary();
        case State::PartHead: return partHead();
        case State::Body: return body();
        case State::Tail: return tail();
    }
    return Step::Broken;
}

PartReader::Step PartReader::httpHead() {
    const size_t end = unread().find(kBlankLine);
    if (end == std::string_view::npos) return roomBytes() == 0 ? broken("no end of the HTTP header") : Step::More;
    const std::string_view lines = unread().substr(0, end + 2);
    if (!lines.starts_with("HTTP/1.1 200 ") && !lines.starts_with("HTTP/1.0 200 ")) return broken("not 200");
    const std::string_view type = header(lines, "Content-Type: multipart/x-mixed-replace;");
    const size_t at = type.find("boundary=");
    if (at == std::string_view::npos) return broken("no boundary in the HTTP header");
    boundaryLine_ = "--" + std::string(type.substr(at + 9)) + "\r\n";
    drop(end + kBlankLine.size());
    state_ = State::FirstBoundary;
    return advance();
}

PartReader::Step PartReader::firstBoundary() {
    // Some servers put a blank line in front.
    if (unread().starts_with("\r\n")) drop(2);
    if (used_ < boundaryLine_.size()) return Step::More;
    if (!unread().starts_with(boundaryLine_)) return broken("no boundary at the start");
    drop(boundaryLine_.size());
    state_ = State::PartHead;
    return advance();
}

PartReader::Step PartReader::partHead() {
    const size_t end = unread().find(kBlankLine);
    if (end == std::string_view::npos) return roomBytes() == 0 ? broken("no end of the part's header") : Step::More;
    if (!readPartHeaders(unread().substr(0, end + 2))) return Step::Broken;
    drop(end + kBlankLine.size());
    bodyLeft_ = next_.bodyBytes;
    state_ = State::Body;
    if (used_ >= 2 && !unread().starts_with("\xff\xd8")) return broken("no JPEG at the start of a part");
    return body();
}

bool PartReader::readPartHeaders(std::string_view lines) {
    size_t digits = 0;
    next_ = {};
    next_.bodyBytes = number(header(lines, "Content-Length: "), &digits);
    if (digits == 0 || next_.bodyBytes < 4) {
        broken("no Content-Length");
        return false;
    }
    const std::string_view stamp = header(lines, "X-Timestamp: ");
    const uint64_t seconds = number(stamp, &digits);
    if (digits == 0) return true;
    const uint64_t micros = digits < stamp.size() ? number(stamp.substr(digits + 1), &digits) : 0;
    if (digits == 6) next_.stampNs = seconds * 1'000'000'000u + micros * 1'000u;
    return true;
}

PartReader::Step PartReader::body() {
    const size_t unseen = std::min(skippable(), used_);
    drop(unseen);
    bodyLeft_ -= unseen;
    if (bodyLeft_ > kTailBytes) return Step::More;
    state_ = State::Tail;
    return tail();
}

PartReader::Step PartReader::tail() {
    const size_t wanted = kJpegEnd.size() + 2 + boundaryLine_.size();
    if (used_ < wanted) return Step::More;
    const std::string_view text = unread();
    if (!text.starts_with(kJpegEnd)) return broken("no JPEG at the end of a part");
    if (text.substr(2, 2) != "\r\n" || text.substr(4, boundaryLine_.size()) != boundaryLine_) return broken("no boundary behind a part");
    drop(wanted);
    bodyLeft_ = 0;
    part_ = next_;
    state_ = State::PartHead;
    return Step::PartEnded;
}

PartReader::Step PartReader::broken(const char *why) {
    complaint_ = why;
    return Step::Broken;
}

void PartReader::drop(size_t bytes) {
    used_ -= bytes;
    std::memmove(buffer_.data(), buffer_.data() + bytes, used_);
}

}  // namespace bench
