// A strict reader of the viewers' stream: whatever is not exactly as the wire form says is a fault.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace camera::test {

struct Part {
    std::vector<std::pair<std::string, std::string>> headers;
    std::string jpeg;

    std::string header(const std::string &name) const {
        for (const auto &[key, value] : headers) {
            if (key == name) return value;
        }
        return {};
    }
    double timestamp() const { return std::strtod(header("X-Timestamp").c_str(), nullptr); }
};

/// Fed with what a socket gave, from the head of the response on.
class MultipartReader {
public:
    /// Parts whose boundary has come, too.
    std::vector<Part> parts;
    std::string head;
    /// The first thing that was wrong; empty while all is well.
    std::string fault;
    bool closed = false;

    void feed(const char *data, size_t size) {
        pending_.append(data, size);
        while (fault.empty() && step()) {
        }
    }

private:
    bool step() {
        if (!headDone_) return readHead();
        if (closed) return expectNothing();
        if (!part_) return readHeaders();
        return readBody();
    }

    bool readHead() {
        const size_t end = pending_.find("\r\n\r\n");
        if (end == std::string::npos) return false;
        head = pending_.substr(0, end + 4);
        const std::string first = "--frame\r\n";
        if (pending_.size() < end + 4 + first.size()) return false;
        if (pending_.compare(end + 4, first.size(), first) != 0) return fail("no boundary right after the head");
        pending_.erase(0, end + 4 + first.size());
        headDone_ = true;
        return true;
    }

    bool readHeaders() {
        const std::string closing = "--frame--\r\n";
        if (pending_ == closing) {
            closed = true;
            pending_.clear();
            return true;
        }
        const size_t end = pending_.find("\r\n\r\n");
        if (end == std::string::npos) return pending_.size() > 512 ? fail("part headers beyond 512 bytes") : false;
        if (end + 4 >= 512) return fail("part headers beyond 512 bytes");
        part_.emplace();
        for (size_t at = 0; at < end;) {
            const size_t line = pending_.find("\r\n", at);
            if (line - at >= 128) return fail("a header line beyond 128 bytes");
            const size_t colon = pending_.find(": ", at);
            if (colon == std::string::npos || colon > line) return fail("a header line without a colon");
            part_->headers.emplace_back(pending_.substr(at, colon - at), pending_.substr(colon + 2, line - colon - 2));
            at = line + 2;
        }
        pending_.erase(0, end + 4);
        if (part_->header("Content-Type") != "image/jpeg") return fail("not an image/jpeg part");
        const std::string length = part_->header("Content-Length");
        if (length.empty()) return fail("no Content-Length");
        length_ = std::strtoull(length.c_str(), nullptr, 10);
        return true;
    }

    bool readBody() {
        const std::string end = "\r\n--frame\r\n";
        if (pending_.size() < length_ + end.size()) return false;
        if (pending_.compare(length_, end.size(), end) != 0) return fail("no boundary where Content-Length ends");
        part_->jpeg = pending_.substr(0, length_);
        pending_.erase(0, length_ + end.size());
        parts.push_back(std::move(*part_));
        part_.reset();
        return true;
    }

    bool expectNothing() { return pending_.empty() ? false : fail("something behind the closing boundary"); }

    bool fail(const char *what) {
        fault = what;
        return false;
    }

    std::string pending_;
    bool headDone_ = false;
    std::optional<Part> part_;
    size_t length_ = 0;
};

} // namespace camera::test
