#include "h264/access_unit.hpp"

#include <doctest/doctest.h>

#include <variant>

#include "h264_support.hpp"

using namespace camera;
using namespace camera::test;

namespace {

AccessUnitLayout layoutOf(const Unit &unit) {
    const auto walked = walkAccessUnit(unit);
    REQUIRE(std::holds_alternative<AccessUnitLayout>(walked));
    return std::get<AccessUnitLayout>(walked);
}

bool rejected(const Unit &unit, AccessUnitReject reason) {
    const auto walked = walkAccessUnit(unit);
    const auto *reject = std::get_if<AccessUnitReject>(&walked);
    return reject && *reject == reason;
}

Unit copied(const ParameterSets &sets, const Unit &unit) {
    const AccessUnitLayout layout = layoutOf(unit);
    Unit out(sets.bytes(layout));
    CHECK(sets.copy(unit, layout, out) == out.size());
    return out;
}

/// The units without their start codes, whose length is a matter of taste.
std::vector<Unit> units(const Unit &bytes) {
    std::vector<Unit> found;
    for (size_t i = 0; i < bytes.size(); ++i) {
        if (i + 3 <= bytes.size() && bytes[i] == 0 && bytes[i + 1] == 0 && bytes[i + 2] == 1) {
            found.emplace_back();
            i += 2;
        } else if (!found.empty()) {
            found.back().push_back(bytes[i]);
        }
    }
    for (Unit &unit : found) {
        while (!unit.empty() && unit.back() == 0) unit.pop_back();
    }
    return found;
}

} // namespace

TEST_CASE("an access unit says whether a decoder can start with it") {
    const AccessUnitLayout whole = layoutOf(joined({kDelimiterUnit, kSpsUnit, kPpsUnit, kSeiUnit, idrSlice(1)}));
    CHECK(whole.idr);
    CHECK(whole.hasPicture);
    CHECK(whole.hasSps);
    CHECK(whole.hasPps);
    const AccessUnitLayout bare = layoutOf(idrSlice(1, false));
    CHECK(bare.idr);
    CHECK_FALSE(bare.hasSps);
    const AccessUnitLayout predicted = layoutOf(slice(1));
    CHECK(predicted.hasPicture);
    CHECK_FALSE(predicted.idr);
    const AccessUnitLayout parameters = layoutOf(joined({kSpsUnit, kPpsUnit}));
    CHECK_FALSE(parameters.hasPicture);
    CHECK(parameters.hasPps);
}

TEST_CASE("what is no access unit is refused with its reason") {
    CHECK(rejected({}, AccessUnitReject::Empty));
    CHECK(rejected(Unit(64, 0), AccessUnitReject::Empty));
    CHECK(rejected({0xff, 0xd8, 0xff, 0xe0}, AccessUnitReject::NoStartCode));
    // The packaging of files: lengths instead of start codes.
    CHECK(rejected({0, 0, 0, 3, 0x65, 0x88, 0x84}, AccessUnitReject::NoStartCode));
    CHECK(rejected(joined({{0x41, 0x9a}, slice(1)}), AccessUnitReject::NoStartCode));
    CHECK(rejected({0, 0, 0, 1}, AccessUnitReject::BadUnit));
    CHECK(rejected(nal(0xe5, {1, 2}), AccessUnitReject::BadUnit));
    CHECK(rejected(nal(0x60, {1, 2}), AccessUnitReject::BadUnit));
}

TEST_CASE("delimiter and padding are cut, and the bytes of a whole picture stay as they are") {
    ParameterSets sets;
    Unit padded = joined({kDelimiterUnit, wholeIdr(7)});
    padded.resize(padded.size() + 500, 0);
    CHECK(copied(sets, padded) == wholeIdr(7));
    CHECK(copied(sets, wholeIdr(7)) == wholeIdr(7));
    CHECK(copied(sets, slice(2)) == slice(2));
}

TEST_CASE("an IDR picture without parameter sets gets the remembered ones") {
    ParameterSets sets;
    CHECK_FALSE(sets.complete(layoutOf(idrSlice(1))));
    const Unit parameters = joined({kSpsUnit, kPpsUnit});
    sets.remember(parameters, layoutOf(parameters));
    const Unit bare = joined({kDelimiterUnit, kSeiUnit, idrSlice(1)});
    CHECK(sets.complete(layoutOf(bare)));
    CHECK(units(copied(sets, bare)) == units(joined({kSpsUnit, kSeiUnit, kPpsUnit, idrSlice(1)})));
    CHECK(units(copied(sets, joined({kSpsUnit, idrSlice(2)}))) == units(joined({kSpsUnit, kPpsUnit, idrSlice(2)})));
    // Predicted pictures need none.
    CHECK(copied(sets, slice(3)) == slice(3));
}

TEST_CASE("newer parameter sets replace older ones") {
    ParameterSets sets;
    const Unit old = wholeIdr(1);
    sets.remember(old, layoutOf(old));
    const Unit newSps = nal(0x67, {0x64, 0x00, 0x28, 0xac});
    const Unit changed = joined({newSps, kPpsUnit, idrSlice(2)});
    sets.remember(changed, layoutOf(changed));
    CHECK(units(copied(sets, idrSlice(3))) == units(joined({newSps, kPpsUnit, idrSlice(3)})));
}
