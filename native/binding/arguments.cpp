#include "arguments.hpp"

#include <cmath>
#include <utility>

namespace camera::binding {

Napi::Function Arguments::function(size_t at, const char *name) {
    const Napi::Value value = info_[at];
    if (!value.IsFunction()) refuseType(name, "a function");
    return failed_ ? Napi::Function() : value.As<Napi::Function>();
}

Fields Arguments::object(size_t at, const char *name) { return Fields(*this, objectOf(info_[at], name), name); }

std::vector<Fields> Arguments::objects(size_t at, const char *name, uint32_t maxEntries) {
    const Napi::Value value = info_[at];
    if (!failed_ && !value.IsArray()) refuseType(name, "an array of objects");
    if (failed_) return {};
    const auto array = value.As<Napi::Array>();
    if (array.Length() > maxEntries) refuseRange(name, "at most " + std::to_string(maxEntries) + " entries");
    std::vector<Fields> entries;
    for (uint32_t entry = 0; !failed_ && entry < array.Length(); ++entry) {
        const std::string path = name + ("[" + std::to_string(entry) + "]");
        const Napi::Object object = objectOf(array.Get(entry), path);
        if (!failed_) entries.push_back(Fields(*this, object, path));
    }
    return entries;
}

int64_t Arguments::integer(Napi::Value value, const std::string &name, int64_t min, int64_t max) {
    if (failed_) return min;
    if (!value.IsNumber()) {
        refuseType(name, "a number");
        return min;
    }
    const double number = value.As<Napi::Number>().DoubleValue();
    // Also false for NaN. Every bound given fits a double exactly.
    if (!(number >= static_cast<double>(min) && number <= static_cast<double>(max)) || std::trunc(number) != number) {
        refuseRange(name, "an integer from " + std::to_string(min) + " to " + std::to_string(max));
        return min;
    }
    return static_cast<int64_t>(number);
}

double Arguments::number(Napi::Value value, const std::string &name, double min, double max) {
    if (failed_) return min;
    if (!value.IsNumber()) {
        refuseType(name, "a number");
        return min;
    }
    const double number = value.As<Napi::Number>().DoubleValue();
    if (number >= min && number <= max) return number; // false for NaN
    refuseRange(name, "a number from " + std::to_string(min) + " to " + std::to_string(max));
    return min;
}

std::string Arguments::text(Napi::Value value, const std::string &name, size_t maxBytes) {
    if (failed_) return {};
    if (!value.IsString()) {
        refuseType(name, "a string");
        return {};
    }
    std::string text = value.As<Napi::String>().Utf8Value();
    // A NUL would silently end the text for the kernel.
    if (text.size() > maxBytes || text.find('\0') != std::string::npos) {
        refuseRange(name, "at most " + std::to_string(maxBytes) + " bytes without NUL");
        return {};
    }
    return text;
}

Napi::Float64Array Arguments::numbers(size_t at, const char *name, size_t atLeast) {
    const Napi::Value value = info_[at];
    if (failed_) return {};
    if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_float64_array) {
        refuseType(name, "a Float64Array");
        return {};
    }
    const auto array = value.As<Napi::Float64Array>();
    if (array.ElementLength() >= atLeast) return array;
    refuseRange(name, "at least " + std::to_string(atLeast) + " numbers long");
    return {};
}

bool Arguments::boolean(Napi::Value value, const std::string &name) {
    if (!failed_ && !value.IsBoolean()) refuseType(name, "a boolean");
    return !failed_ && value.As<Napi::Boolean>().Value();
}

Napi::Object Arguments::objectOf(Napi::Value value, const std::string &name) {
    if (!failed_ && !value.IsObject()) refuseType(name, "an object");
    return failed_ ? Napi::Object() : value.As<Napi::Object>();
}

void Arguments::refuseType(const std::string &name, const char *wanted) {
    if (std::exchange(failed_, true)) return;
    Napi::TypeError::New(env(), name + " must be " + wanted).ThrowAsJavaScriptException();
}

void Arguments::refuseRange(const std::string &name, const std::string &wanted) {
    if (std::exchange(failed_, true)) return;
    Napi::RangeError::New(env(), name + " must be " + wanted).ThrowAsJavaScriptException();
}

Napi::Value Fields::get(const char *name) {
    if (reader_.failed_) return {};
    const Napi::Value value = object_.Get(name);
    // A getter may have thrown: then that is the fault.
    if (reader_.env().IsExceptionPending()) reader_.failed_ = true;
    return value;
}

bool Fields::isText(const char *name) {
    const Napi::Value value = get(name);
    return !reader_.failed_ && value.IsString();
}

bool Fields::optionalBoolean(const char *name) {
    const Napi::Value value = get(name);
    if (reader_.failed_ || value.IsUndefined()) return false;
    return reader_.boolean(value, path(name));
}

int64_t Fields::optionalInteger(const char *name, int64_t min, int64_t max, int64_t fallback) {
    const Napi::Value value = get(name);
    if (reader_.failed_ || value.IsUndefined()) return fallback;
    return reader_.integer(value, path(name), min, max);
}

double Fields::optionalNumber(const char *name, double min, double max) {
    const Napi::Value value = get(name);
    if (reader_.failed_ || value.IsUndefined()) return 0;
    return reader_.number(value, path(name), min, max);
}

std::string Fields::optionalText(const char *name, size_t maxBytes) {
    const Napi::Value value = get(name);
    if (reader_.failed_ || value.IsUndefined()) return {};
    return reader_.text(value, path(name), maxBytes);
}

Fields Fields::optionalObject(const char *name) {
    const Napi::Value value = get(name);
    const bool absent = reader_.failed_ || value.IsUndefined();
    return Fields(reader_, absent ? Napi::Object::New(reader_.env()) : reader_.objectOf(value, path(name)), path(name));
}

std::pair<int64_t, int64_t> Fields::range(const char *name, int64_t min, int64_t max) {
    const Napi::Value value = get(name);
    if (!reader_.failed_ && !value.IsArray()) reader_.refuseType(path(name), "an array of two numbers");
    if (reader_.failed_) return {min, min};
    const auto array = value.As<Napi::Array>();
    const int64_t low = reader_.integer(array.Get(0U), path(name) + "[0]", min, max);
    const int64_t high = reader_.integer(array.Get(1U), path(name) + "[1]", min, max);
    if (low > high) reader_.refuseRange(path(name), "two numbers, the lower one first");
    return {low, high};
}

std::string Fields::oneOf(const char *name, std::initializer_list<const char *> words) {
    constexpr size_t kMaxWordBytes = 64;
    const std::string word = text(name, kMaxWordBytes);
    std::string known;
    for (const char *candidate : words) {
        if (word == candidate) return word;
        known += std::string(known.empty() ? "" : ", ") + candidate;
    }
    reader_.refuseRange(path(name), "one of: " + known);
    return word;
}

Fields Fields::object(const char *name) {
    const Napi::Object inner = reader_.objectOf(get(name), path(name));
    return Fields(reader_, inner, path(name));
}

} // namespace camera::binding
