// Access units for tests, made without an encoder: real start codes and headers, payloads that mean nothing.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

namespace camera::test {

using Unit = std::vector<uint8_t>;

inline Unit nal(uint8_t header, std::initializer_list<uint8_t> payload, bool longCode = true) {
    Unit unit = longCode ? Unit{0, 0, 0, 1, header} : Unit{0, 0, 1, header};
    unit.insert(unit.end(), payload);
    return unit;
}

inline Unit joined(std::initializer_list<Unit> units) {
    Unit all;
    for (const Unit &unit : units) all.insert(all.end(), unit.begin(), unit.end());
    return all;
}

inline const Unit kSpsUnit = nal(0x67, {0x42, 0xc0, 0x1e, 0xd9});
inline const Unit kPpsUnit = nal(0x68, {0xce, 0x38, 0x80});
inline const Unit kDelimiterUnit = nal(0x09, {0xf0});
inline const Unit kSeiUnit = nal(0x06, {0x05, 0x01, 0xaa, 0x80});

/// `mark` tells pictures apart.
inline Unit idrSlice(uint8_t mark, bool longCode = true) { return nal(0x65, {0x88, 0x84, mark, 0x7f}, longCode); }
inline Unit slice(uint8_t mark) { return nal(0x41, {0x9a, mark, 0x02, 0x7f}); }
inline Unit wholeIdr(uint8_t mark) { return joined({kSpsUnit, kPpsUnit, idrSlice(mark)}); }

} // namespace camera::test
