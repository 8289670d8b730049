#include "controls/v4l2_controls.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/clean_text.hpp"
#include "controls/control_query.hpp"

namespace camera {

namespace {

constexpr size_t kMaxControls = 512;
constexpr uint32_t kMaxMenuItems = 256;

class ControlWalk {
public:
    ControlWalk(Questions &questions, const std::set<uint32_t> &broken) : questions_(questions), broken_(broken) {}

    Result<std::vector<DeviceControl>> run() {
        const Status walked = enumerate();
        if (!walked) return walked.error();
        for (QueriedControl &found : found_) addMenu(found);
        readValues();
        std::vector<DeviceControl> controls;
        controls.reserve(found_.size());
        for (QueriedControl &found : found_) controls.push_back(std::move(found.control));
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
            if (failure) return (count > 0 && failure != ENODEV) || failure == EINVAL ? 0 : failure;
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
            if (failure) return count > 0 && failure != ENODEV ? 0 : failure;
            if (raw.id <= id) return 0;
            id = raw.id;
            add(widenControl(raw));
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
        add(widenControl(raw));
        return true;
    }

    void add(const v4l2_query_ext_ctrl &raw) {
        QueriedControl found = describeControl(raw);
        if (broken_.contains(raw.id)) found.markBroken();
        if (found.isListed()) found_.push_back(std::move(found));
    }

    void addMenu(QueriedControl &found) {
        constexpr int64_t kLastIndex = UINT32_MAX;
        if (!found.isMenu() || found.control.minimum < 0 || found.control.minimum > kLastIndex) return;
        const int64_t last = std::min({found.control.maximum, found.control.minimum + kMaxMenuItems - 1, kLastIndex});
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
        std::vector<QueriedControl *> readable;
        for (QueriedControl &found : found_) {
            if (found.isReadable()) readable.push_back(&found);
        }
        if (readable.empty() || readBatch(readable)) return;
        for (QueriedControl *found : readable) {
            if (isTransferFailure(readControl(questions_, *found))) found->markBroken();
        }
    }

    /// All in one question; false when not all could be read.
    bool readBatch(const std::vector<QueriedControl *> &readable) {
        std::vector<ControlSlot> slots;
        slots.reserve(readable.size());
        for (const QueriedControl *queried : readable) slots.emplace_back(*queried);
        std::vector<v4l2_ext_control> values;
        for (const ControlSlot &slot : slots) values.push_back(slot.raw);
        v4l2_ext_controls batch{};
        batch.which = V4L2_CTRL_WHICH_CUR_VAL;
        batch.count = static_cast<uint32_t>(values.size());
        batch.controls = values.data();
        if (questions_.ask(VIDIOC_G_EXT_CTRLS, &batch) != 0) return false;
        for (size_t i = 0; i < readable.size(); ++i) {
            slots[i].raw = values[i];
            keepControlValue(*readable[i], slots[i]);
        }
        return true;
    }

    Questions &questions_;
    const std::set<uint32_t> &broken_;
    std::vector<QueriedControl> found_;
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
