// Templates of connection.hpp: the callback is inlined into the loop that runs a million times a second.
#include "websocket.hpp"

namespace bench {

template <typename OnText>
size_t Connection::takeFrames(std::string_view bytes, OnText &onText) {
    size_t used = 0;
    for (;;) {
        const ServerFrame frame = parseServerFrame(bytes.substr(used));
        if (frame.totalBytes == 0) return used;
        used += frame.totalBytes;
        if (frame.opcode == 1) onText(frame.payload);
        if (frame.opcode == 9) answerPing(frame.payload);
    }
}

template <typename OnText>
bool Connection::receive(std::vector<char> &buffer, OnText &&onText) {
    const long n = readSome(buffer.data(), buffer.size());
    if (n <= 0) return n != 0;
    const std::string_view fresh(buffer.data(), static_cast<size_t>(n));
    if (partial_.empty()) {
        partial_.assign(fresh.substr(takeFrames(fresh, onText)));
    } else {
        partial_.append(fresh);
        partial_.erase(0, takeFrames(partial_, onText));
    }
    return true;
}

}  // namespace bench
