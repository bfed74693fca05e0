// The random kernels: the published answers of Philox4x32-10, the layout of a stream, equal bits on every
// set.
#include <cstring>
#include <vector>

#include "check.h"
#include "kernels/random.h"
#include "ops/random_bits.h"

using namespace axone;
using axone::testing::on_every_target;

namespace {

std::vector<uint32_t> words(uint64_t seed, uint64_t counter, int64_t begin, int64_t n) {
  std::vector<uint32_t> out(static_cast<size_t>(n));
  kernel_function<RandomFill>("random.words", DType::i32)(out.data(), seed, counter, begin, n);
  return out;
}

// Word w of block b: element 64 (b / 16) + 16 w + b % 16.
uint32_t word(uint64_t seed, uint64_t counter, int64_t block, int64_t w) {
  const int64_t group = block / 16;
  return words(seed, counter, group * kRandomGroup, kRandomGroup)[size_t(16 * w + block % 16)];
}

template <class T>
std::vector<T> filled(const char* kernel, int64_t begin, int64_t n) {
  std::vector<T> out(static_cast<size_t>(n));
  kernel_function<RandomFill>(kernel, dtype_of<T>)(out.data(), 42, 7, begin, n);
  return out;
}

// The whole stream on the first set; on every set, and from every group on, the same bits.
template <class T>
void check_stream(const char* kernel) {
  constexpr int64_t n = 1000;
  const std::vector<T> expected = filled<T>(kernel, 0, n);
  on_every_target([&] {
    for (int64_t begin = 0; begin < n; begin += kRandomGroup)
      for (int64_t count : {n - begin, int64_t(1), int64_t(33)}) {
        if (begin + count > n) continue;
        const std::vector<T> part = filled<T>(kernel, begin, count);
        CHECK(!std::memcmp(part.data(), expected.data() + begin, size_t(count) * sizeof(T)), kernel, " from ",
              begin, ", ", count, " elements");
      }
  });
}

}  // namespace

// Of the authors: counter 0 with key 0.
TEST(philox_known_answers) {
  const uint32_t zeros[4] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
  on_every_target([&] {
    for (int64_t w = 0; w < 4; ++w) CHECK(word(0, 0, 0, w) == zeros[w], "word ", w);
  });
}

// One block computed word by word, as the paper states it.
TEST(philox_follows_its_definition) {
  const uint64_t seed = 0x0123456789abcdefu, counter = 0xfedcba9876543210u;
  for (int64_t block : {0, 1, 15, 16, 1000003}) {
    uint32_t c[4] = {uint32_t(block), uint32_t(uint64_t(block) >> 32), uint32_t(counter),
                     uint32_t(counter >> 32)};
    uint32_t k0 = uint32_t(seed), k1 = uint32_t(seed >> 32);
    for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
      const uint64_t p0 = uint64_t(0xD2511F53u) * c[0], p1 = uint64_t(0xCD9E8D57u) * c[2];
      const uint32_t next[4] = {uint32_t(p1 >> 32) ^ c[1] ^ k0, uint32_t(p1), uint32_t(p0 >> 32) ^ c[3] ^ k1,
                                uint32_t(p0)};
      std::memcpy(c, next, sizeof(c));
    }
    on_every_target([&] {
      for (int64_t w = 0; w < 4; ++w)
        CHECK(word(seed, counter, block, w) == c[w], "block ", block, " word ", w);
    });
  }
}

TEST(streams_have_the_same_bits_on_every_set) {
  check_stream<float>("random.uniform");
  check_stream<double>("random.uniform");
  check_stream<float>("random.normal");
  check_stream<double>("random.normal");
  check_stream<float>("random.truncated_normal");
  check_stream<double>("random.truncated_normal");
}

TEST(dropout_keeps_where_the_word_is_not_below_the_threshold) {
  constexpr int64_t n = 333;
  const uint32_t threshold = 0x40000000u;
  const std::vector<uint32_t> w = words(42, 7, kRandomGroup, n);
  on_every_target([&] {
    std::vector<float> x(n, 3.0f), y(n);
    std::vector<double> x64(n, 3.0), y64(n);
    kernel_function<RandomDropout>("random.dropout", DType::f32)(y.data(), x.data(), 42, 7, kRandomGroup, n,
                                                                 threshold, 2);
    kernel_function<RandomDropout>("random.dropout", DType::f64)(y64.data(), x64.data(), 42, 7, kRandomGroup,
                                                                 n, threshold, 2);
    for (size_t i = 0; i < size_t(n); ++i) {
      const float expected = w[i] >= threshold ? 6.0f : 0.0f;
      CHECK(y[i] == expected && y64[i] == double(expected), "element ", i);
    }
  });
}

TEST(random_bits_read_two_words_an_element) {
  const int64_t seed[] = {42, 7};
  RandomBits bits(RandomBits::find_kernel(), RandomSeed(seed));
  for (int64_t i : {0, 15, 16, 31, 32, 1000, 5}) {
    const int64_t block = i / 32 * 16 + i % 16, pair = i / 16 % 2;
    const uint64_t expected = uint64_t(word(42, 7, block, 2 * pair)) << 32 | word(42, 7, block, 2 * pair + 1);
    CHECK(bits(i) == expected, "element ", i);
    CHECK(bits.below(i, 1) == 0 && bits.below(i, 10) < 10 && bits.uniform(i) < 1, "element ", i);
  }
}

int main(int argc, char** argv) {
  return axone::testing::run_all(argc, argv);
}
