#include "call_support.hpp"
#include "calls.hpp"
#include "convert.hpp"

namespace camera::binding {

namespace {

constexpr uint32_t kMaxChanges = 512;
constexpr size_t kMaxTextBytes = 4096;

ControlValue readValue(Fields &fields) {
    if (fields.isText("value")) return fields.text("value", kMaxTextBytes);
    constexpr int64_t kMaxSafe = (int64_t{1} << 53) - 1;
    return fields.integer("value", -kMaxSafe, kMaxSafe);
}

std::vector<WantedControl> readWanted(Arguments &arguments) {
    std::vector<WantedControl> wanted;
    for (Fields &fields : arguments.objects(2, "controls", kMaxChanges)) {
        const int64_t id = fields.integer("id", 0, std::numeric_limits<uint32_t>::max());
        wanted.push_back({static_cast<uint32_t>(id), readValue(fields)});
    }
    return wanted;
}

} // namespace

Napi::Value probeControls(const Napi::CallbackInfo &info) {
    using Controls = std::vector<DeviceControl>;
    Arguments arguments(info);
    const auto core = readCore(arguments);
    const std::string source = readSource(arguments);
    if (arguments.failed()) return info.Env().Undefined();
    return Environment::of(info.Env()).promise<Controls>(controlsToJs, [&](Environment::Callback<Controls> done) {
        if (!core) return done(viewGone());
        core->probeControls(source, std::move(done));
    });
}

Napi::Value setControls(const Napi::CallbackInfo &info) {
    using Results = std::vector<ControlResult>;
    Arguments arguments(info);
    const auto core = readCore(arguments);
    const std::string source = readSource(arguments);
    std::vector<WantedControl> wanted = readWanted(arguments);
    if (arguments.failed()) return info.Env().Undefined();
    return Environment::of(info.Env()).promise<Results>(controlResultsToJs, [&](Environment::Callback<Results> done) {
        if (!core) return done(viewGone());
        core->setControls(source, std::move(wanted), std::move(done));
    });
}

} // namespace camera::binding
