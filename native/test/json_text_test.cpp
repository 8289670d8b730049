#include "base/json_text.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

using camera::JsonText;

TEST_CASE("members, lists and objects are set apart by commas") {
    JsonText json;
    json.beginArray();
    json.beginObject();
    json.member("text", "a");
    json.member("yes", true);
    json.member("no", false);
    json.list("none", std::vector<std::string>{});
    json.list("words", std::vector<std::string>{"b", ""});
    json.object("empty", [] {});
    json.object("inner", [&] { json.member("one", 1); });
    json.objects("numbers", std::vector<int>{1, -2}, [](JsonText &into, int number) { into.member("n", number); });
    json.endObject();
    json.beginObject();
    json.endObject();
    json.endArray();
    CHECK(json.text() ==
          R"([{"text":"a","yes":true,"no":false,"none":[],"words":["b",""],"empty":{},"inner":{"one":1},"numbers":[{"n":1},{"n":-2}]},{}])");
}

TEST_CASE("texts are escaped where JSON wants it, and else stay as they are") {
    JsonText json;
    json.value("say \"hi\" \\ {[:,\n\t\x01\x1f é" + std::string(1, '\0'));
    CHECK(json.text() == "\"say \\\"hi\\\" \\\\ {[:,\\u000a\\u0009\\u0001\\u001f é\\u0000\"");
}

TEST_CASE("a text that ends like a bracket is a value like any other") {
    JsonText json;
    json.beginArray();
    json.value("[");
    json.value("{");
    json.value(":");
    json.endArray();
    CHECK(json.text() == R"(["[","{",":"])");
}

TEST_CASE("integers of every size are written whole") {
    JsonText json;
    json.beginArray();
    json.value(std::numeric_limits<int64_t>::min());
    json.value(std::numeric_limits<uint64_t>::max());
    json.value(uint32_t{0});
    json.endArray();
    CHECK(json.text() == "[-9223372036854775808,18446744073709551615,0]");
}
