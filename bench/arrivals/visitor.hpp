#pragma once
#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/** What every visitor says, in this order: each text after the answer to the one before. */
struct Journey {
    struct Step {
        std::string bytes;
        /** What is in the right answer. */
        std::string expect;
    };
    sockaddr_in server{};
    /** The first is the upgrade. */
    std::vector<Step> steps;
};

/** `token` and `setup` may be empty. */
Journey journeyTo(uint16_t port, const std::string &path, const std::string &token, const std::string &setup);

/** One client on its way from a socket to the last answer of its journey. Never blocks; owns its descriptor. */
class Visitor {
public:
    Visitor() = default;
    Visitor(Visitor &&other) noexcept;
    Visitor &operator=(Visitor &&) = delete;
    ~Visitor() { leave(); }

    /** Connects from the address with this number, watched by `poll` under this number. False after a message on stderr. */
    bool begin(const Journey &journey, int poll, size_t number);
    /** What came, or that it may write. False after a message on stderr: it cannot go on. */
    bool proceed(const Journey &journey, std::vector<char> &input);
    /** Answered to the end. */
    bool arrived(const Journey &journey) const { return step_ == journey.steps.size(); }
    /** Cuts the connection without waiting for anything: the port is free at once. */
    void leave();

    uint64_t beganAtNs() const { return beganAtNs_; }

private:
    /** False: broken. */
    bool say(const Journey &journey);
    bool take(const Journey &journey, std::string_view bytes);

    int fd_ = -1;
    size_t step_ = 0;
    bool said_ = false;
    uint64_t beganAtNs_ = 0;
    std::string partial_;
};

}  // namespace bench
