#pragma once
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bench {

/** The reply's numeric id, wherever the member stands; nullopt when there is none. */
inline std::optional<uint32_t> replyId(std::string_view reply) {
    constexpr std::string_view kMember = "\"id\":";
    const size_t at = reply.find(kMember);
    if (at == std::string_view::npos) return std::nullopt;
    uint32_t id = 0;
    const char *begin = reply.data() + at + kMember.size();
    const auto [end, error] = std::from_chars(begin, reply.data() + reply.size(), id);
    if (error != std::errc{} || end == begin) return std::nullopt;
    return id;
}

}  // namespace bench
