#include <optional>

#include "call_support.hpp"
#include "calls.hpp"
#include "convert.hpp"
#include "devices/fourcc.hpp"

namespace camera::binding {

namespace {

constexpr int64_t kMaxMs = 3'600'000;

CaptureRequest readRequest(Fields fields) {
    constexpr int64_t kMaxIntervalPart = std::numeric_limits<uint32_t>::max();
    constexpr size_t kMaxFourccBytes = 7;

    CaptureRequest request;
    request.width = static_cast<uint32_t>(fields.integer("width", 1, kMaxSidePx));
    request.height = static_cast<uint32_t>(fields.integer("height", 1, kMaxSidePx));
    const std::optional<uint32_t> fourcc = fourccValue(fields.text("fourcc", kMaxFourccBytes));
    if (!fourcc) fields.refuse("fourcc", "the four characters of a pixel format");
    request.fourcc = fourcc.value_or(0);
    Fields interval = fields.object("interval");
    request.interval.num = static_cast<uint32_t>(interval.integer("num", 1, kMaxIntervalPart));
    request.interval.den = static_cast<uint32_t>(interval.integer("den", 1, kMaxIntervalPart));
    request.anew = fields.optionalBoolean("anew");
    return request;
}

FrameWish readWish(Fields fields) {
    FrameWish wish;
    wish.maxAgeMs = static_cast<int>(fields.integer("maxAgeMs", 0, kMaxMs));
    wish.timeoutMs = static_cast<int>(fields.integer("timeoutMs", 0, kMaxMs));
    return wish;
}

template <typename Grab, typename Convert>
Napi::Value frameBy(const Napi::CallbackInfo &info, Grab grab, Convert convert) {
    Arguments arguments(info);
    const auto core = readCore(arguments);
    const std::string source = readSource(arguments);
    const FrameWish wish = readWish(arguments.object(2, "wish"));
    if (arguments.failed()) return info.Env().Undefined();

    return Environment::of(info.Env())
        .promise<FramePtr>([convert](Napi::Env env, const FramePtr &frame) { return convert(env, *frame); },
                           [&](Environment::Callback<FramePtr> done) {
                               if (!core) return done(viewGone());
                               (core->captures().*grab)(source, wish, std::move(done));
                           });
}

} // namespace

Napi::Value startCapture(const Napi::CallbackInfo &info) {
    Arguments arguments(info);
    const auto core = readCore(arguments);
    const std::string source = readSource(arguments);
    const CaptureRequest request = readRequest(arguments.object(2, "request"));
    if (arguments.failed()) return info.Env().Undefined();

    return Environment::of(info.Env()).promise<CaptureInfo>(captureInfoToJs, [&](Environment::Callback<CaptureInfo> done) {
        if (!core) return done(viewGone());
        const Result<SourceAddress> address = core->addressOf(source);
        if (!address) return done(address.error());
        core->captures().start(address.value(), request, std::move(done));
    });
}

Napi::Value stopCapture(const Napi::CallbackInfo &info) {
    Arguments arguments(info);
    const auto core = readCore(arguments);
    const std::string source = readSource(arguments);
    if (arguments.failed()) return info.Env().Undefined();

    return Environment::of(info.Env()).promise<Done>(undefinedToJs, [&](Environment::Callback<Done> done) {
        if (!core) return done(viewGone());
        core->captures().stop(source, std::move(done));
    });
}

Napi::Value captureStats(const Napi::CallbackInfo &info) {
    Arguments arguments(info);
    const auto core = readCore(arguments);
    const std::string source = readSource(arguments);
    const int64_t maxFrameAgeMs = arguments.integer(2, "maxFrameAgeMs", 0, kMaxMs);
    Napi::Float64Array figures = arguments.numbers(3, "figures", kCaptureFigures);
    if (arguments.failed()) return info.Env().Undefined();
    if (!core) return Napi::Boolean::New(info.Env(), false);
    const std::optional<CaptureStats> stats = core->captures().stats(source, maxFrameAgeMs * 1000);
    if (stats) writeCaptureStats(*stats, figures.Data());
    return Napi::Boolean::New(info.Env(), stats.has_value());
}

Napi::Value setRetained(const Napi::CallbackInfo &info) {
    constexpr int64_t kMaxRetained = 64;
    Arguments arguments(info);
    const auto core = readCore(arguments);
    const std::string source = readSource(arguments);
    const int64_t frames = arguments.integer(2, "frames", 1, kMaxRetained);
    if (arguments.failed()) return info.Env().Undefined();
    if (!core) return info.Env().Undefined();
    core->captures().setRetained(source, static_cast<size_t>(frames));
    return info.Env().Undefined();
}

Napi::Value setJpegQuality(const Napi::CallbackInfo &info) {
    Arguments arguments(info);
    const auto core = readCore(arguments);
    const std::string source = readSource(arguments);
    const int64_t quality = arguments.integer(2, "quality", 1, 100);
    if (arguments.failed()) return info.Env().Undefined();
    if (!core) return info.Env().Undefined();
    core->captures().setJpegQuality(source, static_cast<int>(quality));
    return info.Env().Undefined();
}

Napi::Value grab(const Napi::CallbackInfo &info) { return frameBy(info, &CaptureManager::grab, frameToJs); }

Napi::Value grabKeyFrame(const Napi::CallbackInfo &info) { return frameBy(info, &CaptureManager::grabKeyFrame, unitToJs); }

Napi::Value saveFrame(const Napi::CallbackInfo &info) {
    constexpr size_t kMaxDirBytes = 4096;
    constexpr size_t kMaxNameBytes = 255;
    Arguments arguments(info);
    const auto core = readCore(arguments);
    const std::string source = readSource(arguments);
    const FrameWish wish = readWish(arguments.object(2, "wish"));
    const std::string dir = arguments.text(3, "dir", kMaxDirBytes);
    const std::string name = arguments.text(4, "name", kMaxNameBytes);
    if (arguments.failed()) return info.Env().Undefined();

    return Environment::of(info.Env()).promise<SavedFrame>(savedFrameToJs, [&](Environment::Callback<SavedFrame> done) {
        if (!core) return done(viewGone());
        core->captures().save(source, wish, dir, name, std::move(done));
    });
}

} // namespace camera::binding
