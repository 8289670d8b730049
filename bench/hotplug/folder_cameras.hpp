#pragma once
#include <string>

#include "event_source.hpp"

namespace bench {

/** Nodes video70, video71, … that are made and removed one by one in a folder (root only); events come by inotify. Owns its descriptor. */
class FolderCameras : public Cameras {
public:
    /** The nodes must be there already. `count` is at most 10. */
    FolderCameras(std::string folder, size_t count);
    FolderCameras(const FolderCameras &) = delete;
    FolderCameras &operator=(const FolderCameras &) = delete;
    ~FolderCameras() override;

    int fd() const override { return fd_; }
    std::optional<NodeEvent> receive() override;
    size_t units() const override { return count_; }
    size_t camerasOfUnit() const override { return 1; }
    bool change(size_t unit, bool plug) override;

private:
    const std::string folder_;
    const size_t count_;
    int fd_ = -1;
};

}  // namespace bench
