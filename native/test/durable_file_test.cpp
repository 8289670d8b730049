#include "base/durable_file.hpp"

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/fault_code.hpp"
#include "scratch_dir.hpp"

using namespace camera;
using namespace camera::test;

namespace {

std::vector<uint8_t> contentOf(const std::string &file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

constexpr int kNoMounts = 100;

/// Runs `body` in a child with a tmpfs of its own at `dir`. Its answer is the exit code; kNoMounts when the system
/// allows no mounting.
int withTmpfs(const std::string &dir, unsigned long flags, const char *options, int (*body)(const std::string &dir)) {
    std::fflush(nullptr); // or the child's copy of the buffers is printed as well
    const pid_t child = ::fork();
    if (child == 0) {
        if (::unshare(CLONE_NEWNS | (::geteuid() == 0 ? 0 : CLONE_NEWUSER)) != 0) ::_exit(kNoMounts);
        static_cast<void>(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr));
        if (::mount("tmpfs", dir.c_str(), "tmpfs", flags, options) != 0) ::_exit(kNoMounts);
        ::_exit(body(dir));
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace

TEST_CASE("a durable file is whole, readable by others, and alone in its folder") {
    for (const Unfinished way : {Unfinished::Nameless, Unfinished::Hidden}) {
        const ScratchDir dir;
        const std::vector<uint8_t> bytes(300'000, 0x5a);
        REQUIRE(writeDurably(dir.path(), "a.jpg", bytes, way).ok());
        CHECK(contentOf(dir.path() + "/a.jpg") == bytes);
        CHECK(dir.entries() == std::vector<std::string>{"a.jpg"});
        struct stat facts{};
        REQUIRE(::stat((dir.path() + "/a.jpg").c_str(), &facts) == 0);
        CHECK((facts.st_mode & 0400) != 0);
        CHECK((facts.st_mode & 0133) == 0);
    }
}

TEST_CASE("an existing file is never replaced, and the attempt leaves nothing") {
    for (const Unfinished way : {Unfinished::Nameless, Unfinished::Hidden}) {
        const ScratchDir dir;
        const std::vector<uint8_t> first{1, 2, 3};
        REQUIRE(writeDurably(dir.path(), "a.jpg", first, way).ok());
        const Status second = writeDurably(dir.path(), "a.jpg", std::vector<uint8_t>{4}, way);
        REQUIRE_FALSE(second.ok());
        CHECK(second.error().errnoValue == EEXIST);
        CHECK(faultCode(second.error()) == "IO");
        CHECK(contentOf(dir.path() + "/a.jpg") == first);
        CHECK(dir.entries() == std::vector<std::string>{"a.jpg"});
    }
}

TEST_CASE("a missing folder, a file in its place and bad names are refused") {
    const ScratchDir dir;
    const std::vector<uint8_t> bytes{1};
    CHECK(writeDurably(dir.path() + "/none", "a", bytes).error().errnoValue == ENOENT);
    REQUIRE(writeDurably(dir.path(), "file", bytes).ok());
    CHECK(writeDurably(dir.path() + "/file", "a", bytes).error().errnoValue == ENOTDIR);
    for (const std::string &name : {std::string(), std::string("."), std::string(".."), std::string(".hidden"), std::string("a/b"),
                                    std::string("a\0b", 3), std::string(256, 'x')}) {
        CAPTURE(name);
        CHECK(faultCode(writeDurably(dir.path(), name, bytes).error()) == "INVALID_PATH");
    }
    CHECK(writeDurably(dir.path(), std::string(255, 'x'), bytes).ok());
}

TEST_CASE("a full disk is named, and keeps no part of the file") {
    const ScratchDir dir;
    const int outcome = withTmpfs(dir.path(), 0, "size=65536", [](const std::string &full) {
        const std::vector<uint8_t> bytes(200'000, 1);
        for (const Unfinished way : {Unfinished::Nameless, Unfinished::Hidden}) {
            const Status status = writeDurably(full, "a.jpg", bytes, way);
            if (status.ok() || faultCode(status.error()) != "DISK_FULL") return 1;
        }
        // Room again: nothing of the failed ones takes any.
        return writeDurably(full, "b.jpg", std::vector<uint8_t>(50'000, 1)).ok() ? 0 : 2;
    });
    if (outcome == kNoMounts) {
        MESSAGE("SKIPPED: this system allows no mounts, so no disk can be filled");
        return;
    }
    CHECK(outcome == 0);
}

TEST_CASE("a read-only file system is named by its errno") {
    const ScratchDir dir;
    const int outcome = withTmpfs(dir.path(), MS_RDONLY, "size=65536", [](const std::string &readOnly) {
        const Status status = writeDurably(readOnly, "a.jpg", std::vector<uint8_t>{1});
        return !status.ok() && faultCode(status.error()) == "IO" && status.error().errnoValue == EROFS ? 0 : 1;
    });
    if (outcome == kNoMounts) {
        MESSAGE("SKIPPED: this system allows no mounts");
        return;
    }
    CHECK(outcome == 0);
}
