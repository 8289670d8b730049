#include "fanout/viewer.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/clock.hpp"
#include "fanout/multipart.hpp"

namespace camera {

namespace {

/// Room for the headers of one part, reserved once for viewers that get their own.
constexpr size_t kOwnHeaderBytes = 320;

} // namespace

Viewer::Viewer(uint64_t number, std::string channel, UniqueFd socket, const ViewerOptions &options)
    : number(number), channel(std::move(channel)), socket_(std::move(socket)), label_(options.label), remote_(options.remote),
      sinceWallMs_(wallUs() / 1000), maxAgeUs_(int64_t{options.maxAgeMs} * 1000), advanceHeaders_(options.advanceHeaders),
      dualFinalFrames_(options.dualFinalFrames), extraHeaders_(options.extraHeaders), cap_(options.maxFps) {
    if (ownHeaders()) text_.reserve(kOwnHeaderBytes);
    text_.append(options.head).append(kFirstBoundary);
    if (advanceHeaders_) text_.append(kAdvanceHeaders);
}

Viewer::Outcome Viewer::open(int64_t nowUs) { return push(nowUs, {}); }

Viewer::Outcome Viewer::offer(const FrameOffer &offer, int64_t nowUs, int64_t maxAgeUs) {
    if (offer.number <= seen_ || finishing_) return Outcome::Idle;
    const int64_t frameUs = offer.frame->facts().capturedAtUs;
    if (!cap_.isDue(frameUs) || !limit_.isDue(frameUs)) {
        passOver(offer.number);
        return Outcome::Idle;
    }
    if (waiting_) {
        missUpTo(offer.number); // only the newest can still be the next
        return Outcome::Waiting;
    }
    const int64_t limitUs = maxAgeUs_ > 0 ? std::min(maxAgeUs, maxAgeUs_) : maxAgeUs;
    if (offer.online && nowUs - frameUs > limitUs) {
        passOver(offer.number);
        return Outcome::Idle;
    }
    return begin(offer, nowUs);
}

Viewer::Outcome Viewer::repeat(const FrameOffer &offer, int64_t nowUs) {
    if (waiting_ || finishing_ || seen_ != offer.number) return Outcome::Idle;
    return begin(offer, nowUs);
}

Viewer::Outcome Viewer::begin(const FrameOffer &offer, int64_t nowUs) {
    arrange(offer, nowUs);
    const uint64_t before = bytes_.load(std::memory_order_relaxed);
    const Outcome outcome = push(nowUs, offer.frame);
    if (outcome == Outcome::Waiting && bytes_.load(std::memory_order_relaxed) == before) {
        // Not a byte of it went out: then it is not begun, and a newer one may take its place.
        dropText();
        body_ = {};
        tail_ = {};
        inPicture_ = false;
        current_ = {};
        return outcome;
    }
    passOver(offer.number);
    cap_.take(offer.frame->facts().capturedAtUs);
    limit_.take(offer.frame->facts().capturedAtUs);
    return outcome;
}

void Viewer::arrange(const FrameOffer &offer, int64_t nowUs) {
    inPicture_ = true;
    if (advanceHeaders_) {
        body_ = offer.frame->bytes();
        tail_ = kAdvancePartEnd;
    } else if (extraHeaders_) {
        const FrameFacts &facts = offer.frame->facts();
        // What is left out by this very picture counts: it is the first to tell.
        const uint64_t missed = offer.number > seen_ + 1 ? offer.number - seen_ - 1 : 0;
        PartHeaders headers(offer.frame->bytes().size(), capturedWallUs(facts));
        headers.extra(facts, {.online = offer.online,
                              .dropped = skipped_.load(std::memory_order_relaxed) + missed,
                              .ageMs = (nowUs - facts.capturedAtUs) / 1000});
        text_.assign(headers.finish());
        textSent_ = 0;
        body_ = offer.frame->bytes();
        tail_ = kPartEnd;
    } else {
        body_ = offer.wire;
    }
}

Viewer::Outcome Viewer::resume(int64_t nowUs) { return waiting_ ? push(nowUs, current_) : Outcome::Idle; }

int64_t Viewer::stalledUs(int64_t nowUs) {
    if (!waiting_) return 0;
    int queued = 0;
    if (::ioctl(socket_.get(), SIOCOUTQ, &queued) != 0) return nowUs - progressUs_;
    const uint64_t taken = bytes_.load(std::memory_order_relaxed) - static_cast<uint64_t>(queued);
    if (std::exchange(taken_, taken) != taken) progressUs_ = nowUs;
    return nowUs - progressUs_;
}

Viewer::Outcome Viewer::finish(int64_t nowUs) {
    finishing_ = true;
    state_.store(ViewerState::Ending, std::memory_order_relaxed);
    return push(nowUs, current_);
}

/// Sends until all is out or the socket is full. `frame` is kept if the rest of it has to wait.
Viewer::Outcome Viewer::push(int64_t nowUs, const FramePtr &frame) {
    for (;;) {
        const size_t textLeft = text_.size() - textSent_;
        const size_t left = textLeft + body_.size() + tail_.size();
        if (left == 0) {
            if (std::exchange(inPicture_, false)) add(frames_, 1);
            if (!finishing_ || std::exchange(closed_, true)) return stop(Outcome::Idle, nowUs);
            tail_ = advanceHeaders_ ? kAdvanceClosing : kClosing;
            continue;
        }
        ssize_t sent = 0;
        if (textLeft == 0 && tail_.empty()) {
            sent = ::send(socket_.get(), body_.data(), body_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        } else {
            std::array<iovec, 3> pieces{{{text_.data() + textSent_, textLeft},
                                         {const_cast<uint8_t *>(body_.data()), body_.size()},
                                         {const_cast<char *>(tail_.data()), tail_.size()}}};
            msghdr message{};
            message.msg_iov = pieces.data();
            message.msg_iovlen = pieces.size();
            sent = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        }
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) return stop(Outcome::Broken, nowUs);
        auto count = static_cast<size_t>(std::max<ssize_t>(sent, 0));
        add(bytes_, count);
        const size_t ofText = std::min(count, textLeft);
        textSent_ += ofText;
        if (textLeft > 0 && textSent_ == text_.size()) dropText();
        const size_t ofBody = std::min(count - ofText, body_.size());
        body_ = body_.subspan(ofBody);
        tail_.remove_prefix(count - ofText - ofBody);
        if (count == left) continue;
        if (inPicture_ && !(current_ == frame)) current_ = frame;
        return stop(Outcome::Waiting, nowUs);
    }
}

/// The head is sent once; only who gets headers of its own has a use for the room.
void Viewer::dropText() {
    textSent_ = 0;
    text_.clear();
    if (!ownHeaders()) text_.shrink_to_fit();
}

Viewer::Outcome Viewer::stop(Outcome outcome, int64_t nowUs) {
    const bool waits = outcome == Outcome::Waiting;
    if (waits != waiting_) {
        if (waits) progressUs_ = nowUs;
        waiting_ = waits;
        if (!finishing_) state_.store(waits ? ViewerState::Behind : ViewerState::KeepingUp, std::memory_order_relaxed);
    }
    if (!waits && current_) current_ = {};
    return outcome;
}

/// The picture is begun, or left out on purpose; those before it that were neither are missed.
void Viewer::passOver(uint64_t number) {
    missUpTo(number);
    seen_ = std::max(seen_, number);
}

void Viewer::missUpTo(uint64_t number) {
    if (number <= seen_ + 1) return;
    add(skipped_, number - seen_ - 1);
    seen_ = number - 1;
}

ViewerStats Viewer::stats() const {
    return {.viewer = number,
            .label = label_,
            .remote = remote_,
            .sinceWallMs = sinceWallMs_,
            .counts = counts(),
            .state = state_.load(std::memory_order_relaxed)};
}

ViewerCounts Viewer::counts() const {
    return {.frames = frames_.load(std::memory_order_relaxed),
            .bytes = bytes_.load(std::memory_order_relaxed),
            .skipped = skipped_.load(std::memory_order_relaxed)};
}

} // namespace camera
