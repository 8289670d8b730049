#include "websocket.hpp"

#include <cstring>

namespace bench {
namespace {

constexpr unsigned char kMask[4] = {0x37, 0xfa, 0x21, 0x3d};

size_t headerBytes(size_t payload) { return payload < 126 ? 6 : payload < 65536 ? 8 : 14; }

}  // namespace

std::string handshakeRequest(std::string_view path, uint16_t port) {
    std::string request = "GET ";
    request += path;
    request += " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
               "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
               "Sec-WebSocket-Version: 13\r\n\r\n";
    return request;
}

std::string textFrame(std::string_view payload) {
    std::string frame;
    const size_t n = payload.size();
    frame.reserve(headerBytes(n) + n);
    frame += static_cast<char>(0x81);
    if (n < 126) {
        frame += static_cast<char>(0x80 | n);
    } else if (n < 65536) {
        frame += static_cast<char>(0x80 | 126);
        frame += static_cast<char>(n >> 8);
        frame += static_cast<char>(n);
    } else {
        frame += static_cast<char>(0x80 | 127);
        for (int shift = 56; shift >= 0; shift -= 8) frame += static_cast<char>(static_cast<uint64_t>(n) >> shift);
    }
    for (const unsigned char byte : kMask) frame += static_cast<char>(byte);
    for (size_t i = 0; i < n; i++) frame += static_cast<char>(payload[i] ^ kMask[i % 4]);
    return frame;
}

ServerFrame parseServerFrame(std::string_view bytes) {
    ServerFrame frame;
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
    if (bytes.size() - header < length) return frame;
    frame.opcode = at(0) & 0x0f;
    frame.payload = bytes.substr(header, length);
    frame.totalBytes = header + length;
    return frame;
}

std::string requestText(std::string_view method, std::string_view params) {
    std::string payload = "{\"jsonrpc\":\"2.0\",\"id\":" + std::to_string(RequestTemplate::kFirstId) + ",\"method\":\"";
    payload += method;
    payload += '"';
    if (!params.empty()) {
        payload += ",\"params\":";
        payload += params;
    }
    return payload += '}';
}

RequestTemplate::RequestTemplate(std::string_view payload) : frame_(textFrame(payload)), payloadOffset_(headerBytes(payload.size())) {
    constexpr std::string_view kMember = "\"id\":";
    const size_t member = payload.find("\"id\":" + std::to_string(kFirstId));
    if (member != std::string_view::npos) idOffset_ = payloadOffset_ + member + kMember.size();
}

void RequestTemplate::write(char *out, uint32_t id) const {
    std::memcpy(out, frame_.data(), frame_.size());
    if (!hasId()) return;
    for (size_t digit = 7; digit-- > 0; id /= 10) {
        const size_t i = idOffset_ + digit;
        out[i] = static_cast<char>(('0' + id % 10) ^ kMask[(i - payloadOffset_) % 4]);
    }
}

}  // namespace bench
