#include "convert.hpp"
#include "convert_list.hpp"
#include "raise.hpp"

namespace camera::binding {

namespace {

Napi::Value integerToJs(Napi::Env env, int64_t value) { return Napi::Number::New(env, static_cast<double>(value)); }

Napi::Object sizeToJs(Napi::Env env, SizePx size) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("width", size.width);
    object.Set("height", size.height);
    return object;
}

Napi::Value intervalToJs(Napi::Env env, const FrameInterval &interval) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("num", interval.num);
    object.Set("den", interval.den);
    return object;
}

Napi::Value frameSizeToJs(Napi::Env env, const FrameSize &size) {
    Napi::Object object = sizeToJs(env, size.size);
    object.Set("intervals", listToJs(env, size.intervals, intervalToJs));
    return object;
}

Napi::Value formatToJs(Napi::Env env, const PixelFormat &format) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("fourcc", format.fourcc);
    object.Set("description", format.description);
    object.Set("compressed", format.compressed);
    object.Set("emulated", format.emulated);
    object.Set("sizes", listToJs(env, format.sizes, frameSizeToJs));
    if (format.range) {
        Napi::Object range = Napi::Object::New(env);
        range.Set("min", sizeToJs(env, format.range->min));
        range.Set("max", sizeToJs(env, format.range->max));
        range.Set("step", sizeToJs(env, format.range->step));
        object.Set("range", range);
    }
    return object;
}

Napi::Value inputToJs(Napi::Env env, const DeviceInput &input) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("index", input.index);
    object.Set("name", input.name);
    object.Set("type", input.type);
    object.Set("status", listToJs(env, input.status, textToJs));
    return object;
}

Napi::Object identityToJs(Napi::Env env, const DeviceIdentity &identity) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("id", identity.id);
    object.Set("aliases", listToJs(env, identity.aliases, textToJs));
    object.Set("physicalId", identity.physicalId);
    object.Set("vid", identity.vid);
    object.Set("pid", identity.pid);
    object.Set("serial", identity.serial);
    object.Set("product", identity.product);
    object.Set("manufacturer", identity.manufacturer);
    object.Set("port", identity.port);
    object.Set("interface", identity.interface);
    object.Set("index", identity.index);
    object.Set("speedMbps", identity.speedMbps);
    object.Set("byId", identity.byId);
    object.Set("byPath", identity.byPath);
    object.Set("name", identity.name);
    return object;
}

} // namespace

Napi::Object reportToJs(Napi::Env env, const DeviceReport &report) {
    Napi::Object caps = Napi::Object::New(env);
    caps.Set("raw", report.rawCaps);
    caps.Set("device", report.deviceCaps);
    caps.Set("multiplanar", report.multiplanar);
    caps.Set("streaming", report.streaming);

    Napi::Object current = sizeToJs(env, report.currentSize);
    current.Set("fourcc", report.currentFourcc);
    current.Set("sizeImageBytes", report.currentSizeImageBytes);

    Napi::Object object = Napi::Object::New(env);
    object.Set("node", report.node);
    object.Set("rdev", report.rdev);
    object.Set("kind", nodeKindName(report.kind));
    object.Set("driver", report.driver);
    object.Set("card", report.card);
    object.Set("busInfo", report.busInfo);
    object.Set("driverVersion", report.driverVersion);
    object.Set("caps", caps);
    object.Set("inputs", listToJs(env, report.inputs, inputToJs));
    object.Set("formats", listToJs(env, report.formats, formatToJs));
    object.Set("current", current);
    object.Set("rateSettable", report.rateSettable);
    object.Set("companions", listToJs(env, report.companions, textToJs));
    object.Set("durationUs", integerToJs(env, report.durationUs));
    object.Set("ioctls", report.ioctls);
    object.Set("truncated", report.truncated);
    return object;
}

Napi::Object deviceToJs(Napi::Env env, const DeviceState &device) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("source", device.source);
    object.Set("node", device.node);
    object.Set("virtual", device.isVirtual);
    object.Set("identity", identityToJs(env, device.identity));
    if (device.report) object.Set("report", reportToJs(env, *device.report));
    if (device.fault) object.Set("fault", faultToJs(env, *device.fault));
    return object;
}

Napi::Array devicesToJs(Napi::Env env, const std::vector<DeviceState> &devices) {
    return listToJs(env, devices, deviceToJs);
}

} // namespace camera::binding
