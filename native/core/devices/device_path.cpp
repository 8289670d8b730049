#include "devices/device_path.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>

#include "base/digits.hpp"
#include "base/fault_code.hpp"

namespace camera {

namespace {

constexpr std::string_view kDev = "/dev/";
constexpr std::string_view kById = "/dev/v4l/by-id/";
constexpr std::string_view kByPath = "/dev/v4l/by-path/";
constexpr std::string_view kUsb = "usb:";
constexpr std::string_view kUsbPort = "usb-port:";
constexpr size_t kMaxNameBytes = 200;

bool isHex(char c) { return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool isNameCharacter(char c) {
    return isLetter(c) || isDigit(c) || std::string_view("._:+-@,").find(c) != std::string_view::npos;
}

bool isLinkName(std::string_view name) {
    const bool dots = name == "." || name == "..";
    return !name.empty() && !dots && name.size() <= kMaxNameBytes && std::all_of(name.begin(), name.end(), isNameCharacter);
}

std::string lowerCase(std::string_view text) {
    std::string lower(text);
    for (char &c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return lower;
}

std::optional<std::string> usbId(std::string_view text) {
    if (text.size() != 4 || !std::all_of(text.begin(), text.end(), isHex)) return std::nullopt;
    return lowerCase(text);
}

std::optional<DeviceSelector> parseUsb(std::string_view rest) {
    if (rest.size() < 9 || rest[4] != ':') return std::nullopt;
    const auto vid = usbId(rest.substr(0, 4));
    const auto pid = usbId(rest.substr(5, 4));
    if (!vid || !pid) return std::nullopt;
    rest.remove_prefix(9);
    if (rest.empty()) return UsbSelector{*vid, *pid, {}};
    if (rest.front() != ':' || !isLinkName(rest.substr(1))) return std::nullopt;
    return UsbSelector{*vid, *pid, std::string(rest.substr(1))};
}

std::optional<DeviceSelector> parseUsbPort(std::string_view rest) {
    const size_t slash = rest.find('/');
    if (slash == std::string_view::npos || !isLinkName(rest.substr(0, slash))) return std::nullopt;
    const std::string_view ports = rest.substr(slash + 1);
    const bool plain = std::all_of(ports.begin(), ports.end(), [](char c) { return isDigit(c) || c == '.'; });
    if (ports.empty() || !isDigit(ports.front()) || !plain || ports.size() > 32) return std::nullopt;
    return UsbPortSelector{std::string(rest)};
}

std::optional<DeviceSelector> parse(std::string_view text) {
    if (text.starts_with(kUsbPort)) return parseUsbPort(text.substr(kUsbPort.size()));
    if (text.starts_with(kUsb)) return parseUsb(text.substr(kUsb.size()));
    for (const std::string_view prefix : {kById, kByPath}) {
        if (!text.starts_with(prefix)) continue;
        if (!isLinkName(text.substr(prefix.size()))) return std::nullopt;
        return LinkPath{std::string(text)};
    }
    if (!text.starts_with(kDev)) return std::nullopt;
    if (const auto number = nodeNumber(text.substr(kDev.size()))) return NodePath{*number};
    return std::nullopt;
}

Error invalidPath(std::string_view text) { return {EINVAL, kStepPath, std::string(text.substr(0, kMaxNameBytes))}; }

} // namespace

std::optional<int> nodeNumber(std::string_view name) {
    constexpr std::string_view kVideo = "video";
    if (!name.starts_with(kVideo)) return std::nullopt;
    const std::string_view digits = name.substr(kVideo.size());
    if (digits.empty() || digits.size() > 3 || !std::all_of(digits.begin(), digits.end(), isDigit)) return std::nullopt;
    if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
    int number = 0;
    for (const char digit : digits) number = number * 10 + (digit - '0');
    return number;
}

Result<DeviceSelector> parseDeviceSelector(std::string_view text) {
    if (auto selector = parse(text)) return *std::move(selector);
    return invalidPath(text);
}

} // namespace camera
