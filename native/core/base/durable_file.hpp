// Puts bytes on disk so that the file is there whole and for good, or not at all.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.hpp"

namespace camera {

/// One path component that is neither hidden nor special: not empty, at most 255 bytes, no separator, no leading dot.
bool isPlainFileName(const std::string &name);

/// How a file stays out of sight until it is whole: without a name, where the file system can do that, or under a hidden one.
enum class Unfinished { Nameless, Hidden };

/// Writes `bytes` as `name` into `dir` (which exists) and answers when file and name survive a power cut. Never replaces a
/// file (EEXIST of step "link" or "rename"); nothing of a failed write is ever visible under `name`. Mode 0644 less umask.
/// Steps: "open_dir", "open_file", "write", "fsync", "link", "rename"; `invalid_path` for a bad name. Blocks for the disk.
Status writeDurably(const std::string &dir, const std::string &name, std::span<const uint8_t> bytes,
                    Unfinished way = Unfinished::Nameless);

} // namespace camera
