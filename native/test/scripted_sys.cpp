#include "scripted_sys.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>

#include "scripted_device.hpp"

namespace camera::test {

namespace {

constexpr unsigned kVideoMajor = 81;

struct Node {
    std::string path;
    ScriptedCamera camera;
    unsigned minor = 0;
    bool gone = false;
};

struct OpenFile {
    std::shared_ptr<Node> node;
    ScriptedDevice device;
    bool pathOnly = false;
};

enum class Effect { Fail, Unplug, Delay, Hang };

struct Rule {
    std::string path;
    std::string call;
    int nth;
    int times;
    Effect effect;
    /// Errno or milliseconds.
    int value;
};

void signalReadable(int fd) {
    const uint64_t one = 1;
    static_cast<void>(!::write(fd, &one, sizeof one));
}

void clearReadable(int fd) {
    uint64_t count = 0;
    static_cast<void>(!::read(fd, &count, sizeof count));
}

int fail(int errnoValue) {
    errno = errnoValue;
    return -1;
}

} // namespace

struct ScriptedSys::Model {
    mutable std::mutex mutex;
    mutable std::condition_variable changed;
    std::map<std::string, std::shared_ptr<Node>> nodes;
    std::map<int, std::shared_ptr<OpenFile>> files;
    std::map<std::pair<std::string, std::string>, int> counts;
    std::vector<Rule> rules;
    int hanging = 0;
    uint64_t releases = 0;
    bool closing = false;
    int mapped = 0;

    using Lock = std::unique_lock<std::mutex>;

    void unplug(const std::string &path) {
        const auto found = nodes.find(path);
        if (found == nodes.end()) return;
        found->second->gone = true;
        for (const auto &[fd, file] : files) {
            if (file->node == found->second) signalReadable(fd);
        }
        nodes.erase(found);
        changed.notify_all();
    }

    void hang(Lock &lock) {
        const uint64_t before = releases;
        ++hanging;
        changed.notify_all();
        changed.wait(lock, [&] { return closing || releases != before; });
        --hanging;
    }

    /// Counts the call and applies its rules; 0 or an errno. May let go of the lock for a while.
    int enter(Lock &lock, const std::string &path, const std::string &call) {
        ++counts[{path, call}];
        std::vector<Rule> due;
        for (auto rule = rules.begin(); rule != rules.end();) {
            const bool matches = rule->path == path && rule->call == call;
            if (matches && --rule->nth <= 0) {
                due.push_back(*rule);
                if (--rule->times <= 0) {
                    rule = rules.erase(rule);
                    continue;
                }
            }
            ++rule;
        }
        int failure = 0;
        for (const Rule &rule : due) {
            switch (rule.effect) {
            case Effect::Fail: failure = rule.value; break;
            case Effect::Unplug: unplug(path); break;
            case Effect::Hang: hang(lock); break;
            case Effect::Delay:
                changed.wait_for(lock, std::chrono::milliseconds(rule.value), [this] { return closing; });
                break;
            }
        }
        return failure;
    }

    std::shared_ptr<OpenFile> fileOf(int fd) const {
        const auto found = files.find(fd);
        return found == files.end() ? nullptr : found->second;
    }

    int open(const char *path, int flags) {
        Lock lock(mutex);
        const bool pathOnly = (flags & O_PATH) != 0;
        const int failure = pathOnly ? 0 : enter(lock, path, "open");
        const auto node = nodes.find(path);
        if (failure || node == nodes.end()) return fail(failure ? failure : ENOENT);
        const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (fd < 0) return -1;
        auto file = std::make_shared<OpenFile>();
        file->node = node->second;
        file->pathOnly = pathOnly;
        files[fd] = std::move(file);
        return fd;
    }

    int close(int fd) {
        Lock lock(mutex);
        const std::shared_ptr<OpenFile> file = fileOf(fd);
        if (!file) return ::close(fd);
        const int failure = file->pathOnly ? 0 : enter(lock, file->node->path, "close");
        files.erase(fd);
        changed.notify_all();
        ::close(fd);
        return failure ? fail(failure) : 0;
    }

    int ioctl(int fd, unsigned long request, void *argument) {
        Lock lock(mutex);
        const std::shared_ptr<OpenFile> file = fileOf(fd);
        if (!file || file->pathOnly) return fail(EBADF);
        const int failure = enter(lock, file->node->path, ioctlName(request));
        if (file->node->gone) return fail(ENODEV);
        if (failure) return fail(failure);
        const int answer = answerIoctl(*file, request, argument);
        if (request == VIDIOC_DQBUF && !file->device.frameReady()) clearReadable(fd);
        if (request == VIDIOC_STREAMON || request == VIDIOC_STREAMOFF) changed.notify_all();
        return answer ? fail(answer) : 0;
    }

    /// One descriptor owns the buffers of a node; the others may only ask.
    int answerIoctl(OpenFile &file, unsigned long request, void *argument) {
        if (request == VIDIOC_S_FMT || request == VIDIOC_REQBUFS || request == VIDIOC_STREAMON) {
            for (const auto &[fd, other] : files) {
                if (other.get() != &file && other->node == file.node && other->device.ownsBuffers()) return EBUSY;
            }
        }
        return file.device.ioctl(file.node->camera, request, argument);
    }

    int fstat(int fd, struct stat *out) {
        Lock lock(mutex);
        const std::shared_ptr<OpenFile> file = fileOf(fd);
        if (!file) return ::fstat(fd, out);
        const int failure = file->pathOnly ? 0 : enter(lock, file->node->path, "fstat");
        if (failure) return fail(failure);
        *out = {};
        out->st_mode = S_IFCHR | 0660;
        out->st_rdev = makedev(kVideoMajor, file->node->minor);
        return 0;
    }

    void *mmap(size_t length, int protection, int flags, int fd, off_t offset) {
        Lock lock(mutex);
        const std::shared_ptr<OpenFile> file = fileOf(fd);
        if (!file) return ::mmap(nullptr, length, protection, flags, fd, offset);
        const int failure = enter(lock, file->node->path, "mmap");
        if (failure || file->node->gone) {
            errno = failure ? failure : ENODEV;
            return MAP_FAILED;
        }
        void *address = ::mmap(nullptr, length, protection, flags, file->device.memoryFd(), offset);
        if (address != MAP_FAILED) ++mapped;
        return address;
    }

    int munmap(void *address, size_t length) {
        const Lock lock(mutex);
        --mapped;
        return ::munmap(address, length);
    }

    short readiness(const OpenFile &file, short events) const {
        if (file.node->gone) return POLLERR | POLLHUP | static_cast<short>(events & POLLPRI);
        if (!(events & POLLIN)) return 0;
        if (!file.device.streaming()) return POLLERR;
        return file.device.frameReady() ? POLLIN : static_cast<short>(0);
    }

    int poll(struct pollfd *fds, nfds_t count, int timeoutMs) {
        std::vector<struct pollfd> real(fds, fds + count);
        std::vector<std::shared_ptr<OpenFile>> scripted(count);
        {
            Lock lock(mutex);
            for (nfds_t i = 0; i < count; ++i) {
                scripted[i] = fileOf(fds[i].fd);
                if (!scripted[i]) continue;
                if (const int failure = enter(lock, scripted[i]->node->path, "poll")) return fail(failure);
                if (readiness(*scripted[i], fds[i].events)) timeoutMs = 0;
                real[i].events = POLLIN;
            }
        }
        if (::poll(real.data(), count, timeoutMs) < 0) return -1;
        const Lock lock(mutex);
        int ready = 0;
        for (nfds_t i = 0; i < count; ++i) {
            fds[i].revents = scripted[i] ? readiness(*scripted[i], fds[i].events) : real[i].revents;
            if (fds[i].revents) ++ready;
        }
        return ready;
    }
};

ScriptedSys::ScriptedSys() : model_(std::make_shared<Model>()) {}

ScriptedSys::~ScriptedSys() {
    const Model::Lock lock(model_->mutex);
    model_->closing = true;
    model_->changed.notify_all();
}

Sys ScriptedSys::sys() const {
    const std::shared_ptr<Model> model = model_;
    return Sys{
        .open = [model](const char *path, int flags) { return model->open(path, flags); },
        .close = [model](int fd) { return model->close(fd); },
        .ioctl = [model](int fd, unsigned long request,
                         void *argument) { return model->ioctl(fd, request, argument); },
        .fstat = [model](int fd, struct stat *out) { return model->fstat(fd, out); },
        .mmap = [model](size_t length, int protection, int flags, int fd,
                        off_t offset) { return model->mmap(length, protection, flags, fd, offset); },
        .munmap = [model](void *address, size_t length) { return model->munmap(address, length); },
        .poll = [model](struct pollfd *fds, nfds_t count,
                        int timeoutMs) { return model->poll(fds, count, timeoutMs); },
    };
}

void ScriptedSys::plug(const std::string &path, ScriptedCamera camera, unsigned minor) {
    const Model::Lock lock(model_->mutex);
    model_->nodes[path] = std::make_shared<Node>(Node{path, std::move(camera), minor});
}

void ScriptedSys::unplug(const std::string &path) {
    const Model::Lock lock(model_->mutex);
    model_->unplug(path);
}

void ScriptedSys::alter(const std::string &path, const std::function<void(ScriptedCamera &)> &change) {
    const Model::Lock lock(model_->mutex);
    const auto found = model_->nodes.find(path);
    if (found != model_->nodes.end()) change(found->second->camera);
}

void ScriptedSys::failAt(const std::string &path, const std::string &call, int nth, int errnoValue, int times) {
    const Model::Lock lock(model_->mutex);
    model_->rules.push_back({path, call, nth, times, Effect::Fail, errnoValue});
}

void ScriptedSys::unplugAt(const std::string &path, const std::string &call, int nth) {
    const Model::Lock lock(model_->mutex);
    model_->rules.push_back({path, call, nth, 1, Effect::Unplug, 0});
}

void ScriptedSys::delayAt(const std::string &path, const std::string &call, int nth, int delayMs) {
    const Model::Lock lock(model_->mutex);
    model_->rules.push_back({path, call, nth, 1, Effect::Delay, delayMs});
}

void ScriptedSys::hangAt(const std::string &path, const std::string &call, int nth) {
    const Model::Lock lock(model_->mutex);
    model_->rules.push_back({path, call, nth, 1, Effect::Hang, 0});
}

void ScriptedSys::release() {
    const Model::Lock lock(model_->mutex);
    ++model_->releases;
    model_->changed.notify_all();
}

bool ScriptedSys::waitForHang(int count, int timeoutMs) const {
    Model::Lock lock(model_->mutex);
    return model_->changed.wait_for(lock, std::chrono::milliseconds(timeoutMs),
                                    [&] { return model_->hanging >= count; });
}

bool ScriptedSys::pushFrame(const std::string &path, const ScriptedFrame &frame) {
    const Model::Lock lock(model_->mutex);
    for (const auto &[fd, file] : model_->files) {
        if (file->node->path != path || file->node->gone || !file->device.deliver(frame)) continue;
        if (file->device.frameReady()) signalReadable(fd);
        return true;
    }
    return false;
}

bool ScriptedSys::waitForStreaming(const std::string &path, bool streaming, int timeoutMs) const {
    Model::Lock lock(model_->mutex);
    return model_->changed.wait_for(lock, std::chrono::milliseconds(timeoutMs), [&] {
        bool any = false;
        for (const auto &[fd, file] : model_->files) any |= file->node->path == path && file->device.streaming();
        return any == streaming;
    });
}

int ScriptedSys::calls(const std::string &path, const std::string &call) const {
    const Model::Lock lock(model_->mutex);
    const auto found = model_->counts.find({path, call});
    return found == model_->counts.end() ? 0 : found->second;
}

int ScriptedSys::openDescriptors() const {
    const Model::Lock lock(model_->mutex);
    return static_cast<int>(model_->files.size());
}

int ScriptedSys::mappings() const {
    const Model::Lock lock(model_->mutex);
    return model_->mapped;
}

} // namespace camera::test
