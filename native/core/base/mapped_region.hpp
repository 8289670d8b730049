// Owner of one memory map of a device: move-only, unmaps itself, empty after a move.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "base/sys.hpp"

namespace camera {

class MappedRegion {
public:
    MappedRegion() = default;
    /// Takes over what `Sys::mmap` returned. `sys` must outlive this object.
    MappedRegion(const Sys &sys, void *address, size_t length)
        : sys_(&sys), address_(static_cast<uint8_t *>(address)), length_(length) {}
    MappedRegion(MappedRegion &&other) noexcept
        : sys_(other.sys_), address_(std::exchange(other.address_, nullptr)), length_(std::exchange(other.length_, 0)) {}
    MappedRegion &operator=(MappedRegion &&other) noexcept {
        if (this != &other) {
            reset();
            sys_ = other.sys_;
            address_ = std::exchange(other.address_, nullptr);
            length_ = std::exchange(other.length_, 0);
        }
        return *this;
    }
    MappedRegion(const MappedRegion &) = delete;
    MappedRegion &operator=(const MappedRegion &) = delete;
    ~MappedRegion() { reset(); }

    std::span<const uint8_t> bytes() const { return {address_, length_}; }
    void reset() {
        if (address_) sys_->munmap(address_, length_);
        address_ = nullptr;
        length_ = 0;
    }

private:
    const Sys *sys_ = nullptr;
    uint8_t *address_ = nullptr;
    size_t length_ = 0;
};

} // namespace camera
