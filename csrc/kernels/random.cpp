// The random kernels: contract in random.h. Nothing here may differ between instruction sets: no contraction
// (see CMakeLists.txt), no approximate instruction, the same formula for every width.
#include "kernels/random.h"

#include "kernels/families.h"
#include "simd/log.h"
#include "simd/wide_multiply.h"

namespace axone {
namespace AXONE_TARGET {
namespace {

constexpr int64_t kBlocks = 16;  // of a group

// Word w of block l at word[w][l].
struct alignas(64) Words {
  uint32_t word[4][kBlocks];
};

typedef Vec<uint64_t> Wide;
typedef uint32_t Narrow __attribute__((vector_size(AXONE_VECTOR_BYTES / 2)));
typedef int32_t HalfInts __attribute__((vector_size(AXONE_VECTOR_BYTES / 2)));

AXONE_INLINE Narrow load_half(const uint32_t* words) {
  Narrow half;
  memcpy(&half, words, sizeof(half));
  return half;
}

// Two vectors of blocks at once: one multiplication's latency hides behind the other's.
AXONE_INLINE void philox_pair(Words* out, int64_t first, uint64_t block, uint64_t counter, uint64_t seed) {
  constexpr uint64_t kM0 = 0xD2511F53, kM1 = 0xCD9E8D57, kW0 = 0x9E3779B9, kW1 = 0xBB67AE85;
  Wide c0[2], c1[2], c2[2], c3[2];
  for (int j = 0; j < 2; ++j) {
    for (int64_t l = 0; l < kLanes<uint64_t>; ++l) c0[j][l] = uint64_t(l);
    c0[j] += block + uint64_t(first + j * kLanes<uint64_t>);
    c1[j] = c0[j] >> 32;
    c2[j] = splat<uint64_t>(counter);
    c3[j] = c2[j] >> 32;
  }
  uint64_t k0 = seed, k1 = seed >> 32;  // only the low halves count, here and in the words
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round, k0 += kW0, k1 += kW1) {
#pragma GCC unroll 2
    for (int j = 0; j < 2; ++j) {
      const Wide p0 = multiply_low_halves(c0[j], splat<uint64_t>(kM0));
      const Wide p1 = multiply_low_halves(c2[j], splat<uint64_t>(kM1));
      c0[j] = (p1 >> 32) ^ c1[j] ^ k0;
      c2[j] = (p0 >> 32) ^ c3[j] ^ k1;
      c1[j] = p1;
      c3[j] = p0;
    }
  }
  for (int j = 0; j < 2; ++j) {
    const Wide words[4] = {c0[j], c1[j], c2[j], c3[j]};
    for (int w = 0; w < 4; ++w) {
      const Narrow low = __builtin_convertvector(words[w], Narrow);
      memcpy(&out->word[w][first + j * kLanes<uint64_t>], &low, sizeof(low));
    }
  }
}

AXONE_INLINE Words philox_group(int64_t group, uint64_t counter, uint64_t seed) {
  Words out;
  for (int64_t l = 0; l < kBlocks; l += 2 * kLanes<uint64_t>)
    philox_pair(&out, l, uint64_t(group * kBlocks), counter, seed);
  return out;
}

// ---- words to numbers. A 31-bit integer converts exactly to double and with one rounding to float.

AXONE_INLINE Vec<float> load_float(const uint32_t* words, int shift) {
  return __builtin_convertvector((Vec<int32_t>)(load<uint32_t>(words) >> shift), Vec<float>);
}

AXONE_INLINE Vec<double> load_double(const uint32_t* words, int shift) {
  return __builtin_convertvector((HalfInts)(load_half(words) >> shift), Vec<double>);
}

// The integer parts of uniform numbers, scaled to [0, 2^53): from words `low` and `high`, any 27 and 26 bits.
AXONE_INLINE Vec<double> load_bits(const uint32_t* high, const uint32_t* low) {
  return load_double(high, 5) * 67108864.0 + load_double(low, 6);
}

// kLanes elements of row p at place l of a group: how a type takes its words.
template <class T>
struct Uniform;
template <>
struct Uniform<float> {
  AXONE_INLINE Vec<float> open_below(const Words& w, int64_t p, int64_t l) {
    return load_float(&w.word[p][l], 8) * 0x1p-24f;
  }
  // Never 0: a logarithm may follow.
  AXONE_INLINE Vec<float> inside(const Words& w, int64_t p, int64_t l) {
    return (load_float(&w.word[p][l], 1) + 0.5f) * 0x1p-31f;
  }
  static constexpr int64_t kRows = 4;
};
template <>
struct Uniform<double> {
  AXONE_INLINE Vec<double> open_below(const Words& w, int64_t p, int64_t l) {
    return load_bits(&w.word[2 * p][l], &w.word[2 * p + 1][l]) * 0x1p-53;
  }
  AXONE_INLINE Vec<double> inside(const Words& w, int64_t p, int64_t l) {
    return (load_bits(&w.word[2 * p][l], &w.word[2 * p + 1][l]) + 0.5) * 0x1p-53;
  }
  static constexpr int64_t kRows = 2;
};

// (sin(x) / x - 1) / x^2 and (cos(x) - 1) / x^2 in x^2 for |x| <= pi/4: Taylor's series.
template <class T>
struct Circle;
template <>
struct Circle<float> {
  static constexpr float kSin[] = {-1.0f / 6, 1.0f / 120, -1.0f / 5040, 1.0f / 362880};
  static constexpr float kCos[] = {-1.0f / 2, 1.0f / 24, -1.0f / 720, 1.0f / 40320, -1.0f / 3628800};
};
template <>
struct Circle<double> {
  static constexpr double kSin[] = {-1.0 / 6,        1.0 / 120,        -1.0 / 5040,         1.0 / 362880,
                                    -1.0 / 39916800, 1.0 / 6227020800, -1.0 / 1307674368000};
  static constexpr double kCos[] = {
      -1.0 / 2,       1.0 / 24,        -1.0 / 720,           1.0 / 40320,
      -1.0 / 3628800, 1.0 / 479001600, -1.0 / 87178291200.0, 1.0 / 20922789888000.0};
};

// sin(2 pi u) and cos(2 pi u), u in [0, 1].
template <class T>
AXONE_INLINE void circle(Vec<T> u, Vec<T>* sin, Vec<T>* cos) {
  const Vec<T> quarter = u * T(4), turn = quarter + kRounder<T>, nearest = turn - kRounder<T>;
  const Mask<T> quadrant = bit_cast<Mask<T>>(turn);
  const Vec<T> x = (quarter - nearest) * T(1.5707963267948966), z = x * x;
  const Vec<T> s = x + x * z * polynomial<T>(z, Circle<T>::kSin);
  const Vec<T> c = T(1) + z * polynomial<T>(z, Circle<T>::kCos);
  const Mask<T> odd = (quadrant & Int<T>(1)) != Int<T>(0);
  const Vec<T> first = odd ? c : s, second = odd ? s : c;
  *sin = (quadrant & Int<T>(2)) != Int<T>(0) ? -first : first;
  *cos = ((quadrant + Int<T>(1)) & Int<T>(2)) != Int<T>(0) ? -second : second;
}

// erf^-1(y) / y in w = -log(1 - y^2) up to w(erf(sqrt 2)) = 2.42: Chebyshev interpolation, relative errors
// 9e-11 and 9e-18.
inline constexpr float kInverseErfFloat[] = {0.886226952f,    0.232013658f,     0.0115494048f,
                                             -0.0023353952f,  -0.00012732732f,  4.55876616e-05f,
                                             2.92242066e-06f, -1.50429116e-06f, 1.18956059e-07f};
inline constexpr double kInverseErfDouble[] = {
    0.886226925452758,       0.23201366653465616,    0.011549342038211764,   -0.002335101640777618,
    -0.00012804330046576918, 4.6611468554782794e-05, 2.0199044110554925e-06, -1.012378058355809e-06,
    -3.7560312623546315e-08, 2.30863938183174e-08,   5.142224256515e-10,     -3.780324182942928e-10,
    -8.15207198736111e-11,   3.2964577751203156e-11, -3.953965291331885e-12, 1.7659984544836544e-13};

AXONE_INLINE Vec<float> inverse_erf_factor(Vec<float> w) {
  return polynomial<float>(w, kInverseErfFloat);
}
AXONE_INLINE Vec<double> inverse_erf_factor(Vec<double> w) {
  return polynomial<double>(w, kInverseErfDouble);
}

// ---- distributions: one group, rows of 16 elements

template <class T>
struct UniformGroup {
  AXONE_INLINE void make(T* out, const Words& w) {
    for (int64_t p = 0; p < Uniform<T>::kRows; ++p)
      for (int64_t l = 0; l < kBlocks; l += kLanes<T>)
        store<T>(out + p * kBlocks + l, Uniform<T>::open_below(w, p, l));
  }
};

template <class T>
struct NormalGroup {
  AXONE_INLINE void make(T* out, const Words& w) {
    for (int64_t p = 0; p < Uniform<T>::kRows; p += 2)
      for (int64_t l = 0; l < kBlocks; l += kLanes<T>) {
        const Vec<T> radius = vsqrt(T(-2) * vlog<T>(Uniform<T>::inside(w, p, l)));
        Vec<T> sin, cos;
        circle<T>(Uniform<T>::open_below(w, p + 1, l), &sin, &cos);
        store<T>(out + p * kBlocks + l, radius * cos);
        store<T>(out + (p + 1) * kBlocks + l, radius * sin);
      }
  }
};

template <class T>
struct TruncatedNormalGroup {
  AXONE_INLINE void make(T* out, const Words& w) {
    const T edge = T(0.9544997361036416);  // erf(sqrt(2)): the probability of [-2, 2]
    for (int64_t p = 0; p < Uniform<T>::kRows; ++p)
      for (int64_t l = 0; l < kBlocks; l += kLanes<T>) {
        const Vec<T> y = (Uniform<T>::inside(w, p, l) * T(2) - T(1)) * edge;
        const Vec<T> z = y * inverse_erf_factor(-vlog<T>(T(1) - y * y)) * T(1.4142135623730951);
        store<T>(out + p * kBlocks + l, at_least<T>(at_most<T>(z, T(2)), T(-2)));
      }
  }
};

template <class T>
struct WordGroup {
  AXONE_INLINE void make(T* out, const Words& w) { memcpy(out, &w, sizeof(w)); }
};

template <class Group, class T, int64_t kSize>
void fill(void* out, uint64_t seed, uint64_t counter, int64_t begin, int64_t n) {
  T* y = static_cast<T*>(out);
  int64_t i = 0, group = begin / kSize;
  for (; i + kSize <= n; i += kSize, ++group) Group::make(y + i, philox_group(group, counter, seed));
  if (i < n) {
    alignas(64) T rest[kSize];
    Group::make(rest, philox_group(group, counter, seed));
    memcpy(y + i, rest, size_t(n - i) * sizeof(T));
  }
}

// ---- dropout

// A word per element, as signed numbers whose order is that of the unsigned ones.
template <class T>
AXONE_INLINE Mask<T> keep_mask(const uint32_t* words, int32_t threshold) {
  if constexpr (sizeof(T) == sizeof(uint32_t)) {
    return (Vec<int32_t>)(load<uint32_t>(words) ^ 0x80000000u) >= threshold;
  } else {
    return __builtin_convertvector((HalfInts)(load_half(words) ^ 0x80000000u), Vec<int64_t>) >=
           int64_t(threshold);
  }
}

template <class T>
AXONE_INLINE void drop_group(T* out, const T* x, const Words& w, int32_t threshold, T scale) {
  for (int64_t i = 0; i < kRandomGroup; i += kLanes<T>) {
    const Mask<T> keep = keep_mask<T>(&w.word[0][0] + i, threshold);
    store<T>(out + i, keep ? load<T>(x + i) * scale : Vec<T>{});
  }
}

template <class T>
void dropout(void* out, const void* x, uint64_t seed, uint64_t counter, int64_t begin, int64_t n,
             uint32_t threshold, double scale) {
  T* y = static_cast<T*>(out);
  const T* a = static_cast<const T*>(x);
  const int32_t limit = int32_t(threshold ^ 0x80000000u);
  int64_t i = 0, group = begin / kRandomGroup;
  for (; i + kRandomGroup <= n; i += kRandomGroup, ++group)
    drop_group<T>(y + i, a + i, philox_group(group, counter, seed), limit, T(scale));
  if (i < n) {
    alignas(64) T from[kRandomGroup] = {}, to[kRandomGroup];
    memcpy(from, a + i, size_t(n - i) * sizeof(T));
    drop_group<T>(to, from, philox_group(group, counter, seed), limit, T(scale));
    memcpy(y + i, to, size_t(n - i) * sizeof(T));
  }
}

#define AXONE_FILL(name, Group)                                                                            \
  {"random." name, DType::f32, reinterpret_cast<void (*)()>(RandomFill(fill<Group<float>, float, 64>)),    \
   nullptr},                                                                                               \
  {                                                                                                        \
    "random." name, DType::f64, reinterpret_cast<void (*)()>(RandomFill(fill<Group<double>, double, 32>)), \
        nullptr                                                                                            \
  }

const KernelEntry kEntries[] = {
    AXONE_FILL("uniform", UniformGroup),
    AXONE_FILL("normal", NormalGroup),
    AXONE_FILL("truncated_normal", TruncatedNormalGroup),
    {"random.words", DType::i32,
     reinterpret_cast<void (*)()>(RandomFill(fill<WordGroup<uint32_t>, uint32_t, 64>)), nullptr},
    {"random.dropout", DType::f32, reinterpret_cast<void (*)()>(RandomDropout(dropout<float>)), nullptr},
    {"random.dropout", DType::f64, reinterpret_cast<void (*)()>(RandomDropout(dropout<double>)), nullptr},
};

}  // namespace

extern const KernelFamily random_family;
const KernelFamily random_family = {kEntries, sizeof(kEntries) / sizeof(kEntries[0])};

}  // namespace AXONE_TARGET
}  // namespace axone
