// Draws placeholders on a thread of its own, since that takes longer than a viewer may wait for a frame, and keeps the last.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/courier.hpp"
#include "fanout/viewer_types.hpp"

namespace camera {

/// A drawn picture, shared by all who show it.
using PlaceholderJpeg = std::shared_ptr<const std::vector<uint8_t>>;

/// Any thread.
class PlaceholderPainter {
public:
    PlaceholderPainter();
    PlaceholderPainter(const PlaceholderPainter &) = delete;
    PlaceholderPainter &operator=(const PlaceholderPainter &) = delete;

    /// Answers on the painter's thread.
    void paint(const PlaceholderPicture &picture, std::function<void(PlaceholderJpeg)> answer);

    /// False when it still drew after `timeoutMs`. Idempotent.
    bool stop(int timeoutMs) { return courier_.stop(timeoutMs); }

private:
    struct Album;
    /// Used on the painter's thread alone.
    const std::shared_ptr<Album> album_;
    Courier courier_;
};

} // namespace camera
