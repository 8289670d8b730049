#pragma once
#include <cstdint>
#include <string>

#include "part_reader.hpp"

namespace bench {

/** A viewer's socket, non-blocking, with the kernel's own buffer sizes. */
class Viewer {
public:
    Viewer() = default;
    Viewer(const Viewer &) = delete;
    Viewer &operator=(const Viewer &) = delete;
    Viewer(Viewer &&other) noexcept : fd_(other.fd_), reader_(std::move(other.reader_)) { other.fd_ = -1; }
    ~Viewer() { leave(false); }

    /** Connects from `from` (host order; 0: whatever the kernel takes) and asks for the stream. False after a message on stderr. */
    bool ask(uint16_t port, const std::string &path, uint32_t from);

    /** Closes; `abruptly`: with a reset and no farewell, which leaves no port in TIME_WAIT. */
    void leave(bool abruptly);

    int fd() const { return fd_; }
    bool answered() const { return reader_.answered(); }

    /** Reads what is there; calls `onPart(Part)` for each that ended. False when the stream is broken or closed, with a message. */
    template <typename OnPart>
    bool receive(OnPart &&onPart) {
        // Level-triggered: what is left after a part brings the next event, so no read is spent on hearing EAGAIN.
        for (bool ended = false; !ended || !reader_.unread().empty();) {
            const size_t skippable = reader_.skippable();
            const long n = skippable > 0 ? discard(skippable) : readSome();
            if (n <= 0) return n == 0;
            if (skippable > 0) {
                reader_.skipped(static_cast<size_t>(n));
                continue;
            }
            auto step = reader_.advance();
            for (; step == PartReader::Step::PartEnded; step = reader_.advance()) {
                onPart(reader_.part());
                ended = true;
            }
            if (step == PartReader::Step::Broken) return complain(reader_.complaint());
        }
        return true;
    }

    /** Throws away at most so many bytes, whatever they are. False when the stream is closed. */
    bool discardAny(size_t bytes) { return discard(bytes) >= 0; }

private:
    /** Bytes; 0: none there now; -1: closed, after a message. */
    long discard(size_t bytes);
    long readSome();
    long judged(long n);
    bool complain(const char *why);

    int fd_ = -1;
    PartReader reader_;
};

}  // namespace bench
