#include "convert.hpp"
#include "raise.hpp"

namespace camera::binding {

namespace {

void writeSize(JsonText &json, SizePx size) {
    json.member("width", size.width);
    json.member("height", size.height);
}

void writeInterval(JsonText &json, const FrameInterval &interval) {
    json.member("num", interval.num);
    json.member("den", interval.den);
}

void writeFrameSize(JsonText &json, const FrameSize &size) {
    writeSize(json, size.size);
    json.objects("intervals", size.intervals, writeInterval);
}

void writeFormat(JsonText &json, const PixelFormat &format) {
    json.member("fourcc", format.fourcc);
    json.member("description", format.description);
    json.member("compressed", format.compressed);
    json.member("emulated", format.emulated);
    json.objects("sizes", format.sizes, writeFrameSize);
    if (!format.range) return;
    const auto bound = [&json](const char *name, SizePx size) { json.object(name, [&] { writeSize(json, size); }); };
    json.object("range", [&] {
        bound("min", format.range->min);
        bound("max", format.range->max);
        bound("step", format.range->step);
    });
}

void writeInput(JsonText &json, const DeviceInput &input) {
    json.member("index", input.index);
    json.member("name", input.name);
    json.member("type", input.type);
    json.list("status", input.status);
}

void writeIdentity(JsonText &json, const DeviceIdentity &identity) {
    json.member("id", identity.id);
    json.list("aliases", identity.aliases);
    json.member("physicalId", identity.physicalId);
    json.member("vid", identity.vid);
    json.member("pid", identity.pid);
    json.member("serial", identity.serial);
    json.member("product", identity.product);
    json.member("manufacturer", identity.manufacturer);
    json.member("port", identity.port);
    json.member("interface", identity.interface);
    json.member("index", identity.index);
    json.member("speedMbps", identity.speedMbps);
    json.member("byId", identity.byId);
    json.member("byPath", identity.byPath);
    json.member("name", identity.name);
}

} // namespace

void writeReportMembers(JsonText &json, const DeviceReport &report) {
    json.member("node", report.node);
    json.member("rdev", report.rdev);
    json.member("kind", nodeKindName(report.kind));
    json.member("driver", report.driver);
    json.member("card", report.card);
    json.member("busInfo", report.busInfo);
    json.member("driverVersion", report.driverVersion);
    json.object("caps", [&] {
        json.member("raw", report.rawCaps);
        json.member("device", report.deviceCaps);
        json.member("multiplanar", report.multiplanar);
        json.member("streaming", report.streaming);
    });
    json.objects("inputs", report.inputs, writeInput);
    json.objects("formats", report.formats, writeFormat);
    json.object("current", [&] {
        writeSize(json, report.currentSize);
        json.member("fourcc", report.currentFourcc);
        json.member("sizeImageBytes", report.currentSizeImageBytes);
    });
    json.member("rateSettable", report.rateSettable);
    json.list("companions", report.companions);
    json.member("durationUs", report.durationUs);
    json.member("ioctls", report.ioctls);
    json.member("truncated", report.truncated);
}

void writeDeviceMembers(JsonText &json, const DeviceState &device) {
    json.member("source", device.source);
    json.member("node", device.node);
    json.member("virtual", device.isVirtual);
    json.object("identity", [&] { writeIdentity(json, device.identity); });
    if (device.report) json.object("report", [&] { writeReportMembers(json, *device.report); });
    if (device.fault) writeFault(json, *device.fault);
}

void writeDevices(JsonText &json, const std::vector<DeviceState> &devices) { json.objects(devices, writeDeviceMembers); }

} // namespace camera::binding
