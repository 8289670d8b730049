#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

/** Bytes of the opening request; the key is a constant, since nothing here depends on its secrecy. */
std::string handshakeRequest(std::string_view path, uint16_t port);

/** One masked text frame. The key is never zero: some servers skip the unmasking then, and would look faster than they are. */
std::string textFrame(std::string_view payload);

/** A frame of the server, cut out of a byte stream. */
struct ServerFrame {
    uint8_t opcode = 0;
    std::string_view payload;
    /** Header and payload; 0 when the bytes do not hold a whole frame yet. */
    size_t totalBytes = 0;
};

ServerFrame parseServerFrame(std::string_view bytes);

/** `{"jsonrpc":"2.0","id":1000000,"method":"METHOD","params":PARAMS}`, without `params` when they are empty. */
std::string requestText(std::string_view method, std::string_view params);

/**
 * One request whose id has a fixed number of digits: a whole masked frame is made once, and only the digits are written again for
 * each call. A text without `"id":1000000` is sent as it is.
 */
class RequestTemplate {
public:
    static constexpr uint32_t kFirstId = 1'000'000;
    static constexpr uint32_t kIds = 9'000'000;

    explicit RequestTemplate(std::string_view payload);

    size_t bytes() const { return frame_.size(); }
    /** Whether replies can be told apart by their id. */
    bool hasId() const { return idOffset_ > 0; }
    /** Writes the frame with this id (below kFirstId + kIds) to `out`, which has room for bytes(). */
    void write(char *out, uint32_t id) const;

private:
    std::string frame_;
    size_t idOffset_ = 0;
    size_t payloadOffset_ = 0;
};

}  // namespace bench
