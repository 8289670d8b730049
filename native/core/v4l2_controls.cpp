#include "v4l2_controls.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "clean_text.hpp"

namespace camera {

namespace {

constexpr size_t kMaxControls = 512;
constexpr uint32_t kMaxMenuItems = 256;
constexpr uint32_t kMaxTextBytes = 4'096;

struct FlagWord {
    uint32_t bit;
    const char *word;
};
constexpr std::array<FlagWord, 9> kFlagWords{{{V4L2_CTRL_FLAG_GRABBED, "grabbed"},
                                              {V4L2_CTRL_FLAG_READ_ONLY, "read-only"},
                                              {V4L2_CTRL_FLAG_UPDATE, "update"},
                                              {V4L2_CTRL_FLAG_INACTIVE, "inactive"},
                                              {V4L2_CTRL_FLAG_SLIDER, "slider"},
                                              {V4L2_CTRL_FLAG_WRITE_ONLY, "write-only"},
                                              {V4L2_CTRL_FLAG_VOLATILE, "volatile"},
                                              {V4L2_CTRL_FLAG_EXECUTE_ON_WRITE, "execute-on-write"},
                                              {V4L2_CTRL_FLAG_MODIFY_LAYOUT, "modify-layout"}}};
constexpr const char *kBroken = "broken";

const char *typeName(uint32_t type) {
    switch (type) {
    case V4L2_CTRL_TYPE_INTEGER: return "integer";
    case V4L2_CTRL_TYPE_BOOLEAN: return "boolean";
    case V4L2_CTRL_TYPE_MENU: return "menu";
    case V4L2_CTRL_TYPE_BUTTON: return "button";
    case V4L2_CTRL_TYPE_INTEGER64: return "integer64";
    case V4L2_CTRL_TYPE_STRING: return "string";
    case V4L2_CTRL_TYPE_BITMASK: return "bitmask";
    case V4L2_CTRL_TYPE_INTEGER_MENU: return "integer-menu";
    default: return "compound";
    }
}

/// A control on its way into the list, with what only the walk needs.
struct Found {
    DeviceControl control;
    uint32_t type = 0;
    uint32_t rawFlags = 0;
    uint32_t textBytes = 0;

    bool isCompound() const { return type >= V4L2_CTRL_COMPOUND_TYPES; }
    bool isMenu() const { return type == V4L2_CTRL_TYPE_MENU || type == V4L2_CTRL_TYPE_INTEGER_MENU; }
    bool isText() const { return type == V4L2_CTRL_TYPE_STRING; }
    bool isListed() const { return type != V4L2_CTRL_TYPE_CTRL_CLASS && !(rawFlags & V4L2_CTRL_FLAG_DISABLED); }
    bool isReadable() const {
        return !isCompound() && type != V4L2_CTRL_TYPE_BUTTON && !(rawFlags & V4L2_CTRL_FLAG_WRITE_ONLY) && !isBroken();
    }
    bool isBroken() const {
        return std::find(control.flags.begin(), control.flags.end(), kBroken) != control.flags.end();
    }
    void markBroken() { control.flags.emplace_back(kBroken); }
};

Found describe(const v4l2_query_ext_ctrl &raw) {
    Found found;
    found.type = raw.type;
    found.rawFlags = raw.flags;
    found.textBytes = std::min(raw.elem_size, kMaxTextBytes);
    DeviceControl &control = found.control;
    control.id = raw.id;
    control.name = cleanText(fixedText(raw.name));
    control.type = typeName(raw.type);
    control.minimum = raw.minimum;
    control.maximum = raw.maximum;
    control.step = static_cast<int64_t>(raw.step);
    control.defaultValue = raw.default_value;
    for (const FlagWord &flag : kFlagWords) {
        if (raw.flags & flag.bit) control.flags.emplace_back(flag.word);
    }
    return found;
}

v4l2_query_ext_ctrl widen(const v4l2_queryctrl &raw) {
    v4l2_query_ext_ctrl wide{};
    wide.id = raw.id;
    wide.type = raw.type;
    std::copy(std::begin(raw.name), std::end(raw.name), std::begin(wide.name));
    wide.minimum = raw.minimum;
    wide.maximum = raw.maximum;
    wide.step = static_cast<uint64_t>(raw.step);
    wide.default_value = raw.default_value;
    wide.flags = raw.flags;
    wide.elem_size = raw.type == V4L2_CTRL_TYPE_STRING ? static_cast<uint32_t>(raw.maximum) + 1 : sizeof(int32_t);
    return wide;
}

class ControlWalk {
public:
    ControlWalk(Questions &questions, const std::set<uint32_t> &broken) : questions_(questions), broken_(broken) {}

    Result<std::vector<DeviceControl>> run() {
        const Status walked = enumerate();
        if (!walked) return walked.error();
        for (Found &found : found_) addMenu(found);
        readValues();
        std::vector<DeviceControl> controls;
        controls.reserve(found_.size());
        for (Found &found : found_) controls.push_back(std::move(found.control));
        return controls;
    }

private:
    Status enumerate() {
        const int extended = enumerateExtended();
        if (extended == 0) return done();
        if (extended != ENOTTY) return questions_.error(extended, "VIDIOC_QUERY_EXT_CTRL");
        const int classic = enumerateClassic();
        if (classic == EINVAL) enumerateRanges();
        return classic == 0 || classic == EINVAL || classic == ENOTTY ? done() : questions_.error(classic, "VIDIOC_QUERYCTRL");
    }

    /// 0 at the end of the list, else the errno of the first question.
    int enumerateExtended() {
        uint32_t id = 0;
        for (size_t count = 0; count < kMaxControls; ++count) {
            v4l2_query_ext_ctrl raw{};
            raw.id = id | V4L2_CTRL_FLAG_NEXT_CTRL | V4L2_CTRL_FLAG_NEXT_COMPOUND;
            const int failure = questions_.ask(VIDIOC_QUERY_EXT_CTRL, &raw);
            if (failure) return count > 0 || failure == EINVAL ? 0 : failure;
            if (raw.id <= id) return 0; // a driver that does not go on would never end
            id = raw.id;
            add(raw);
        }
        return 0;
    }

    int enumerateClassic() {
        uint32_t id = 0;
        for (size_t count = 0; count < kMaxControls; ++count) {
            v4l2_queryctrl raw{};
            raw.id = id | V4L2_CTRL_FLAG_NEXT_CTRL;
            const int failure = questions_.ask(VIDIOC_QUERYCTRL, &raw);
            if (failure) return count > 0 ? 0 : failure;
            if (raw.id <= id) return 0;
            id = raw.id;
            add(widen(raw));
        }
        return 0;
    }

    /// Drivers older than the "next" flag: ask for each classic id.
    void enumerateRanges() {
        for (uint32_t id = V4L2_CID_BASE; id < V4L2_CID_LASTP1; ++id) addClassic(id);
        for (uint32_t id = V4L2_CID_PRIVATE_BASE; id < V4L2_CID_PRIVATE_BASE + kMaxControls && addClassic(id); ++id) {}
    }

    bool addClassic(uint32_t id) {
        v4l2_queryctrl raw{};
        raw.id = id;
        if (questions_.ask(VIDIOC_QUERYCTRL, &raw) != 0) return false;
        add(widen(raw));
        return true;
    }

    void add(const v4l2_query_ext_ctrl &raw) {
        Found found = describe(raw);
        if (broken_.contains(raw.id)) found.markBroken();
        if (found.isListed()) found_.push_back(std::move(found));
    }

    void addMenu(Found &found) {
        if (!found.isMenu() || found.control.minimum < 0) return;
        const int64_t last = std::min<int64_t>(found.control.maximum, found.control.minimum + kMaxMenuItems - 1);
        for (int64_t index = found.control.minimum; index <= last; ++index) {
            v4l2_querymenu raw{};
            raw.id = found.control.id;
            raw.index = static_cast<uint32_t>(index);
            if (questions_.ask(VIDIOC_QUERYMENU, &raw) != 0) continue; // a hole, not the end
            const bool number = found.type == V4L2_CTRL_TYPE_INTEGER_MENU;
            // The structure is packed, so its text is copied before it is looked at.
            const std::string label(reinterpret_cast<const char *>(&raw.name[0]), sizeof raw.name);
            found.control.menu.push_back({index, number ? std::to_string(raw.value) : cleanText(label)});
        }
    }

    void readValues() {
        std::vector<Found *> readable;
        for (Found &found : found_) {
            if (found.isReadable()) readable.push_back(&found);
        }
        if (readable.empty() || readBatch(readable)) return;
        for (Found *found : readable) readOne(*found);
    }

    /// All in one question; false when not all could be read.
    bool readBatch(const std::vector<Found *> &readable) {
        std::vector<v4l2_ext_control> values(readable.size());
        std::vector<std::vector<char>> texts(readable.size());
        for (size_t i = 0; i < readable.size(); ++i) prepare(*readable[i], values[i], texts[i]);
        v4l2_ext_controls batch{};
        batch.which = V4L2_CTRL_WHICH_CUR_VAL;
        batch.count = static_cast<uint32_t>(values.size());
        batch.controls = values.data();
        if (questions_.ask(VIDIOC_G_EXT_CTRLS, &batch) != 0) return false;
        for (size_t i = 0; i < readable.size(); ++i) keep(*readable[i], values[i], texts[i]);
        return true;
    }

    void readOne(Found &found) {
        v4l2_ext_control value{};
        std::vector<char> text;
        prepare(found, value, text);
        v4l2_ext_controls batch{};
        batch.which = V4L2_CTRL_WHICH_CUR_VAL;
        batch.count = 1;
        batch.controls = &value;
        int failure = questions_.ask(VIDIOC_G_EXT_CTRLS, &batch);
        if (failure == ENOTTY && !found.isText()) {
            v4l2_control classic{};
            classic.id = found.control.id;
            failure = questions_.ask(VIDIOC_G_CTRL, &classic);
            value.value = classic.value;
        }
        if (failure == 0) keep(found, value, text);
        // The camera stalled the request; each further one may cost seconds.
        if (failure == EIO || failure == ETIMEDOUT || failure == EPIPE || failure == EPROTO) found.markBroken();
    }

    static void prepare(const Found &found, v4l2_ext_control &value, std::vector<char> &text) {
        value = {};
        value.id = found.control.id;
        if (!found.isText()) return;
        text.assign(found.textBytes + 1, '\0');
        value.size = found.textBytes;
        value.string = text.data();
    }

    static void keep(Found &found, const v4l2_ext_control &value, const std::vector<char> &text) {
        if (found.isText()) {
            found.control.text = cleanText({text.data(), text.size()}, kMaxTextBytes);
        } else {
            found.control.value = found.type == V4L2_CTRL_TYPE_INTEGER64 ? value.value64 : value.value;
        }
    }

    Questions &questions_;
    const std::set<uint32_t> &broken_;
    std::vector<Found> found_;
};

} // namespace

Result<std::vector<DeviceControl>> probeControls(const Sys &sys, const std::string &node, const std::set<uint32_t> &broken,
                                                 NodeCheck check, QuestionLimits limits) {
    Result<OpenNode> open = openNode(sys, node, check);
    if (!open) return open.error();
    Questions questions(sys, open.value().fd.get(), node, limits);
    return ControlWalk(questions, broken).run();
}

} // namespace camera
