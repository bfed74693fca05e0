// 64 random bits per index, for what is drawn one element after the other.
#pragma once

#include <cstdint>

#include "cpu/dispatch.h"
#include "kernels/random.h"

namespace axone {

// The seed tensor of a random operation: int64 [seed, counter].
struct RandomSeed {
  uint64_t seed, counter;
  explicit RandomSeed(const int64_t* s) : seed(uint64_t(s[0])), counter(uint64_t(s[1])) {}
};

class RandomBits {
 public:
  using Kernel = RandomFill;
  static Kernel find_kernel() { return kernel_function<RandomFill>("random.words", DType::i32); }

  RandomBits(Kernel kernel, RandomSeed seed) : kernel_(kernel), seed_(seed) {}

  // Element i of the stream, in float64's layout of words (kernels/random.h). Cheap for neighbouring i.
  uint64_t operator()(int64_t i) {
    constexpr int64_t kElements = kRandomGroup / 2;
    const int64_t group = i / kElements, pair = i / 16 % 2, lane = i % 16;
    if (group != group_) {
      kernel_(words_, seed_.seed, seed_.counter, group * kRandomGroup, kRandomGroup);
      group_ = group;
    }
    return uint64_t(words_[32 * pair + lane]) << 32 | words_[32 * pair + 16 + lane];
  }
  // A whole number in [0, range), range > 0; its bias is below range / 2^64.
  uint64_t below(int64_t i, uint64_t range) {
    __extension__ typedef unsigned __int128 Product;
    return uint64_t(Product((*this)(i)) * range >> 64);
  }
  // A number in [0, 1), a multiple of 2^-53.
  double uniform(int64_t i) { return double((*this)(i) >> 11) * 0x1p-53; }

 private:
  Kernel kernel_;
  RandomSeed seed_;
  int64_t group_ = -1;
  alignas(64) uint32_t words_[kRandomGroup];
};

}  // namespace axone
