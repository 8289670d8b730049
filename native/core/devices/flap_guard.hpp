// Tells a camera with a loose plug from one that was plugged in: too many appearances in a short time.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>

namespace camera {

/// For one thread. Times are passed in.
class FlapGuard {
public:
    FlapGuard(int cycles, int windowMs) : cycles_(static_cast<size_t>(cycles)), windowUs_(int64_t{windowMs} * 1'000) {}

    /// Notes an appearance of `identity`; true when it flaps now.
    bool appeared(const std::string &identity, int64_t atUs) {
        forgetBefore(atUs - windowUs_);
        std::deque<int64_t> &times = appearances_[identity];
        times.push_back(atUs);
        // The last ones are enough to know.
        if (times.size() > cycles_ + 1) times.pop_front();
        return times.size() > cycles_;
    }

private:
    void forgetBefore(int64_t limitUs) {
        for (auto entry = appearances_.begin(); entry != appearances_.end();) {
            while (!entry->second.empty() && entry->second.front() < limitUs) entry->second.pop_front();
            entry = entry->second.empty() ? appearances_.erase(entry) : std::next(entry);
        }
    }

    const size_t cycles_;
    const int64_t windowUs_;
    std::map<std::string, std::deque<int64_t>> appearances_;
};

} // namespace camera
