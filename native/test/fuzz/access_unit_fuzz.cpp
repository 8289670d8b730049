// Parser: native/core/h264/access_unit.cpp
#include "h264/access_unit.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

/// Whatever a camera sends, and in whatever order: the walk stays inside, the announced size is the written one, and a
/// decoder can start with the copy of each complete IDR picture.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    using namespace camera;
    ParameterSets sets;
    // The first byte says where the input is cut into two units of one stream.
    const size_t first = size == 0 ? 0 : data[0] * size / 256;
    const std::span<const uint8_t> input(data, size);
    for (const auto unit : {input.first(first), input.subspan(first), input}) {
        const auto walked = walkAccessUnit(unit);
        const auto *layout = std::get_if<AccessUnitLayout>(&walked);
        if (!layout) continue;
        sets.remember(unit, *layout);
        std::vector<uint8_t> out(sets.bytes(*layout));
        if (sets.copy(unit, *layout, out) != out.size()) std::abort();
        if (!layout->hasPicture || !sets.complete(*layout)) continue;
        const auto again = walkAccessUnit(out);
        const auto *copy = std::get_if<AccessUnitLayout>(&again);
        if (!copy || copy->idr != layout->idr) std::abort();
        if (copy->idr && (!copy->hasSps || !copy->hasPps)) std::abort();
    }
    return 0;
}
