#include "capture/capture_channel.hpp"

#include <cerrno>
#include <utility>

#include "capture/capture_session.hpp"
#include "base/clock.hpp"
#include "base/fault_code.hpp"
#include "virtual/virtual_session.hpp"

namespace camera {

namespace {

template <typename T>
void answerAll(Courier &courier, std::vector<CaptureManager::Callback<T>> &answers, const Result<T> &result) {
    if (answers.empty()) return;
    courier.post([answers = std::exchange(answers, {}), result] {
        for (const auto &answer : answers) answer(result);
    });
}

} // namespace

CaptureChannel::CaptureChannel(std::string source, std::shared_ptr<const ChannelServices> services)
    : source_(std::move(source)), services_(std::move(services)), hub_(FrameHub::create(services_->courier)),
      h264_(std::make_shared<H264Hub>(services_->courier)),
      counters_(std::make_shared<CaptureCounters>()), dials_(std::make_shared<CaptureDials>()) {
    setJpegQuality(services_->options.jpegQuality);
}

void CaptureChannel::start(const SourceAddress &address, const CaptureRequest &request, Callback<CaptureInfo> answer) {
    const std::lock_guard lock(mutex_);
    address_ = address;
    const bool sameMode = current_.mode == request;
    CaptureRequest mode = request;
    mode.anew = false; // asked for once, not a part of what runs
    switch (state_) {
    case State::Idle:
        return launch({mode, {std::move(answer)}});
    case State::Starting:
        if (!sameMode) break;
        current_.answers.push_back(std::move(answer));
        return;
    case State::Running:
        if (!sameMode) break;
        return services_->courier->post([answer = std::move(answer), info = info_] { answer(info); });
    case State::Stopping:
        break;
    }
    queueNext(mode, std::move(answer));
    beginStop();
}

void CaptureChannel::stop(Callback<Done> answer) {
    const std::lock_guard lock(mutex_);
    drop(next_, Error{0, kStepAborted, source_});
    if (state_ == State::Idle) return services_->courier->post([answer = std::move(answer)] { answer(done()); });
    stops_.push_back(std::move(answer));
    beginStop();
}

void CaptureChannel::gone() {
    const std::lock_guard lock(mutex_);
    over_ = true;
    // Another mode was to follow: of this appearance there is nothing to open any more, and its node may be another camera's soon.
    drop(next_, Error{ENODEV, "capture", address_.node});
    if (state_ == State::Idle) return;
    if (state_ != State::Stopping) session_->gone();
    beginStop();
}

void CaptureChannel::abandon(const Error &reason) {
    const std::lock_guard lock(mutex_);
    if (state_ != State::Idle) writeOff(reason);
}

bool CaptureChannel::capturing() const {
    const std::lock_guard lock(mutex_);
    return state_ == State::Starting || state_ == State::Running || next_.has_value();
}

bool CaptureChannel::vanished() const {
    const std::lock_guard lock(mutex_);
    return over_;
}

bool CaptureChannel::over() const {
    const std::lock_guard lock(mutex_);
    return over_ && state_ == State::Idle;
}

CaptureStats CaptureChannel::stats(int64_t maxFrameAgeUs) const {
    const int64_t nowUs = monotonicUs();
    CaptureStats stats = counters_->snapshot(running_, nowUs);
    stats.retained = hub_->keptSince(nowUs - maxFrameAgeUs);
    return stats;
}

void CaptureChannel::enter(State state) {
    state_ = state;
    running_ = state == State::Running;
}

void CaptureChannel::launch(Request request) {
    current_ = std::move(request);
    // Its predecessor still hangs in the kernel: another thread would only hang beside it.
    if (!stuck_.expired()) return refuse(Error{ETIMEDOUT, "start", address_.node});
    ++generation_;
    streamed_ = false;
    over_ = false;
    hub_->beginCapture();
    h264_->beginCapture();
    auto session = Session::start("cam-" + source_.substr(source_.find_last_of('/') + 1), bodyOf(current_.mode));
    if (!session.ok()) return refuse(session.error());
    session_ = session.take();
    enter(State::Starting);
    timer_ = services_->courier->postAt(monotonicUs() + int64_t{services_->options.startTimeoutMs} * 1000,
                                        [weak = weak_from_this(), generation = generation_] {
                                            if (const auto self = weak.lock()) self->onDeadline(generation, State::Starting, "start");
                                        });
}

void CaptureChannel::refuse(const Error &reason) {
    answerAll<CaptureInfo>(*services_->courier, current_.answers, reason);
    hub_->endCapture(reason);
    h264_->endCapture(reason);
}

Session::Body CaptureChannel::bodyOf(const CaptureRequest &mode) {
    const SessionOutlet to = outlet(generation_);
    const CaptureOptions &options = services_->options;
    if (address_.isVirtual) {
        return [to, camera = VirtualCamera{.label = address_.label, .request = mode, .controls = address_.controls}](
                   const SessionControl &control) { runVirtualSession(camera, to, control); };
    }
    return [to, capture = DeviceCapture{.sys = services_->sys,
                                        .encoders = services_->encoders,
                                        .node = address_.node,
                                        .request = mode,
                                        .firstFrameMs = options.firstFrameMs,
                                        .stallMs = options.stallMs,
                                        .stalledMs = options.stalledMs,
                                        .allowTruncated = options.allowTruncated}](const SessionControl &control) {
        runCaptureSession(capture, to, control);
    };
}

SessionOutlet CaptureChannel::outlet(uint64_t generation) {
    const std::weak_ptr<CaptureChannel> weak = weak_from_this();
    return {.hub = hub_,
            .h264 = h264_,
            .counters = counters_,
            .dials = dials_,
            .started =
                [weak, generation](const CaptureInfo &info) {
                    if (const auto self = weak.lock()) self->onStarted(generation, info);
                },
            .changed =
                [weak, generation](CaptureState state, std::optional<Error> fault) {
                    if (const auto self = weak.lock()) self->onChanged(generation, state, std::move(fault));
                },
            .ended =
                [weak, generation](SessionEnd end, std::optional<Error> fault) {
                    if (const auto self = weak.lock()) self->onEnded(generation, end, std::move(fault));
                }};
}

void CaptureChannel::queueNext(const CaptureRequest &mode, Callback<CaptureInfo> answer) {
    if (next_ && next_->mode != mode) drop(next_, Error{0, kStepAborted, source_});
    if (!next_) next_ = Request{mode, {}};
    next_->answers.push_back(std::move(answer));
}

void CaptureChannel::beginStop() {
    if (state_ == State::Stopping) return;
    enter(State::Stopping);
    session_->stop();
    disarm();
    timer_ = services_->courier->postAt(monotonicUs() + int64_t{services_->options.stopTimeoutMs} * 1000,
                                        [weak = weak_from_this(), generation = generation_] {
                                            if (const auto self = weak.lock()) self->onDeadline(generation, State::Stopping, "stop");
                                        });
}

void CaptureChannel::onStarted(uint64_t generation, const CaptureInfo &info) {
    const std::lock_guard lock(mutex_);
    if (generation != generation_ || state_ != State::Starting) return;
    enter(State::Running);
    streamed_ = true;
    info_ = info;
    info_.session = generation;
    disarm();
    emit(CaptureState::Started, std::nullopt);
    answerAll<CaptureInfo>(*services_->courier, current_.answers, info_);
}

void CaptureChannel::onChanged(uint64_t generation, CaptureState state, std::optional<Error> fault) {
    const std::lock_guard lock(mutex_);
    if (generation == generation_ && state_ == State::Running) emit(state, std::move(fault));
}

void CaptureChannel::onEnded(uint64_t generation, SessionEnd end, std::optional<Error> fault) {
    const std::lock_guard lock(mutex_);
    if (generation != generation_) return;
    // This runs on the session's own thread, as its last act: somebody else has to join it.
    services_->courier->post([ended = std::shared_ptr<Session>(std::move(session_))] {});
    switch (end) {
    case SessionEnd::Stopped:
        return finish(CaptureState::Stopped, Error{0, kStepAborted, source_}, false);
    case SessionEnd::Gone:
        over_ = true;
        drop(next_, Error{ENODEV, "capture", address_.node});
        return finish(CaptureState::Gone, fault.value_or(Error{ENODEV, "capture", address_.node}), true);
    case SessionEnd::Failed:
        return finish(CaptureState::Failed, fault.value_or(Error{0, "capture", address_.node}), true);
    }
}

void CaptureChannel::onDeadline(uint64_t generation, State state, const char *step) {
    const std::lock_guard lock(mutex_);
    if (generation == generation_ && state_ == state) writeOff(Error{ETIMEDOUT, step, address_.node});
}

void CaptureChannel::writeOff(const Error &reason) {
    stuck_ = session_->lifeSign();
    session_->stop(); // it closes the device when the kernel lets it go
    session_->writeOff();
    session_.reset();
    if (!stops_.empty()) answerAll<Done>(*services_->courier, stops_, reason);
    drop(next_, reason);
    finish(CaptureState::Failed, reason, true);
    ++generation_; // what it still says is nobody's news
}

void CaptureChannel::finish(CaptureState state, const Error &reason, bool tellFault) {
    enter(State::Idle);
    disarm();
    if (tellFault || streamed_) emit(state, tellFault ? std::optional(reason) : std::nullopt);
    answerAll<CaptureInfo>(*services_->courier, current_.answers, reason);
    answerAll<Done>(*services_->courier, stops_, done());
    if (next_) return launch(*std::exchange(next_, std::nullopt));
    // A camera that went is not one that was stopped, whoever saw it first.
    const Error stopped = over_ ? Error{ENODEV, "capture", source_} : Error{0, kStepNotStreaming, source_};
    hub_->endCapture(tellFault ? reason : stopped);
    h264_->endCapture(tellFault ? reason : stopped);
}

void CaptureChannel::drop(std::optional<Request> &request, const Error &reason) {
    if (request) answerAll<CaptureInfo>(*services_->courier, request->answers, reason);
    request.reset();
}

void CaptureChannel::emit(CaptureState state, std::optional<Error> fault) {
    CaptureEvent event;
    event.source = source_;
    event.atUs = monotonicUs();
    event.state = state;
    event.session = generation_;
    event.fault = std::move(fault);
    services_->courier->post([services = services_, event = std::move(event)] { services->emit(event); });
}

void CaptureChannel::disarm() {
    if (timer_ != 0) services_->courier->cancel(std::exchange(timer_, 0));
}

} // namespace camera
