// durable FILE DIR ROUNDS: writes the bytes of FILE as a new file into DIR so that it survives a power cut (temporary name, write,
// fsync, rename, fsync of the folder), and removes it again. Prints one line of JSON: nanoseconds of each, without the removal.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "cpu_time.hpp"

namespace {

bool readFile(const char *path, std::vector<char> &bytes) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat facts {};
    if (fd < 0 || fstat(fd, &facts) != 0) return false;
    bytes.resize(static_cast<size_t>(facts.st_size));
    const bool whole = read(fd, bytes.data(), bytes.size()) == facts.st_size;
    close(fd);
    return whole;
}

bool store(const std::vector<char> &bytes, const std::string &dir, const std::string &name) {
    const std::string temporary = dir + "/." + name, file = dir + "/" + name;
    const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) return false;
    const bool written = write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) && fsync(fd) == 0;
    close(fd);
    const int folder = open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool placed = written && rename(temporary.c_str(), file.c_str()) == 0 && fsync(folder) == 0;
    close(folder);
    return placed;
}

}  // namespace

int main(int argc, char **argv) {
    std::vector<char> bytes;
    if (argc != 4 || !readFile(argv[1], bytes)) {
        std::fprintf(stderr, "usage: durable FILE DIR ROUNDS\n");
        return 64;
    }
    const std::string dir = argv[2];
    std::printf("{\"bytes\":%zu,\"ns\":[", bytes.size());
    for (int round = 0; round < std::atoi(argv[3]); round++) {
        const std::string name = "durable-" + std::to_string(getpid()) + "-" + std::to_string(round) + ".jpg";
        const uint64_t begin = bench::nowNs();
        if (!store(bytes, dir, name)) {
            std::perror("durable");
            return 1;
        }
        std::printf("%s%" PRIu64, round == 0 ? "" : ",", bench::nowNs() - begin);
        unlink((dir + "/" + name).c_str());
    }
    std::printf("]}\n");
    return 0;
}
