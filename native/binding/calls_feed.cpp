#include <limits>

#include "call_support.hpp"
#include "calls.hpp"
#include "convert.hpp"

namespace camera::binding {

namespace {

uint64_t readFeed(Arguments &arguments) {
    constexpr int64_t kMaxSafeInteger = (int64_t{1} << 53) - 1;
    return static_cast<uint64_t>(arguments.integer(1, "feed", 1, kMaxSafeInteger));
}

FeedOptions readFeedOptions(Fields fields) {
    constexpr int64_t kMaxStallMs = 3'600'000;
    FeedOptions options;
    options.stallMs = static_cast<int>(fields.integer("stallMs", 1, kMaxStallMs));
    if (fields.isText("policy") && fields.oneOf("policy", {"newest", "every"}) == "every") options.policy = FeedPolicy::Every;
    if (fields.isText("codec") && fields.oneOf("codec", {"jpeg", "h264"}) == "h264") options.codec = FrameCodec::H264;
    options.decodes = fields.optionalBoolean("decodes");
    options.intoFd = static_cast<int>(fields.optionalInteger("intoFd", 0, std::numeric_limits<int>::max(), -1));
    return options;
}

} // namespace

Napi::Value openFeed(const Napi::CallbackInfo &info) {
    Arguments arguments(info);
    const auto core = readCore(arguments);
    const std::string source = readSource(arguments);
    const FeedOptions options = readFeedOptions(arguments.object(2, "options"));
    if (arguments.failed()) return info.Env().Undefined();
    if (!core) return throwViewGone(info.Env());

    const Result<FeedInfo> feed = core->captures().openFeed(source, options);
    if (!feed) {
        toJsError(info.Env(), feed.error()).ThrowAsJavaScriptException();
        return info.Env().Undefined();
    }
    Napi::Object object = Napi::Object::New(info.Env());
    object.Set("id", static_cast<double>(feed.value().id));
    object.Set("readFd", feed.value().readFd);
    if (feed.value().writeFd >= 0) object.Set("writeFd", feed.value().writeFd);
    return object;
}

Napi::Value closeReadEnd(const Napi::CallbackInfo &info) {
    Arguments arguments(info);
    const auto core = readCore(arguments);
    const uint64_t feed = readFeed(arguments);
    if (!arguments.failed() && core) core->captures().closeReadEnd(feed);
    return info.Env().Undefined();
}

Napi::Value closeFeed(const Napi::CallbackInfo &info) {
    Arguments arguments(info);
    const auto core = readCore(arguments);
    const uint64_t feed = readFeed(arguments);
    if (!arguments.failed() && core) core->captures().closeFeed(feed);
    return info.Env().Undefined();
}

Napi::Value feedStats(const Napi::CallbackInfo &info) {
    Arguments arguments(info);
    const auto core = readCore(arguments);
    const uint64_t feed = readFeed(arguments);
    if (arguments.failed()) return info.Env().Undefined();
    if (!core) return info.Env().Undefined();
    const std::optional<FeedStats> stats = core->captures().feedStats(feed);
    return stats ? Napi::Value(feedStatsToJs(info.Env(), *stats)) : info.Env().Undefined();
}

} // namespace camera::binding
