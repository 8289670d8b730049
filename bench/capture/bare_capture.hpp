#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

/** The least that taking frames off a camera can cost: wait, dequeue, copy, queue. No checks, no readers, no cures. */
class BareCapture {
public:
    /** Opens and streams MJPEG; `ok` says whether it worked. */
    BareCapture(const char *node, uint32_t width, uint32_t height, uint32_t fps);
    BareCapture(const BareCapture &) = delete;
    BareCapture &operator=(const BareCapture &) = delete;
    ~BareCapture();

    bool ok() const { return streaming_; }
    /** Captures until `endNs` of the monotonic clock; answers the number of frames. */
    uint64_t runUntil(uint64_t endNs);

private:
    struct Mapped {
        void *start = nullptr;
        size_t bytes = 0;
    };

    bool begin(uint32_t width, uint32_t height, uint32_t fps);
    bool mapAll();
    bool take();

    const int fd_;
    bool streaming_ = false;
    std::vector<Mapped> buffers_;
    /** The newest frames, as anybody needs who hands them on. */
    std::vector<std::vector<char>> kept_;
    uint64_t frames_ = 0;
};

}  // namespace bench
