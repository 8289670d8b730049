#include <algorithm>
#include <vector>

#include "convert.hpp"
#include "devices/fourcc.hpp"

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

void writeCaptureStats(const CaptureStats &stats, double *figures) {
    for (const double figure : {static_cast<double>(stats.running),
                                static_cast<double>(stats.frames),
                                static_cast<double>(stats.bytes),
                                static_cast<double>(stats.lost),
                                static_cast<double>(stats.invalidJpeg),
                                static_cast<double>(stats.invalidUnits),
                                static_cast<double>(stats.errorFlag),
                                static_cast<double>(stats.encoderBusy),
                                static_cast<double>(stats.restarts),
                                stats.fps,
                                stats.bytesPerSecond,
                                static_cast<double>(stats.lastFrameAtUs),
                                static_cast<double>(stats.lastFrameAgeUs),
                                static_cast<double>(stats.retained)}) {
        *figures++ = figure;
    }
    for (const uint64_t count : stats.incidents) *figures++ = static_cast<double>(count);
    for (const uint64_t count : stats.invalidReasons) *figures++ = static_cast<double>(count);
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
