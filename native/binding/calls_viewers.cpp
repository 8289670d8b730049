#include "base/fault_code.hpp"
#include "call_support.hpp"
#include "calls.hpp"
#include "convert.hpp"

namespace camera::binding {

namespace {

constexpr double kMaxViewerFps = 240;

std::string readChannel(Arguments &arguments, size_t at) {
    constexpr size_t kMaxChannelBytes = 64;
    return arguments.text(at, "channel", kMaxChannelBytes);
}

ViewerOptions readViewerOptions(Fields fields) {
    constexpr size_t kMaxHeadBytes = 2048;
    constexpr size_t kMaxLabelBytes = 256;
    constexpr int64_t kMaxAgeMs = 3'600'000;

    ViewerOptions options;
    options.head = fields.text("head", kMaxHeadBytes);
    options.maxFps = fields.optionalNumber("maxFps", 0, kMaxViewerFps);
    options.maxAgeMs = static_cast<int>(fields.optionalInteger("maxAgeMs", 0, kMaxAgeMs, 0));
    options.advanceHeaders = fields.optionalBoolean("advanceHeaders");
    options.dualFinalFrames = fields.optionalBoolean("dualFinalFrames");
    options.extraHeaders = fields.optionalBoolean("extraHeaders");
    options.label = fields.optionalText("label", kMaxLabelBytes);
    options.remote = fields.optionalText("remote", kMaxLabelBytes);
    return options;
}

/// Of a setting: undefined, or the error thrown. At a core that ends there is nothing to set.
Napi::Value answer(Napi::Env env, const Status &status) {
    if (!status && status.error().step != kStepAborted) toJsError(env, status.error()).ThrowAsJavaScriptException();
    return env.Undefined();
}

} // namespace

Napi::Value showSource(const Napi::CallbackInfo &info) {
    constexpr size_t kMaxSourceBytes = 256;
    Arguments arguments(info);
    const auto core = readCore(arguments);
    const std::string channel = readChannel(arguments, 1);
    const std::string source = arguments.text(2, "source", kMaxSourceBytes);
    if (arguments.failed()) return info.Env().Undefined();
    if (!core) return info.Env().Undefined();
    return answer(info.Env(), core->showSource(channel, source));
}

Napi::Value showPlaceholder(const Napi::CallbackInfo &info) {
    constexpr int64_t kMinSidePx = 16;
    constexpr size_t kMaxTextBytes = 128;
    Arguments arguments(info);
    const auto core = readCore(arguments);
    const std::string channel = readChannel(arguments, 1);
    Fields fields = arguments.object(2, "picture");
    PlaceholderPicture picture;
    picture.width = static_cast<uint32_t>(fields.integer("width", kMinSidePx, kMaxSidePx));
    picture.height = static_cast<uint32_t>(fields.integer("height", kMinSidePx, kMaxSidePx));
    picture.text = fields.text("text", kMaxTextBytes);
    if (arguments.failed()) return info.Env().Undefined();
    if (!core) return info.Env().Undefined();
    return answer(info.Env(), core->fanout().showPlaceholder(channel, picture));
}

Napi::Value setMaxFrameAge(const Napi::CallbackInfo &info) {
    constexpr int64_t kMaxAgeMs = 3'600'000;
    Arguments arguments(info);
    const auto core = readCore(arguments);
    const std::string channel = readChannel(arguments, 1);
    const auto ageMs = static_cast<int>(arguments.integer(2, "maxFrameAgeMs", 1, kMaxAgeMs));
    if (arguments.failed()) return info.Env().Undefined();
    if (!core) return info.Env().Undefined();
    return answer(info.Env(), core->fanout().setMaxFrameAge(channel, ageMs));
}

Napi::Value limitViewerRate(const Napi::CallbackInfo &info) {
    Arguments arguments(info);
    const auto core = readCore(arguments);
    const double maxFps = arguments.number(1, "maxFps", 0, kMaxViewerFps);
    if (arguments.failed()) return info.Env().Undefined();
    if (!core) return info.Env().Undefined();
    return answer(info.Env(), core->fanout().limitRate(maxFps));
}

Napi::Value addViewer(const Napi::CallbackInfo &info) {
    Arguments arguments(info);
    const auto core = readCore(arguments);
    const auto fd = static_cast<int>(arguments.integer(1, "fd", 0, std::numeric_limits<int>::max()));
    const std::string channel = readChannel(arguments, 2);
    const ViewerOptions options = readViewerOptions(arguments.object(3, "options"));
    if (arguments.failed()) return info.Env().Undefined();
    if (!core) return throwViewGone(info.Env());
    const Result<uint64_t> viewer = core->fanout().addViewer(fd, channel, options);
    if (viewer) return Napi::Number::New(info.Env(), static_cast<double>(viewer.value()));
    toJsError(info.Env(), viewer.error()).ThrowAsJavaScriptException();
    return info.Env().Undefined();
}

Napi::Value endViewer(const Napi::CallbackInfo &info) {
    constexpr int64_t kMaxSafeInteger = (int64_t{1} << 53) - 1;
    Arguments arguments(info);
    const auto core = readCore(arguments);
    const auto viewer = static_cast<uint64_t>(arguments.integer(1, "viewer", 1, kMaxSafeInteger));
    if (!arguments.failed() && core) core->fanout().endViewer(viewer);
    return info.Env().Undefined();
}

Napi::Value endViewers(const Napi::CallbackInfo &info) {
    Arguments arguments(info);
    const auto core = readCore(arguments);
    const std::string channel = info[1].IsUndefined() ? std::string() : readChannel(arguments, 1);
    if (!arguments.failed() && core) core->fanout().endViewers(channel);
    return info.Env().Undefined();
}

Napi::Value viewers(const Napi::CallbackInfo &info) {
    Arguments arguments(info);
    const auto core = readCore(arguments);
    const std::string channel = readChannel(arguments, 1);
    if (arguments.failed()) return info.Env().Undefined();
    if (!core) return viewersToJs(info.Env(), {});
    return viewersToJs(info.Env(), core->fanout().viewers(channel));
}

Napi::Value viewerCount(const Napi::CallbackInfo &info) {
    Arguments arguments(info);
    const auto core = readCore(arguments);
    const std::string channel = readChannel(arguments, 1);
    if (arguments.failed()) return info.Env().Undefined();
    const size_t count = core ? core->fanout().viewerCount(channel) : 0;
    return Napi::Number::New(info.Env(), static_cast<double>(count));
}

Napi::Value viewerTotals(const Napi::CallbackInfo &info) {
    Arguments arguments(info);
    const auto core = readCore(arguments);
    if (arguments.failed()) return info.Env().Undefined();
    const ViewerCounts totals = core ? core->fanout().totals() : ViewerCounts{};
    auto answer = Napi::Object::New(info.Env());
    answer.Set("frames", Napi::Number::New(info.Env(), static_cast<double>(totals.frames)));
    answer.Set("skipped", Napi::Number::New(info.Env(), static_cast<double>(totals.skipped)));
    return answer;
}

} // namespace camera::binding
