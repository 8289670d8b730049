#include "convert.hpp"
#include "raise.hpp"

namespace camera::binding {

namespace {

void writeSize(JsonText &json, SizePx size) {
    json.member("width", size.width);
    json.member("height", size.height);
}

void writeInterval(JsonText &json, const FrameInterval &interval) {
    json.beginObject();
    json.member("num", interval.num);
    json.member("den", interval.den);
    json.endObject();
}

void writeFrameSize(JsonText &json, const FrameSize &size) {
    json.beginObject();
    writeSize(json, size.size);
    json.list("intervals", size.intervals, writeInterval);
    json.endObject();
}

void writeBound(JsonText &json, const char *name, SizePx size) {
    json.key(name);
    json.beginObject();
    writeSize(json, size);
    json.endObject();
}

void writeFormat(JsonText &json, const PixelFormat &format) {
    json.beginObject();
    json.member("fourcc", format.fourcc);
    json.member("description", format.description);
    json.member("compressed", format.compressed);
    json.member("emulated", format.emulated);
    json.list("sizes", format.sizes, writeFrameSize);
    if (format.range) {
        json.key("range");
        json.beginObject();
        writeBound(json, "min", format.range->min);
        writeBound(json, "max", format.range->max);
        writeBound(json, "step", format.range->step);
        json.endObject();
    }
    json.endObject();
}

void writeInput(JsonText &json, const DeviceInput &input) {
    json.beginObject();
    json.member("index", input.index);
    json.member("name", input.name);
    json.member("type", input.type);
    json.list("status", input.status);
    json.endObject();
}

void writeIdentity(JsonText &json, const DeviceIdentity &identity) {
    json.beginObject();
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
    json.endObject();
}

} // namespace

void writeReport(JsonText &json, const DeviceReport &report) {
    json.beginObject();
    json.member("node", report.node);
    json.member("rdev", report.rdev);
    json.member("kind", nodeKindName(report.kind));
    json.member("driver", report.driver);
    json.member("card", report.card);
    json.member("busInfo", report.busInfo);
    json.member("driverVersion", report.driverVersion);
    json.key("caps");
    json.beginObject();
    json.member("raw", report.rawCaps);
    json.member("device", report.deviceCaps);
    json.member("multiplanar", report.multiplanar);
    json.member("streaming", report.streaming);
    json.endObject();
    json.list("inputs", report.inputs, writeInput);
    json.list("formats", report.formats, writeFormat);
    json.key("current");
    json.beginObject();
    writeSize(json, report.currentSize);
    json.member("fourcc", report.currentFourcc);
    json.member("sizeImageBytes", report.currentSizeImageBytes);
    json.endObject();
    json.member("rateSettable", report.rateSettable);
    json.list("companions", report.companions);
    json.member("durationUs", report.durationUs);
    json.member("ioctls", report.ioctls);
    json.member("truncated", report.truncated);
    json.endObject();
}

void writeDeviceMembers(JsonText &json, const DeviceState &device) {
    json.member("source", device.source);
    json.member("node", device.node);
    json.member("virtual", device.isVirtual);
    json.key("identity");
    writeIdentity(json, device.identity);
    if (device.report) {
        json.key("report");
        writeReport(json, *device.report);
    }
    if (device.fault) writeFault(json, *device.fault);
}

void writeDevices(JsonText &json, const std::vector<DeviceState> &devices) {
    json.beginArray();
    for (const DeviceState &device : devices) {
        json.beginObject();
        writeDeviceMembers(json, device);
        json.endObject();
    }
    json.endArray();
}

} // namespace camera::binding
