#include "audience.hpp"

namespace bench {
namespace {

constexpr uint32_t kFirstAddress = 0x7f010001;  // 127.1.0.1
constexpr uint32_t kAddresses = 60'000;

}  // namespace

Audience::Audience(const ViewerOptions &options, size_t places)
    : options_(options), viewers_(places), epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

bool Audience::seat(size_t place) {
    const uint32_t from = options_.spread ? kFirstAddress + static_cast<uint32_t>(place) % kAddresses : 0;
    if (!viewers_[place].ask(options_.port, options_.path, from)) return false;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = place;
    return epoll_ctl(epoll_, EPOLL_CTL_ADD, viewers_[place].fd(), &event) == 0;
}

// A closed descriptor leaves its epoll by itself.
void Audience::unseat(size_t place, bool abruptly) { viewers_[place].leave(abruptly); }

std::span<const epoll_event> Audience::wait(int timeoutMs) {
    const int n = epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), timeoutMs);
    return {events_.data(), n < 0 ? 0u : static_cast<size_t>(n)};
}

}  // namespace bench
