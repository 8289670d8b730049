#include "call_support.hpp"
#include "calls.hpp"
#include "convert.hpp"

namespace camera::binding {

namespace {

constexpr size_t kMaxDirBytes = 1024;

CoreOptions readOptions(Fields fields) {
    constexpr int kMaxNode = 4095;
    constexpr int kMaxRescanMs = 3'600'000;
    constexpr int kMaxProbeMs = 600'000;
    constexpr int kMaxEncoderThreads = 64;
    constexpr int kMaxVirtualCameras = 256;
    // What a virtual camera can draw.
    constexpr int kMinPatternPx = 16;
    constexpr int kMaxPatternPx = 4096;
    constexpr int kMaxFps = 240;
    constexpr int kMaxViewers = 65'536;
    constexpr int kMaxViewerThreads = 16;

    CoreOptions options;
    MonitorOptions &monitor = options.monitor;
    monitor.devDir = fields.text("devDir", kMaxDirBytes);
    monitor.sysfsDir = fields.text("sysfsDir", kMaxDirBytes);
    const auto [first, last] = fields.range("deviceRange", 0, kMaxNode);
    monitor.firstNode = static_cast<int>(first);
    monitor.lastNode = static_cast<int>(last);
    monitor.events = fields.oneOf("discovery", {"events", "poll"}) == "events";
    monitor.rescanMs = static_cast<int>(fields.integer("rescanMs", 1, kMaxRescanMs));
    monitor.probeDeadlineMs =
        static_cast<int>(fields.optionalInteger("probeDeadlineMs", 1, kMaxProbeMs, monitor.probeDeadlineMs));
    monitor.uevents = fields.boolean("uevents");
    monitor.relaxDeviceCheck = fields.optionalBoolean("relaxDeviceCheck");

    Fields cameras = fields.object("virtualCameras");
    options.virtualCameras.count = static_cast<int>(cameras.integer("count", 0, kMaxVirtualCameras));
    options.virtualCameras.width = static_cast<uint32_t>(cameras.integer("width", kMinPatternPx, kMaxPatternPx));
    options.virtualCameras.height = static_cast<uint32_t>(cameras.integer("height", kMinPatternPx, kMaxPatternPx));
    options.virtualCameras.fps = static_cast<uint32_t>(cameras.integer("fps", 1, kMaxFps));

    Fields viewers = fields.optionalObject("viewers");
    options.viewers.max = static_cast<int>(viewers.optionalInteger("max", 1, kMaxViewers, options.viewers.max));
    options.viewers.maxPerChannel =
        static_cast<int>(viewers.optionalInteger("maxPerChannel", 1, kMaxViewers, options.viewers.maxPerChannel));
    options.viewers.threads = static_cast<int>(viewers.optionalInteger("threads", 1, kMaxViewerThreads, options.viewers.threads));

    options.capture.encoderThreads = static_cast<int>(fields.integer("encoderThreads", 1, kMaxEncoderThreads));
    options.capture.jpegQuality = static_cast<int>(fields.integer("jpegQuality", 1, 100));
    return options;
}

Napi::Value viewToJs(Napi::Env env, uint32_t view, uint32_t core) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("view", view);
    object.Set("core", core);
    return object;
}

} // namespace

Napi::Value open(const Napi::CallbackInfo &info) {
    Arguments arguments(info);
    const CoreOptions options = readOptions(arguments.object(0, "options"));
    const Napi::Function listener = arguments.function(1, "onEvents");
    if (arguments.failed()) return info.Env().Undefined();

    Environment &environment = Environment::of(info.Env());
    const uint32_t view = environment.nextViewNumber();
    Result<std::shared_ptr<RunningCore>> core = RunningCore::start(kernel(), options, environment.sinkOf(view));
    if (!core) {
        toJsError(info.Env(), core.error()).ThrowAsJavaScriptException();
        return info.Env().Undefined();
    }
    const uint32_t id = CoreTable::ofProcess().add(core.value());
    environment.addView(view, {.core = id, .running = core.take(), .listener = Napi::Persistent(listener)});
    return viewToJs(info.Env(), view, id);
}

Napi::Value attach(const Napi::CallbackInfo &info) {
    Arguments arguments(info);
    const auto id = static_cast<uint32_t>(arguments.integer(0, "coreId", 0, std::numeric_limits<uint32_t>::max()));
    if (arguments.failed()) return info.Env().Undefined();

    std::shared_ptr<RunningCore> core = CoreTable::ofProcess().attach(id);
    if (!core) return throwViewGone(info.Env());
    Environment &environment = Environment::of(info.Env());
    const uint32_t view = environment.nextViewNumber();
    environment.addView(view, {.core = id, .running = std::move(core), .listener = {}});
    return viewToJs(info.Env(), view, id);
}

Napi::Value detach(const Napi::CallbackInfo &info) {
    Arguments arguments(info);
    const auto view = static_cast<uint32_t>(arguments.integer(0, "view", 1, std::numeric_limits<uint32_t>::max()));
    if (!arguments.failed()) Environment::of(info.Env()).detachView(view);
    return info.Env().Undefined();
}

Napi::Value shutdown(const Napi::CallbackInfo &info) {
    constexpr int kMaxTimeoutMs = 600'000;
    Arguments arguments(info);
    const auto number = static_cast<uint32_t>(arguments.integer(0, "view", 1, std::numeric_limits<uint32_t>::max()));
    const auto timeoutMs = static_cast<int>(arguments.integer(1, "timeoutMs", 0, kMaxTimeoutMs));
    if (arguments.failed()) return info.Env().Undefined();

    Environment &environment = Environment::of(info.Env());
    const View *const view = environment.findView(number);
    return environment.promise<Done>(undefinedToJs, [view, timeoutMs](const Environment::Callback<Done> &done) {
        if (view == nullptr) return done(Done{});
        CoreTable::ofProcess().stop(view->core, timeoutMs, [done] { done(Done{}); });
    });
}

Napi::Value devices(const Napi::CallbackInfo &info) {
    Arguments arguments(info);
    const auto core = readCore(arguments);
    if (arguments.failed()) return info.Env().Undefined();
    if (!core) return throwViewGone(info.Env());
    JsonText list;
    writeDevices(list, core->monitor().devices());
    return Napi::String::New(info.Env(), list.text());
}

Napi::Value probe(const Napi::CallbackInfo &info) {
    using Report = std::shared_ptr<const DeviceReport>;
    Arguments arguments(info);
    const auto core = readCore(arguments);
    const std::string source = readSource(arguments);
    if (arguments.failed()) return info.Env().Undefined();
    return Environment::of(info.Env())
        .promise<Report>([](Napi::Env env, const Report &report) {
            JsonText json;
            json.beginObject();
            writeReportMembers(json, *report);
            json.endObject();
            return Napi::String::New(env, json.text());
        },
                         [&](Environment::Callback<Report> done) {
                             if (!core) return done(viewGone());
                             core->monitor().probe(source, std::move(done));
                         });
}

} // namespace camera::binding
