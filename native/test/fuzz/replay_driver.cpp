// Stands in for libFuzzer where there is no clang: replays the corpus, then flips, cuts and repeats bytes of it until the
// time given by `-max_total_time=` is over. Finds less than coverage guidance does, but needs nothing beyond the compiler.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

namespace {

using Bytes = std::vector<uint8_t>;

std::vector<Bytes> readCorpus(const char *folder) {
    std::vector<Bytes> corpus{Bytes{}};
    for (const auto &entry : std::filesystem::directory_iterator(folder)) {
        std::ifstream file(entry.path(), std::ios::binary);
        corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return corpus;
}

void mutate(Bytes &bytes, std::mt19937 &random) {
    if (bytes.empty()) return bytes.assign(1 + random() % 64, static_cast<uint8_t>(random()));
    const size_t at = random() % bytes.size();
    switch (random() % 4) {
    case 0: bytes[at] = static_cast<uint8_t>(random()); break;
    case 1: bytes[at] ^= static_cast<uint8_t>(1U << (random() % 8)); break;
    case 2: bytes.resize(at); break;
    default: {
        const Bytes repeated(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end());
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), repeated.begin(), repeated.end());
    }
    }
}

} // namespace

int main(int count, char **arguments) {
    constexpr size_t kMaxInputBytes = 256 * 1024;
    int seconds = 5;
    std::vector<Bytes> corpus{Bytes{}};
    for (int i = 1; i < count; ++i) {
        if (std::strncmp(arguments[i], "-max_total_time=", 16) == 0) seconds = std::atoi(arguments[i] + 16);
        else if (arguments[i][0] != '-') corpus = readCorpus(arguments[i]);
    }
    for (const Bytes &seed : corpus) LLVMFuzzerTestOneInput(seed.data(), seed.size());

    std::mt19937 random(1);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    size_t runs = 0;
    for (; std::chrono::steady_clock::now() < end; ++runs) {
        Bytes input = corpus[random() % corpus.size()];
        for (unsigned steps = 1 + random() % 8; steps > 0 && input.size() < kMaxInputBytes; --steps) mutate(input, random);
        LLVMFuzzerTestOneInput(input.data(), input.size());
    }
    std::printf("replayed %zu inputs and %zu mutations of them\n", corpus.size(), runs);
    return 0;
}
