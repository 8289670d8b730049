#include "frames.hpp"

#include <cstring>

namespace bench {
namespace {

constexpr std::string_view kBeforeId = "{\"jsonrpc\":\"2.0\",\"id\":";
constexpr std::string_view kAfterId = ",\"result\":\"";
constexpr std::string_view kEnd = "\"}";
constexpr size_t kIdDigits = 7;

void unmask(char *payload, size_t length, const char *key) {
    uint32_t word = 0;
    std::memcpy(&word, key, sizeof word);
    const uint64_t both = static_cast<uint64_t>(word) << 32 | word;
    size_t i = 0;
    for (; i + sizeof both <= length; i += sizeof both) {
        uint64_t eight = 0;
        std::memcpy(&eight, payload + i, sizeof eight);
        eight ^= both;
        std::memcpy(payload + i, &eight, sizeof eight);
    }
    for (; i < length; i++) payload[i] = static_cast<char>(payload[i] ^ key[i % 4]);
}

}  // namespace

std::string serverFrame(std::string_view payload) {
    const size_t n = payload.size();
    std::string frame(1, static_cast<char>(0x81));
    if (n < 126) {
        frame += static_cast<char>(n);
    } else if (n < 65536) {
        frame += static_cast<char>(126);
        frame += static_cast<char>(n >> 8);
        frame += static_cast<char>(n);
    } else {
        frame += static_cast<char>(127);
        for (int shift = 56; shift >= 0; shift -= 8) frame += static_cast<char>(static_cast<uint64_t>(n) >> shift);
    }
    return frame += payload;
}

ClientFrame openClientFrame(std::span<char> bytes) {
    constexpr size_t kMaskBytes = 4;
    ClientFrame frame;
    if (bytes.size() < 2) return frame;
    const auto at = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
    size_t header = 2;
    uint64_t length = at(1) & 0x7f;
    if (length == 126) {
        if (bytes.size() < 4) return frame;
        header = 4;
        length = static_cast<uint64_t>(at(2)) << 8 | at(3);
    } else if (length == 127) {
        if (bytes.size() < 10) return frame;
        header = 10;
        length = 0;
        for (size_t i = 2; i < 10; i++) length = length << 8 | at(i);
    }
    if (bytes.size() < header + kMaskBytes || bytes.size() - header - kMaskBytes < length) return frame;
    const char *key = bytes.data() + header;
    frame.opcode = at(0) & 0x0f;
    frame.payload = bytes.subspan(header + kMaskBytes, length);
    frame.totalBytes = header + kMaskBytes + length;
    unmask(frame.payload.data(), length, key);
    return frame;
}

ReplyTemplate::ReplyTemplate(size_t payloadBytes) {
    const size_t around = kBeforeId.size() + kIdDigits + kAfterId.size() + kEnd.size();
    std::string payload(kBeforeId);
    payload += "1000000";
    payload += kAfterId;
    payload.append(payloadBytes > around ? payloadBytes - around : 0, 'x');
    payload += kEnd;
    frame_ = serverFrame(payload);
    idOffset_ = frame_.size() - payload.size() + kBeforeId.size();
}

void ReplyTemplate::append(std::string &out, std::span<const char> request) const {
    const size_t begin = out.size();
    out += frame_;
    if (request.size() < kBeforeId.size() + kIdDigits) return;
    std::memcpy(out.data() + begin + idOffset_, request.data() + kBeforeId.size(), kIdDigits);
}

}  // namespace bench
