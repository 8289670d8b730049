// A value, or the reason why there is none. The core throws nothing: every fallible function returns one of these.
#pragma once

#include <cerrno>
#include <string>
#include <utility>
#include <variant>

namespace camera {

/// What failed: `errnoValue` (0 when the failure is not a system call's), `step` (the call, e.g. "VIDIOC_S_FMT" or
/// "open"), `subject` (device node, file or text that was looked at).
struct Error {
    int errnoValue = 0;
    std::string step;
    std::string subject;
};

template <typename T>
class [[nodiscard]] Result {
public:
    Result(T value) : content_(std::move(value)) {}
    Result(Error error) : content_(std::move(error)) {}

    bool ok() const { return std::holds_alternative<T>(content_); }
    explicit operator bool() const { return ok(); }

    T &value() { return std::get<T>(content_); }
    const T &value() const { return std::get<T>(content_); }
    T take() { return std::move(std::get<T>(content_)); }
    const Error &error() const { return std::get<Error>(content_); }

private:
    std::variant<T, Error> content_;
};

struct Done {};
using Status = Result<Done>;

inline Status done() { return Status(Done{}); }

} // namespace camera
