#include "fanout/multipart.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/clock.hpp"

namespace camera {

namespace {

std::span<const uint8_t> bytesOf(std::string_view text) {
    return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

} // namespace

PartHeaders::PartHeaders(size_t jpegBytes, int64_t wallUs) {
    add("Content-Type: image/jpeg\r\n");
    line("Content-Length: ", jpegBytes);
    const auto us = static_cast<uint64_t>(std::max<int64_t>(wallUs, 0));
    add("X-Timestamp: ");
    addNumber(us / 1'000'000);
    // With a leading 1 the fraction keeps its zeros; the point takes its place.
    char *const point = text_.data() + size_;
    addNumber(1'000'000 + us % 1'000'000);
    *point = '.';
    add("\r\n");
}

PartHeaders &PartHeaders::online(bool online) {
    add(online ? "X-Frame-Online: true\r\n" : "X-Frame-Online: false\r\n");
    return *this;
}

PartHeaders &PartHeaders::extra(const FrameFacts &facts, const ExtraFacts &extra) {
    line("X-Frame-Sequence: ", facts.sequence);
    online(extra.online);
    line("X-Frame-Width: ", facts.width);
    line("X-Frame-Height: ", facts.height);
    line("X-Frame-Dropped: ", extra.dropped);
    line("X-Frame-Age-Ms: ", static_cast<uint64_t>(std::max<int64_t>(extra.ageMs, 0)));
    return *this;
}

std::string_view PartHeaders::finish() {
    add("\r\n");
    return {text_.data(), size_};
}

void PartHeaders::add(std::string_view text) {
    std::memcpy(text_.data() + size_, text.data(), text.size());
    size_ += text.size();
}

void PartHeaders::addNumber(uint64_t number) {
    size_ = static_cast<size_t>(std::to_chars(text_.data() + size_, text_.data() + text_.size(), number).ptr - text_.data());
}

void PartHeaders::line(std::string_view name, uint64_t number) {
    add(name);
    addNumber(number);
    add("\r\n");
}

int64_t capturedWallUs(const FrameFacts &facts) { return wallUs() - (monotonicUs() - facts.capturedAtUs); }

void dressAsPlaceholder(const Frame &frame, FrameMargins margins) {
    PartHeaders headers(frame.bytes().size(), capturedWallUs(frame.facts()));
    margins.setHeader(bytesOf(headers.online(false).finish()));
    margins.setTrailer(bytesOf(kPartEnd));
}

void dressAsPart(const Frame &frame, FrameMargins margins) {
    PartHeaders headers(frame.bytes().size(), capturedWallUs(frame.facts()));
    margins.setHeader(bytesOf(headers.finish()));
    margins.setTrailer(bytesOf(kPartEnd));
}

} // namespace camera
