// Stands in for libFuzzer where there is no clang: replays the corpus, then flips, cuts and repeats bytes of it until SIGUSR1 comes. Finds
// less than coverage guidance does, but needs nothing beyond the compiler. `-runs=0`, as libFuzzer knows it: the corpus and nothing else.
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

namespace {

using Bytes = std::vector<uint8_t>;

Bytes readFile(const std::filesystem::path &path) {
    std::ifstream file(path, std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

std::vector<Bytes> readCorpus(const char *folder) {
    std::vector<Bytes> corpus{Bytes{}};
    for (const auto &entry : std::filesystem::directory_iterator(folder)) corpus.push_back(readFile(entry.path()));
    return corpus;
}

/// As libFuzzer does with a finding.
int replayFile(const char *path) {
    const Bytes input = readFile(path);
    return LLVMFuzzerTestOneInput(input.data(), input.size());
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

volatile std::sig_atomic_t ending = 0;

} // namespace

int main(int count, char **arguments) {
    constexpr size_t kMaxInputBytes = 256 * 1024;
    std::vector<Bytes> corpus{Bytes{}};
    for (int i = 1; i < count; ++i) {
        if (std::filesystem::is_regular_file(arguments[i])) return replayFile(arguments[i]);
        if (std::string_view(arguments[i]) == "-runs=0") ending = 1;
        // The last folder is that of the sources.
        if (arguments[i][0] != '-') corpus = readCorpus(arguments[i]);
    }
    std::signal(SIGUSR1, [](int) { ending = 1; });
    for (const Bytes &seed : corpus) LLVMFuzzerTestOneInput(seed.data(), seed.size());

    std::mt19937 random(1);
    size_t runs = corpus.size();
    for (; ending == 0; ++runs) {
        Bytes input = corpus[random() % corpus.size()];
        for (unsigned steps = 1 + random() % 8; steps > 0 && input.size() < kMaxInputBytes; --steps) mutate(input, random);
        LLVMFuzzerTestOneInput(input.data(), input.size());
    }
    std::printf("stat::number_of_executed_units: %zu\n", runs);
    return 0;
}
