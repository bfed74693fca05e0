// Signs, roundings, square root, polynomials: what the functions of exp.h, log.h, trig.h and erf.h are made
// of.
#pragma once

#include "simd/vec.h"

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

namespace axone {
namespace AXONE_TARGET {

// The layout of an IEEE type.
template <class T>
struct FloatBits;
template <>
struct FloatBits<float> {
  static constexpr int kMantissa = 23;
  static constexpr int kBias = 127;
  static constexpr float kSmallestNormal = 0x1p-126f;
  static constexpr float kInfinity = __builtin_inff();
  static constexpr float kNan = __builtin_nanf("");
};
template <>
struct FloatBits<double> {
  static constexpr int kMantissa = 52;
  static constexpr int kBias = 1023;
  static constexpr double kSmallestNormal = 0x1p-1022;
  static constexpr double kInfinity = __builtin_inf();
  static constexpr double kNan = __builtin_nan("");
};

template <class T>
AXONE_INLINE Mask<T> sign_bit(Vec<T> x) {
  return bit_cast<Mask<T>>(x) & bit_cast<Mask<T>>(splat<T>(T(-0.0)));
}

template <class T>
AXONE_INLINE Vec<T> vabs(Vec<T> x) {
  return bit_cast<Vec<T>>(bit_cast<Mask<T>>(x) & ~bit_cast<Mask<T>>(splat<T>(T(-0.0))));
}

// x with its sign flipped where `sign` (a sign_bit) is set.
template <class T>
AXONE_INLINE Vec<T> flip_sign(Vec<T> x, Mask<T> sign) {
  return bit_cast<Vec<T>>(bit_cast<Mask<T>>(x) ^ sign);
}

template <class T>
AXONE_INLINE Vec<T> copy_sign(Vec<T> size, Vec<T> sign) {
  return bit_cast<Vec<T>>(bit_cast<Mask<T>>(vabs<T>(size)) | sign_bit<T>(sign));
}

// Where x is NaN the result is NaN; the bound never is.
template <class T>
AXONE_INLINE Vec<T> at_most(Vec<T> x, T bound) {
  return smaller<T>(splat<T>(bound), x);
}
template <class T>
AXONE_INLINE Vec<T> at_least(Vec<T> x, T bound) {
  return larger<T>(splat<T>(bound), x);
}

// 1.5 * 2^mantissa: adding it rounds |x| < 2^(mantissa-1) to an integer (half to even), left in the low bits.
template <class T>
inline constexpr T kRounder = T(3) * (int64_t(1) << (FloatBits<T>::kMantissa - 1));

// Nearest integer, half to even, sign of zero kept. From 2^mantissa on, every number is an integer.
template <class T>
AXONE_INLINE Vec<T> vround(Vec<T> x) {
  const Vec<T> big = splat<T>(T(int64_t(1) << FloatBits<T>::kMantissa));
  Vec<T> size = vabs<T>(x);
  Vec<T> rounded = (size + big) - big;
  return copy_sign<T>(size < big ? rounded : x, x);
}

template <class T>
AXONE_INLINE Vec<T> vfloor(Vec<T> x) {
  Vec<T> r = vround<T>(x);
  return copy_sign<T>(r > x ? r - T(1) : r, x);
}

template <class T>
AXONE_INLINE Vec<T> vceil(Vec<T> x) {
  Vec<T> r = vround<T>(x);
  return copy_sign<T>(r < x ? r + T(1) : r, x);
}

template <class T>
AXONE_INLINE Vec<T> vtrunc(Vec<T> x) {
  return copy_sign<T>(vfloor<T>(vabs<T>(x)), x);
}

AXONE_INLINE Vec<float> vsqrt(Vec<float> x) {
#if defined(__AVX512F__)
  return (Vec<float>)_mm512_maskz_sqrt_ps(__mmask16(-1), (__m512)x);
#elif defined(__AVX__)
  return (Vec<float>)_mm256_sqrt_ps((__m256)x);
#elif defined(__SSE2__)
  return (Vec<float>)_mm_sqrt_ps((__m128)x);
#elif defined(__aarch64__)
  return (Vec<float>)vsqrtq_f32((float32x4_t)x);
#else
  for (int64_t i = 0; i < kLanes<float>; ++i) x[i] = __builtin_sqrtf(x[i]);
  return x;
#endif
}

AXONE_INLINE Vec<double> vsqrt(Vec<double> x) {
#if defined(__AVX512F__)
  return (Vec<double>)_mm512_maskz_sqrt_pd(__mmask8(-1), (__m512d)x);
#elif defined(__AVX__)
  return (Vec<double>)_mm256_sqrt_pd((__m256d)x);
#elif defined(__SSE2__)
  return (Vec<double>)_mm_sqrt_pd((__m128d)x);
#elif defined(__aarch64__)
  return (Vec<double>)vsqrtq_f64((float64x2_t)x);
#else
  for (int64_t i = 0; i < kLanes<double>; ++i) x[i] = __builtin_sqrt(x[i]);
  return x;
#endif
}

// c[0] + c[1] x + ... + c[N-1] x^(N-1) by Estrin's scheme: halves are joined by powers of x, so that the
// chain of dependent operations is log2 N long. Latency limits these functions: a core looks ahead over two
// or three vectors.
template <class T, size_t First, size_t Count, size_t N>
AXONE_INLINE Vec<T> polynomial_part(const Vec<T> (&power)[5], const T (&c)[N]) {
  constexpr size_t kLevel = Count > 16 ? 4 : Count > 8 ? 3 : Count > 4 ? 2 : Count > 2 ? 1 : 0;
  if constexpr (Count == 1)
    return splat<T>(c[First]);
  else
    return polynomial_part<T, First + (1 << kLevel), Count - (1 << kLevel)>(power, c) * power[kLevel] +
           polynomial_part<T, First, (1 << kLevel)>(power, c);
}

template <class T, size_t N>
AXONE_INLINE Vec<T> polynomial(Vec<T> x, const T (&c)[N]) {
  static_assert(N <= 32, "five powers of x");
  const Vec<T> x2 = x * x, x4 = x2 * x2, x8 = x4 * x4;
  const Vec<T> power[5] = {x, x2, x4, x8, x8 * x8};
  return polynomial_part<T, 0, N>(power, c);
}

typedef float FloatHalf __attribute__((vector_size(AXONE_VECTOR_BYTES / 2)));

AXONE_INLINE Vec<double> widen(const FloatHalf& half) {
  return __builtin_convertvector(half, Vec<double>);
}

// A float function by way of its double one: less than 0.51 ulp for the price of two double vectors.
template <class F>
AXONE_INLINE Vec<float> through_double(F f, Vec<float> x) {
  FloatHalf part[2];
  memcpy(part, &x, sizeof(x));
  for (FloatHalf& h : part) h = __builtin_convertvector(f(widen(h)), FloatHalf);
  memcpy(&x, part, sizeof(x));
  return x;
}
template <class F>
AXONE_INLINE Vec<float> through_double(F f, Vec<float> x, Vec<float> y) {
  FloatHalf part[2], other[2];
  memcpy(part, &x, sizeof(x));
  memcpy(other, &y, sizeof(y));
  for (int i = 0; i < 2; ++i)
    part[i] = __builtin_convertvector(f(widen(part[i]), widen(other[i])), FloatHalf);
  memcpy(&x, part, sizeof(x));
  return x;
}

// A function of libm, lane by lane: for rare arguments only.
template <class F>
AXONE_INLINE Vec<double> lane_by_lane(F f, Vec<double> x) {
  for (int64_t i = 0; i < kLanes<double>; ++i) x[i] = f(x[i]);
  return x;
}

// Whether any lane of a comparison is true.
template <class M>
AXONE_INLINE bool any_lane(M mask) {
  int64_t word[sizeof(M) / 8];
  memcpy(word, &mask, sizeof(M));
  int64_t all = 0;
  for (int64_t w : word) all |= w;
  return all != 0;
}

}  // namespace AXONE_TARGET
}  // namespace axone
