#include "virtual/virtual_controls.hpp"

#include <doctest/doctest.h>
#include <linux/videodev2.h>

#include <algorithm>
#include <string>

#include "virtual/luma_table.hpp"

using namespace camera;

namespace {

DeviceControl named(const VirtualControls &controls, const std::string &name) {
    for (const DeviceControl &control : controls.list()) {
        if (control.name == name) return control;
    }
    FAIL("no control " << name);
    return {};
}

bool inactive(const DeviceControl &control) {
    return std::find(control.flags.begin(), control.flags.end(), "inactive") != control.flags.end();
}

/// A picture of 32 x 2 pixels, all of one luma.
struct FlatPicture {
    explicit FlatPicture(uint8_t luma) : samples(64, luma) {}

    PlanarImage image() const { return {32, 2, Chroma::Gray, {samples.data()}, {32}}; }

    std::vector<uint8_t> samples;
};

} // namespace

TEST_CASE("a virtual camera's controls are set, clamped and refused as a device's are") {
    VirtualControls controls;
    const auto results = controls.set({{V4L2_CID_BRIGHTNESS, 900},
                                       {V4L2_CID_TEST_PATTERN, 2},
                                       {V4L2_CID_TEST_PATTERN, 7},
                                       {V4L2_CID_CONTRAST, 1},
                                       {V4L2_CID_BRIGHTNESS, std::string("bright")}});
    CHECK(results[0].outcome == ControlOutcome::Clamped);
    CHECK(results[0].value == 64);
    CHECK(results[1].outcome == ControlOutcome::Applied);
    CHECK(results[2].outcome == ControlOutcome::Rejected);
    CHECK(results[2].value == 2);
    CHECK(results[3].outcome == ControlOutcome::Unknown);
    CHECK(results[4].outcome == ControlOutcome::Rejected);
    CHECK(controls.settings() == PictureSettings{.brightness = 64, .motif = TestPattern::Motif::Grey});
}

TEST_CASE("the gain is without effect while the automatic gain has it") {
    VirtualControls controls;
    CHECK(inactive(named(controls, "Gain")));
    CHECK(controls.set({{V4L2_CID_GAIN, 50}})[0].inactive);
    CHECK(controls.settings().gainPercent == 100);
    // Whatever the order of the caller.
    const auto results = controls.set({{V4L2_CID_GAIN, 30}, {V4L2_CID_AUTOGAIN, 0}});
    CHECK_FALSE(results[0].inactive);
    CHECK_FALSE(inactive(named(controls, "Gain")));
    CHECK(controls.settings().gainPercent == 30);
    controls.set({{V4L2_CID_AUTOGAIN, 1}});
    CHECK(inactive(named(controls, "Gain")));
}

TEST_CASE("the luma follows brightness, gain and negative, and is left alone without them") {
    LumaTable table;
    const FlatPicture picture(100);
    const auto luma = [&](PictureSettings settings) { return table.apply(picture.image(), settings).planes[0][63]; };
    CHECK(table.apply(picture.image(), {}).planes[0] == picture.samples.data());
    CHECK(luma({.brightness = 20}) == 120);
    CHECK(luma({.gainPercent = 50}) == 50);
    CHECK(luma({.brightness = -64, .gainPercent = 0}) == 0);
    CHECK(luma({.brightness = 64, .gainPercent = 200}) == 255);
    CHECK(luma({.negative = true}) == 155);
}
