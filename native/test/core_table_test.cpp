#include "core_table.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <future>
#include <optional>

using namespace camera;
using namespace camera::binding;

namespace {

constexpr auto kPatience = std::chrono::seconds(10);

CoreOptions virtualCameras(int count) {
    CoreOptions options;
    options.monitor.devDir = "/nonexistent/dev";
    options.monitor.sysfsDir = "/nonexistent/sys";
    options.monitor.events = false;
    options.virtualCameras = {.count = count, .width = 64, .height = 48, .fps = 60};
    return options;
}

/// Keeps every event; `wait` sees those to come, too.
class Recorder {
public:
    EventSink sink() {
        return [this](std::shared_ptr<const CoreEvent> event) {
            const std::lock_guard lock(mutex_);
            events_.push_back(std::move(event));
            changed_.notify_all();
        };
    }

    template <typename Fits>
    bool wait(Fits fits) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, kPatience, [&] {
            return std::any_of(events_.begin(), events_.end(), [&](const auto &event) { return fits(*event); });
        });
    }

    std::vector<uint64_t> numbers() {
        const std::lock_guard lock(mutex_);
        std::vector<uint64_t> numbers;
        for (const auto &event : events_) numbers.push_back(event->seq);
        return numbers;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::shared_ptr<const CoreEvent>> events_;
};

bool isReady(const CoreEvent &event, const std::string &source) {
    const auto *device = std::get_if<DeviceEvent>(&event.fact);
    return device != nullptr && device->type == DeviceEventType::Ready && device->device.source == source;
}

bool isCapture(const CoreEvent &event, CaptureState state) {
    const auto *capture = std::get_if<CaptureEvent>(&event.fact);
    return capture != nullptr && capture->feed == 0 && capture->state == state;
}

/// The result that a callback of the core gets.
template <typename T, typename Begin>
Result<T> answerOf(Begin begin) {
    auto answer = std::make_shared<std::promise<Result<T>>>();
    std::future<Result<T>> future = answer->get_future();
    begin([answer](Result<T> result) { answer->set_value(std::move(result)); });
    if (future.wait_for(kPatience) != std::future_status::ready) return Error{0, "no answer", ""};
    return future.get();
}

Result<CaptureInfo> startCapture(RunningCore &core, const std::string &source) {
    const CaptureRequest request{.width = 64, .height = 48, .fourcc = 0x47504a4d, .interval = {1, 60}};
    const Result<SourceAddress> address = core.addressOf(source);
    if (!address) return address.error();
    return answerOf<CaptureInfo>([&](auto done) { core.captures().start(address.value(), request, done); });
}

std::shared_ptr<RunningCore> startCore(int cameras, EventSink sink) {
    Result<std::shared_ptr<RunningCore>> core = RunningCore::start(kernel(), virtualCameras(cameras), std::move(sink));
    REQUIRE(core.ok());
    return core.take();
}

} // namespace

TEST_CASE("a core numbers the events of devices and captures together, without a gap") {
    Recorder recorder;
    const auto core = startCore(2, recorder.sink());
    REQUIRE(recorder.wait([](const CoreEvent &event) { return isReady(event, "virtual:1"); }));
    REQUIRE(startCapture(*core, "virtual:0").ok());
    REQUIRE(startCapture(*core, "virtual:1").ok());
    const auto frame = answerOf<FramePtr>([&](auto done) { core->captures().grab("virtual:0", {0, 5000}, done); });
    REQUIRE(frame.ok());
    CHECK(frame.value()->facts().width == 64);
    core->stop(2000);
    CHECK(recorder.wait([](const CoreEvent &event) { return isCapture(event, CaptureState::Stopped); }));

    const std::vector<uint64_t> numbers = recorder.numbers();
    for (size_t at = 0; at < numbers.size(); ++at) CHECK(numbers[at] == at + 1);
}

TEST_CASE("a silenced core tells its sink nothing more") {
    Recorder recorder;
    const auto core = startCore(1, recorder.sink());
    REQUIRE(recorder.wait([](const CoreEvent &event) { return isReady(event, "virtual:0"); }));
    core->silence();
    const size_t told = recorder.numbers().size();
    REQUIRE(startCapture(*core, "virtual:0").ok());
    core->stop(2000);
    CHECK(recorder.numbers().size() == told);
}

TEST_CASE("only a source that is present has an address") {
    Recorder recorder;
    const auto core = startCore(1, recorder.sink());
    REQUIRE(recorder.wait([](const CoreEvent &event) { return isReady(event, "virtual:0"); }));
    CHECK(core->addressOf("virtual:0").value().isVirtual);
    CHECK(core->addressOf("/dev/video0#1").error().errnoValue == ENODEV);
    core->stop(2000);
}

TEST_CASE("the last view out ends its core, the others do not") {
    CoreTable table;
    const uint32_t id = table.add(startCore(1, nullptr));
    std::weak_ptr<RunningCore> core = table.attach(id);
    REQUIRE(core.lock());
    table.detach(id);
    CHECK(table.attach(id) != nullptr);
    table.detach(id);
    table.detach(id);
    CHECK(table.attach(id) == nullptr);
    table.waitForStops(5000);
    table.detach(id); // one too many
}

TEST_CASE("everyone who asked for the end of a core hears of it, also late and twice") {
    CoreTable table;
    Recorder recorder;
    const auto core = startCore(1, recorder.sink());
    REQUIRE(recorder.wait([](const CoreEvent &event) { return isReady(event, "virtual:0"); }));
    const uint32_t id = table.add(core);
    REQUIRE(startCapture(*core, "virtual:0").ok());

    const auto stop = [&] { return answerOf<Done>([&](auto done) { table.stop(id, 2000, [done] { done(Done{}); }); }); };
    auto first = std::async(std::launch::async, stop);
    auto second = std::async(std::launch::async, stop);
    CHECK(first.get().ok());
    CHECK(second.get().ok());
    CHECK(stop().ok());
    CHECK_FALSE(core->captures().stats("virtual:0").value_or(CaptureStats{}).running);
}
