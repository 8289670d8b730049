#include <array>

#include "convert.hpp"
#include "fourcc.hpp"

namespace camera::binding {

namespace {

void setFacts(Napi::Object object, const FrameFacts &facts) {
    object.Set("width", facts.width);
    object.Set("height", facts.height);
    object.Set("sequence", facts.sequence);
    object.Set("capturedAtUs", static_cast<double>(facts.capturedAtUs));
    object.Set("capturedWallMs", static_cast<double>(facts.capturedWallMs));
}

void setCount(Napi::Object object, const char *name, uint64_t count) { object.Set(name, static_cast<double>(count)); }

// In the order of Incident and of JpegReject.
constexpr std::array<const char *, kIncidents> kIncidentNames{"restart_silence",     "restart_poll_error",  "restart_dequeue_error",
                                                              "restart_queue_error", "dequeue_retried", "start_retried"};
constexpr std::array<const char *, kJpegRejects> kRejectNames{"invalid_too_short",  "invalid_no_start",      "invalid_bad_segment",
                                                              "invalid_no_scan",    "invalid_no_dimensions", "invalid_wrong_size",
                                                              "invalid_truncated"};

/// Only those that came: most streams have none.
Napi::Object causesOf(Napi::Env env, const CaptureStats &stats) {
    Napi::Object causes = Napi::Object::New(env);
    const auto set = [&](const char *name, uint64_t count) {
        if (count > 0) setCount(causes, name, count);
    };
    for (size_t i = 0; i < kIncidents; ++i) set(kIncidentNames[i], stats.incidents[i]);
    for (size_t i = 0; i < kJpegRejects; ++i) set(kRejectNames[i], stats.invalidReasons[i]);
    set("invalid_h264", stats.invalidUnits);
    return causes;
}

} // namespace

Napi::Object captureInfoToJs(Napi::Env env, const CaptureInfo &info) {
    Napi::Object interval = Napi::Object::New(env);
    interval.Set("num", info.interval.num);
    interval.Set("den", info.interval.den);

    Napi::Object object = Napi::Object::New(env);
    object.Set("width", info.width);
    object.Set("height", info.height);
    object.Set("fourcc", fourccText(info.fourcc));
    object.Set("interval", interval);
    object.Set("buffers", info.buffers);
    setCount(object, "session", info.session);
    return object;
}

Napi::Object captureStatsToJs(Napi::Env env, const CaptureStats &stats) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("running", stats.running);
    setCount(object, "frames", stats.frames);
    setCount(object, "bytes", stats.bytes);
    setCount(object, "lost", stats.lost);
    setCount(object, "invalidJpeg", stats.invalidJpeg);
    setCount(object, "invalidUnits", stats.invalidUnits);
    setCount(object, "errorFlag", stats.errorFlag);
    setCount(object, "encoderBusy", stats.encoderBusy);
    setCount(object, "restarts", stats.restarts);
    object.Set("causes", causesOf(env, stats));
    object.Set("fps", stats.fps);
    object.Set("bytesPerSecond", stats.bytesPerSecond);
    object.Set("lastFrameAtUs", static_cast<double>(stats.lastFrameAtUs));
    if (stats.lastFrameAgeUs >= 0) object.Set("lastFrameAgeMs", static_cast<double>(stats.lastFrameAgeUs) / 1000);
    setCount(object, "retained", stats.retained);
    return object;
}

Napi::Object feedStatsToJs(Napi::Env env, const FeedStats &stats) {
    Napi::Object object = Napi::Object::New(env);
    setCount(object, "frames", stats.frames);
    setCount(object, "bytes", stats.bytes);
    setCount(object, "dropped", stats.dropped);
    setCount(object, "gaps", stats.gaps);
    setCount(object, "missed", stats.missed);
    return object;
}

Napi::Value frameToJs(Napi::Env env, const Frame &frame) {
    Napi::Object object = Napi::Object::New(env);
    setFacts(object, frame.facts());
    // Copied into memory of the engine's own: an external buffer would need a private copy all the same, could not be
    // transferred to a worker, is refused by some runtimes, and is freed late.
    object.Set("jpeg", Napi::Buffer<uint8_t>::Copy(env, frame.bytes().data(), frame.bytes().size()));
    return object;
}

Napi::Value unitToJs(Napi::Env env, const Frame &frame) {
    Napi::Object object = Napi::Object::New(env);
    setFacts(object, frame.facts());
    object.Set("h264", Napi::Buffer<uint8_t>::Copy(env, frame.bytes().data(), frame.bytes().size()));
    return object;
}

Napi::Object savedFrameToJs(Napi::Env env, const SavedFrame &saved) {
    Napi::Object object = Napi::Object::New(env);
    setFacts(object, saved.facts);
    object.Set("file", saved.file);
    setCount(object, "sizeBytes", saved.sizeBytes);
    return object;
}

} // namespace camera::binding
