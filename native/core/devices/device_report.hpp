// What is known of a camera, as plain values: identity, capabilities (phase A), controls (phase B), state, events.
// The words are those of src/native/types.ts. Strings are bounded, valid UTF-8 and free of control characters.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace camera {

/// Seconds per frame as a fraction; the rate is den / num.
struct FrameInterval {
    uint32_t num = 0;
    uint32_t den = 0;

    bool operator==(const FrameInterval &) const = default;
};

struct SizePx {
    uint32_t width = 0;
    uint32_t height = 0;

    bool operator==(const SizePx &) const = default;
};

struct FrameSize {
    SizePx size;
    /// Driver's order; empty when the driver names none (rate unknown).
    std::vector<FrameInterval> intervals;

    bool operator==(const FrameSize &) const = default;
};

/// Bounds of a format whose sizes are stepwise or continuous (step 1).
struct SizeRange {
    SizePx min;
    SizePx max;
    SizePx step;

    bool operator==(const SizeRange &) const = default;
};

struct PixelFormat {
    /// Four characters, low byte first; `-BE` suffix for big-endian variants.
    std::string fourcc;
    std::string description;
    bool compressed = false;
    bool emulated = false;
    std::vector<FrameSize> sizes;
    /// Set for stepwise and continuous sizes; `sizes` then holds the usual sizes that fit.
    std::optional<SizeRange> range;

    bool operator==(const PixelFormat &) const = default;
};

/// What a node is. The last two are never listed as cameras.
enum class NodeKind { Camera, Virtual, Pipeline, ReadonlyIo, NotReady, Metadata, Ignored };

/// "camera", "virtual", "pipeline", "readonly-io", "not-ready", "metadata", "ignored".
const char *nodeKindName(NodeKind kind);

struct DeviceInput {
    uint32_t index = 0;
    std::string name;
    /// "camera", "tuner" or "touch".
    std::string type;
    /// "no_power", "no_signal", "no_color", …; empty when all is well.
    std::vector<std::string> status;

    bool operator==(const DeviceInput &) const = default;
};

/// Answer of probe phase A; immutable once made.
struct DeviceReport {
    std::string node;
    /// "major:minor".
    std::string rdev;
    NodeKind kind = NodeKind::Ignored;
    std::string driver;
    std::string card;
    std::string busInfo;
    /// "6.1.0".
    std::string driverVersion;
    /// Capabilities of the whole physical device and of this node; only the latter say what the node can do.
    uint32_t rawCaps = 0;
    uint32_t deviceCaps = 0;
    bool multiplanar = false;
    bool streaming = false;
    std::vector<DeviceInput> inputs;
    std::vector<PixelFormat> formats;
    SizePx currentSize;
    std::string currentFourcc;
    uint32_t currentSizeImageBytes = 0;
    bool rateSettable = false;
    /// Metadata and further capture nodes of the same function; filled in by the monitor.
    std::vector<std::string> companions;
    int64_t durationUs = 0;
    uint32_t ioctls = 0;
    /// An enumeration hit its cap.
    bool truncated = false;
};

struct MenuItem {
    int64_t value = 0;
    std::string label;
};

/// One control (phase B).
struct DeviceControl {
    uint32_t id = 0;
    std::string name;
    /// "integer", "boolean", "menu", "button", "integer64", "string", "bitmask", "integer-menu", "compound".
    std::string type;
    /// "grabbed", "read-only", "update", "inactive", "slider", "write-only", "volatile", "execute-on-write",
    /// "modify-layout", "broken".
    std::vector<std::string> flags;
    int64_t minimum = 0;
    int64_t maximum = 0;
    int64_t step = 0;
    int64_t defaultValue = 0;
    /// At most one of the two is set; none when the control cannot be read.
    std::optional<int64_t> value;
    std::optional<std::string> text;
    /// Menu and integer-menu controls only.
    std::vector<MenuItem> menu;
};

/// Stable identity across replugging. Unknown strings are empty, unknown numbers 0.
struct DeviceIdentity {
    std::string id;
    std::vector<std::string> aliases;
    std::string physicalId;
    std::string vid;
    std::string pid;
    std::string serial;
    std::string product;
    std::string manufacturer;
    std::string port;
    int interface = 0;
    int index = 0;
    int speedMbps = 0;
    std::string byId;
    std::string byPath;
    std::string name;

    bool operator==(const DeviceIdentity &) const = default;
};

/// A camera function that is present. `source` names this very appearance (`/dev/video0#3`, `virtual:0`).
struct DeviceState {
    std::string source;
    std::string node;
    bool isVirtual = false;
    DeviceIdentity identity;
    /// Null until the first successful probe.
    std::shared_ptr<const DeviceReport> report;
    /// Why the last probe failed, once retrying is over; its code is `faultCode` (fault_code.hpp).
    std::optional<Error> fault;
};

enum class DeviceEventType { Present, Ready, Changed, Gone, Flapping, Resync };

/// "present", "ready", "changed", "gone", "flapping", "resync".
const char *deviceEventName(DeviceEventType type);

struct DeviceEvent {
    DeviceEventType type = DeviceEventType::Present;
    /// Gap-free per monitor, from 1.
    uint64_t seq = 0;
    /// CLOCK_MONOTONIC, when the kernel told it or the scan found it.
    int64_t atUs = 0;
    /// Present, Ready, Changed: all of it. Gone, Flapping: `source` and `node` only. Resync: empty.
    DeviceState device;
    /// Resync only: everything that is present now.
    std::vector<DeviceState> devices;
};

} // namespace camera
