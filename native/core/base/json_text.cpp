#include "base/json_text.hpp"

namespace camera {

void JsonText::key(std::string_view name) {
    separate();
    text_ += '"';
    text_ += name;
    text_ += "\":";
}

void JsonText::value(std::string_view text) {
    constexpr char kHex[] = "0123456789abcdef";
    constexpr unsigned char kFirstPrintable = 0x20;
    separate();
    text_ += '"';
    for (const char byte : text) {
        const auto code = static_cast<unsigned char>(byte);
        if (code < kFirstPrintable) {
            text_ += "\\u00";
            text_ += kHex[code >> 4];
            text_ += kHex[code & 15];
            continue;
        }
        if (byte == '"' || byte == '\\') text_ += '\\';
        text_ += byte;
    }
    text_ += '"';
}

void JsonText::value(bool truth) {
    separate();
    text_ += truth ? "true" : "false";
}

void JsonText::list(std::string_view name, const std::vector<std::string> &texts) {
    key(name);
    beginArray();
    for (const std::string &text : texts) value(text);
    endArray();
}

void JsonText::separate() {
    if (!text_.empty() && text_.back() != '{' && text_.back() != '[' && text_.back() != ':') text_ += ',';
}

} // namespace camera
