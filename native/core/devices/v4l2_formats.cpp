#include "devices/v4l2_formats.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/clean_text.hpp"
#include "devices/fourcc.hpp"

namespace camera {

namespace {

/// Sizes that clients expect in a list; offered for ranges that contain them.
constexpr std::array<SizePx, 17> kUsualSizes{{{160, 120},
                                              {320, 240},
                                              {352, 288},
                                              {640, 360},
                                              {640, 480},
                                              {800, 600},
                                              {960, 540},
                                              {1024, 768},
                                              {1280, 720},
                                              {1280, 960},
                                              {1280, 1024},
                                              {1600, 1200},
                                              {1920, 1080},
                                              {2560, 1440},
                                              {2592, 1944},
                                              {3840, 2160},
                                              {4096, 2160}}};

/// Intervals that clients expect in a list; offered for interval ranges that contain them.
constexpr std::array<FrameInterval, 7> kUsualIntervals{{{1, 60}, {1, 50}, {1, 30}, {1, 25}, {1, 15}, {1, 10}, {1, 5}}};

bool isShorter(const FrameInterval &a, const FrameInterval &b) {
    return uint64_t{a.num} * b.den < uint64_t{b.num} * a.den;
}

template <typename T>
void addOnce(std::vector<T> &list, const T &item) {
    if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

bool isEndOfList(int failure) { return failure == EINVAL || failure == ENOTTY || failure == ENODATA; }

bool fits(const SizeRange &range, const SizePx &size) {
    const auto within = [](uint32_t value, uint32_t min, uint32_t max, uint32_t step) {
        return value >= min && value <= max && (value - min) % std::max(step, 1u) == 0;
    };
    return within(size.width, range.min.width, range.max.width, range.step.width) &&
           within(size.height, range.min.height, range.max.height, range.step.height);
}

/// The smallest interval is the highest rate; it comes first, as drivers list them.
std::vector<FrameInterval> intervalsWithin(const v4l2_frmival_stepwise &range) {
    const FrameInterval shortest{range.min.numerator, range.min.denominator};
    const FrameInterval longest{range.max.numerator, range.max.denominator};
    std::vector<FrameInterval> intervals;
    if (shortest.num && shortest.den) intervals.push_back(shortest);
    for (const FrameInterval &usual : kUsualIntervals) {
        if (isShorter(shortest, usual) && isShorter(usual, longest)) addOnce(intervals, usual);
    }
    if (longest.num && longest.den) addOnce(intervals, longest);
    return intervals;
}

class Walker {
public:
    Walker(Questions &questions, v4l2_buf_type type, const FormatLimits &limits)
        : questions_(questions), type_(type), limits_(limits) {}

    Result<FormatWalk> walk() {
        for (uint32_t index = 0;; ++index) {
            v4l2_fmtdesc description{};
            description.index = index;
            description.type = type_;
            const int failure = questions_.ask(VIDIOC_ENUM_FMT, &description);
            if (!goesOn(failure)) break;
            if (failure) return questions_.error(failure, "VIDIOC_ENUM_FMT");
            if (walk_.formats.size() >= limits_.formats || index >= 2 * limits_.formats) {
                walk_.truncated = true;
                break;
            }
            if (std::find(walk_.fourccs.begin(), walk_.fourccs.end(), description.pixelformat) != walk_.fourccs.end()) {
                continue;
            }
            if (const Status added = addFormat(description); !added) return added.error();
        }
        walk_.truncated |= questions_.exhausted();
        return std::move(walk_);
    }

private:
    /// False at the end of a list and when the limits are used up; true for an answer and for a real failure.
    bool goesOn(int failure) const { return failure == 0 || (!isEndOfList(failure) && !questions_.exhausted()); }

    Status addFormat(const v4l2_fmtdesc &description) {
        PixelFormat format;
        format.fourcc = fourccText(description.pixelformat);
        format.description = cleanText(fixedText(description.description));
        format.compressed = (description.flags & V4L2_FMT_FLAG_COMPRESSED) != 0;
        format.emulated = (description.flags & V4L2_FMT_FLAG_EMULATED) != 0;
        bool unknown = false;
        const Status sizes = addSizes(format, description.pixelformat, unknown);
        if (!sizes) return sizes;
        walk_.formats.push_back(std::move(format));
        walk_.fourccs.push_back(description.pixelformat);
        walk_.sizesUnknown.push_back(unknown);
        return done();
    }

    Status addSizes(PixelFormat &format, uint32_t fourcc, bool &unknown) {
        for (uint32_t index = 0;; ++index) {
            v4l2_frmsizeenum answer{};
            answer.index = index;
            answer.pixel_format = fourcc;
            const int failure = questions_.ask(VIDIOC_ENUM_FRAMESIZES, &answer);
            unknown = index == 0 && (failure == ENOTTY || failure == ENODATA);
            if (!goesOn(failure)) return done();
            if (failure) return questions_.error(failure, "VIDIOC_ENUM_FRAMESIZES");
            if (answer.type != V4L2_FRMSIZE_TYPE_DISCRETE) return addRange(format, fourcc, answer);
            if (index >= limits_.sizesPerFormat) {
                walk_.truncated = true;
                return done();
            }
            const Status added = addSize(format, fourcc, {answer.discrete.width, answer.discrete.height});
            if (!added) return added;
        }
    }

    Status addRange(PixelFormat &format, uint32_t fourcc, const v4l2_frmsizeenum &answer) {
        const v4l2_frmsize_stepwise &raw = answer.stepwise;
        const bool continuous = answer.type == V4L2_FRMSIZE_TYPE_CONTINUOUS;
        SizeRange range{{raw.min_width, raw.min_height},
                        {std::min(raw.max_width, limits_.maxSidePx), std::min(raw.max_height, limits_.maxSidePx)},
                        {continuous ? 1 : raw.step_width, continuous ? 1 : raw.step_height}};
        format.range = range;
        for (const SizePx &usual : kUsualSizes) {
            if (!fits(range, usual)) continue;
            if (const Status added = addSize(format, fourcc, usual); !added) return added;
        }
        // The largest is the one that a sensor without any usual size has.
        if (format.sizes.empty()) return addSize(format, fourcc, range.max);
        return done();
    }

    Status addSize(PixelFormat &format, uint32_t fourcc, const SizePx &size) {
        const bool sane = size.width > 0 && size.height > 0 && size.width <= limits_.maxSidePx && size.height <= limits_.maxSidePx;
        if (!sane) return done();
        const auto known = std::find_if(format.sizes.begin(), format.sizes.end(),
                                        [&](const FrameSize &listed) { return listed.size == size; });
        // Intervals are asked for by size, not by entry: the first entry's answer covers those of a repeated one.
        if (known != format.sizes.end()) return done();
        format.sizes.push_back({size, {}});
        return addIntervals(format.sizes.back(), fourcc);
    }

    Status addIntervals(FrameSize &size, uint32_t fourcc) {
        for (uint32_t index = 0;; ++index) {
            v4l2_frmivalenum answer{};
            answer.index = index;
            answer.pixel_format = fourcc;
            answer.width = size.size.width;
            answer.height = size.size.height;
            const int failure = questions_.ask(VIDIOC_ENUM_FRAMEINTERVALS, &answer);
            if (!goesOn(failure)) return done();
            if (failure) return questions_.error(failure, "VIDIOC_ENUM_FRAMEINTERVALS");
            if (answer.type != V4L2_FRMIVAL_TYPE_DISCRETE) {
                size.intervals = intervalsWithin(answer.stepwise);
                return done();
            }
            if (index >= limits_.intervalsPerSize) {
                walk_.truncated = true;
                return done();
            }
            const FrameInterval interval{answer.discrete.numerator, answer.discrete.denominator};
            if (interval.num > 0 && interval.den > 0) addOnce(size.intervals, interval);
        }
    }

    Questions &questions_;
    const v4l2_buf_type type_;
    const FormatLimits limits_;
    FormatWalk walk_;
};

} // namespace

Result<FormatWalk> walkFormats(Questions &questions, v4l2_buf_type type, const FormatLimits &limits) {
    return Walker(questions, type, limits).walk();
}

} // namespace camera
