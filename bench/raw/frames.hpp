#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bench {

/** One text frame of a server: header and payload, not masked. */
std::string serverFrame(std::string_view payload);

/** A frame of a client, found at the start of bytes that were received. */
struct ClientFrame {
    uint8_t opcode = 0;
    std::span<char> payload;
    /** Header and payload; 0 when the bytes do not hold a whole frame yet. */
    size_t totalBytes = 0;
};

/** Finds one frame and takes its mask off, in place. */
ClientFrame openClientFrame(std::span<char> bytes);

/** The reply of this many bytes that carries the seven digits of the request's id, as the generator writes it. */
class ReplyTemplate {
public:
    explicit ReplyTemplate(size_t payloadBytes);

    /** Appends the frame that answers `request`, a payload without its mask. */
    void append(std::string &out, std::span<const char> request) const;

private:
    std::string frame_;
    size_t idOffset_;
};

}  // namespace bench
