#pragma once
#include "event_source.hpp"

namespace bench {

/** The cameras of vivid, which its driver makes and removes together; events come by netlink. Owns its descriptor. */
class VividCameras : public Cameras {
public:
    explicit VividCameras(size_t count);
    VividCameras(const VividCameras &) = delete;
    VividCameras &operator=(const VividCameras &) = delete;
    ~VividCameras() override;

    int fd() const override { return fd_; }
    std::optional<NodeEvent> receive() override;
    size_t units() const override { return 1; }
    size_t camerasOfUnit() const override { return count_; }
    bool change(size_t unit, bool plug) override;

private:
    const size_t count_;
    int fd_ = -1;
};

}  // namespace bench
