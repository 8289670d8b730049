// Checked reading of what JavaScript passed in. The first fault throws a TypeError or RangeError that names the argument;
// after it everything reads as its smallest value, so that a function looks at `failed` once, before it acts.
#pragma once

#include <napi.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace camera::binding {

class Fields;

class Arguments {
public:
    explicit Arguments(const Napi::CallbackInfo &info) : info_(info) {}
    Arguments(const Arguments &) = delete;
    Arguments &operator=(const Arguments &) = delete;

    Napi::Env env() const { return info_.Env(); }
    bool failed() const { return failed_; }

    int64_t integer(size_t at, const char *name, int64_t min, int64_t max) { return integer(info_[at], name, min, max); }
    double number(size_t at, const char *name, double min, double max) { return number(info_[at], name, min, max); }
    std::string text(size_t at, const char *name, size_t maxBytes) { return text(info_[at], name, maxBytes); }
    /// A Float64Array of at least so many numbers, to be written to; empty after a fault.
    Napi::Float64Array numbers(size_t at, const char *name, size_t atLeast);
    Napi::Function function(size_t at, const char *name);
    Fields object(size_t at, const char *name);
    /// An array of objects, its length bounded.
    std::vector<Fields> objects(size_t at, const char *name, uint32_t maxEntries);

private:
    friend class Fields;

    int64_t integer(Napi::Value value, const std::string &name, int64_t min, int64_t max);
    std::string text(Napi::Value value, const std::string &name, size_t maxBytes);
    double number(Napi::Value value, const std::string &name, double min, double max);
    bool boolean(Napi::Value value, const std::string &name);
    Napi::Object objectOf(Napi::Value value, const std::string &name);
    void refuseType(const std::string &name, const char *wanted);
    void refuseRange(const std::string &name, const std::string &wanted);

    const Napi::CallbackInfo &info_;
    bool failed_ = false;
};

/// The members of an object that was passed in; faults are those of its Arguments.
class Fields {
public:
    int64_t integer(const char *name, int64_t min, int64_t max) { return reader_.integer(get(name), path(name), min, max); }
    std::string text(const char *name, size_t maxBytes) { return reader_.text(get(name), path(name), maxBytes); }
    bool boolean(const char *name) { return reader_.boolean(get(name), path(name)); }
    /// False when the member is absent or undefined.
    bool optionalBoolean(const char *name);
    /// `fallback` when the member is absent or undefined.
    int64_t optionalInteger(const char *name, int64_t min, int64_t max, int64_t fallback);
    /// 0 when the member is absent or undefined.
    double optionalNumber(const char *name, double min, double max);
    /// Empty when the member is absent or undefined.
    std::string optionalText(const char *name, size_t maxBytes);
    /// An object without members when the member is absent or undefined.
    Fields optionalObject(const char *name);
    /// Two integers, the first not above the second.
    std::pair<int64_t, int64_t> range(const char *name, int64_t min, int64_t max);
    /// Whether the member is a string.
    bool isText(const char *name);
    std::string oneOf(const char *name, std::initializer_list<const char *> words);
    Fields object(const char *name);
    /// A RangeError for a value that was read but cannot be used.
    void refuse(const char *name, const char *wanted) { reader_.refuseRange(path(name), wanted); }

private:
    friend class Arguments;
    Fields(Arguments &reader, Napi::Object object, std::string name)
        : reader_(reader), object_(object), name_(std::move(name)) {}

    Napi::Value get(const char *name);
    std::string path(const char *name) const { return name_ + "." + name; }

    Arguments &reader_;
    Napi::Object object_;
    std::string name_;
};

} // namespace camera::binding
