#include "base/durable_file.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/clock.hpp"
#include "base/fault_code.hpp"
#include "base/unique_fd.hpp"

namespace camera {

namespace {

constexpr mode_t kFileMode = 0644;
constexpr size_t kMaxFileNameBytes = 255;

class DurableFile {
public:
    DurableFile(const std::string &dir, const std::string &name) : dir_(dir), name_(name) {}

    Status write(std::span<const uint8_t> bytes, Unfinished way) {
        folder_.reset(::open(dir_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!folder_.valid()) return failed("open_dir");
        return way == Unfinished::Nameless ? writeNameless(bytes) : writeHidden(bytes);
    }

private:
    /// A file without a name leaves nothing behind, whatever happens before it gets one.
    Status writeNameless(std::span<const uint8_t> bytes) {
        UniqueFd file(::openat(folder_.get(), ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, kFileMode));
        if (!file.valid()) {
            const bool unknown = errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT || errno == EINVAL;
            return unknown ? writeHidden(bytes) : failed("open_file");
        }
        if (Status status = fill(file.get(), bytes); !status.ok()) return status;
        const std::string self = "/proc/self/fd/" + std::to_string(file.get());
        if (::linkat(AT_FDCWD, self.c_str(), folder_.get(), name_.c_str(), AT_SYMLINK_FOLLOW) == 0) return settle();
        return errno == ENOENT ? writeHidden(bytes) : failed("link"); // ENOENT: no /proc here
    }

    /// Renamed when the bytes are down.
    Status writeHidden(std::span<const uint8_t> bytes) {
        // One thread writes one file at a time, so thread and time make the name its own; O_EXCL sees to the rest.
        const std::string temporary = ".frame-" + std::to_string(::gettid()) + "-" + std::to_string(wallUs()) + ".part";
        UniqueFd file(::openat(folder_.get(), temporary.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, kFileMode));
        if (!file.valid()) return failed("open_file");
        Status status = fill(file.get(), bytes);
        if (status.ok() && !rename(temporary)) status = failed("rename");
        if (status.ok()) return settle();
        ::unlinkat(folder_.get(), temporary.c_str(), 0);
        return status;
    }

    bool rename(const std::string &temporary) const {
        if (::renameat2(folder_.get(), temporary.c_str(), folder_.get(), name_.c_str(), RENAME_NOREPLACE) == 0) return true;
        if (errno != EINVAL && errno != ENOSYS) return false; // EINVAL: the file system cannot refuse to replace
        if (::linkat(folder_.get(), temporary.c_str(), folder_.get(), name_.c_str(), 0) != 0) return false;
        ::unlinkat(folder_.get(), temporary.c_str(), 0);
        return true;
    }

    Status fill(int file, std::span<const uint8_t> bytes) const {
        for (size_t at = 0; at < bytes.size();) {
            const ssize_t written = ::write(file, bytes.data() + at, bytes.size() - at);
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) return failed("write");
            at += static_cast<size_t>(written);
        }
        // The size is flushed too, being needed to read the bytes; times are not, and nobody needs them.
        if (::fdatasync(file) != 0) return failed("fsync");
        return done();
    }

    Status settle() const {
        if (::fsync(folder_.get()) == 0 || errno == EINVAL) return done(); // EINVAL: folders need no sync here
        const Status status = failed("fsync");
        // The caller is told that there is no file, so there must be none.
        ::unlinkat(folder_.get(), name_.c_str(), 0);
        return status;
    }

    Status failed(const char *step) const { return Error{errno, step, dir_ + "/" + name_}; }

    const std::string &dir_;
    const std::string &name_;
    UniqueFd folder_;
};

} // namespace

bool isPlainFileName(const std::string &name) {
    return !name.empty() && name.size() <= kMaxFileNameBytes && name.front() != '.' &&
           name.find('/') == std::string::npos && name.find('\0') == std::string::npos;
}

Status writeDurably(const std::string &dir, const std::string &name, std::span<const uint8_t> bytes, Unfinished way) {
    if (!isPlainFileName(name) || dir.empty() || dir.find('\0') != std::string::npos) return Error{0, kStepPath, name};
    return DurableFile(dir, name).write(bytes, way);
}

} // namespace camera
