#pragma once
#include "event_source.hpp"

namespace bench {

/** The cameras of vivid, which its driver makes and removes together; events come by netlink. Owns its descriptor. */
class VividCameras : public Cameras {
public:
    VividCameras();
    VividCameras(const VividCameras &) = delete;
    VividCameras &operator=(const VividCameras &) = delete;
    ~VividCameras() override;

    int fd() const override { return fd_; }
    std::optional<NodeEvent> receive() override;
    bool change(bool plug) override;

private:
    int fd_ = -1;
};

}  // namespace bench
