// The text of a JSON value, built up member by member. What crosses to JavaScript as one text and is parsed there takes a tenth of the
// time of an object whose members are set one by one, above all when the thread has slept and its caches are cold.
#pragma once

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>
#include <vector>

namespace camera {

/// Commas are set as needed; that what is begun is ended, and that members have a name, is the caller's business.
class JsonText {
public:
    void beginObject() { begin('{'); }
    void endObject() { text_ += '}'; }
    void beginArray() { begin('['); }
    void endArray() { text_ += ']'; }
    /// `name` needs no escape.
    void key(std::string_view name);

    void value(std::string_view text);
    void value(const char *text) { value(std::string_view(text)); }
    void value(const std::string &text) { value(std::string_view(text)); }
    void value(bool truth);
    /// JavaScript has it exactly up to 2^53.
    template <std::integral Number> void value(Number number) {
        char digits[24];
        separate();
        text_.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
    }

    template <typename Value> void member(std::string_view name, const Value &item) {
        key(name);
        value(item);
    }

    /// An object with the members that `write` writes.
    template <typename Write> void object(std::string_view name, Write write) {
        key(name);
        beginObject();
        write();
        endObject();
    }

    /// An array of objects, each with the members that `write` writes of one item.
    template <typename Item, typename Write> void objects(std::string_view name, const std::vector<Item> &items, Write write) {
        key(name);
        objects(items, write);
    }
    template <typename Item, typename Write> void objects(const std::vector<Item> &items, Write write) {
        beginArray();
        for (const Item &item : items) {
            beginObject();
            write(*this, item);
            endObject();
        }
        endArray();
    }
    void list(std::string_view name, const std::vector<std::string> &texts);

    const std::string &text() const { return text_; }

private:
    void begin(char bracket) {
        separate();
        text_ += bracket;
    }
    void separate();

    std::string text_;
};

} // namespace camera
