// exp and its kin: expm1, sinh, cosh, tanh, sigmoid. Worst errors are in tests/native/test_kernels_math.cpp.
#pragma once

#include "simd/bits.h"

namespace axone {
namespace AXONE_TARGET {

// e^x = 2^n (1 + p), n = round(x / ln 2), r = x - n ln 2 in +-ln(2)/2, p = e^r - 1 = r + r^2 q(r).
// ln 2 is split so that n * high is exact without FMA. q: Chebyshev fit of (e^r - 1 - r) / r^2.
template <class T>
struct ExpConstants;
template <>
struct ExpConstants<float> {
  static constexpr float kLn2High = 0x1.62e4p-1f, kLn2Low = 0x1.7f7d1cp-20f;
  static constexpr float kHighest = 89.0f, kLowest = -104.0f;  // e^x is infinite above, 0 below
  static constexpr float kExpm1Lowest = -18.0f;                // e^x - 1 rounds to -1 from here on
  static constexpr float kSaturated = 20.0f;                   // from here on log(1 + e^x) rounds to x
  // Relative error of e^r 2^-30.9.
  static constexpr float q[] = {0.5f, 0.16666667f, 0.041666467f, 0.0083333105f, 0.001393365f, 0.00019890991f};
};
template <>
struct ExpConstants<double> {
  static constexpr double kLn2High = 0x1.62e42fefa38p-1, kLn2Low = 0x1.ef35793c7673p-45;
  static constexpr double kHighest = 710.0, kLowest = -746.0;
  static constexpr double kExpm1Lowest = -38.0;
  static constexpr double kSaturated = 40.0;
  // Relative error of e^r 2^-61.6.
  static constexpr double q[] = {0.5,
                                 0.1666666666666667,
                                 0.04166666666666667,
                                 0.008333333333326136,
                                 0.0013888888888883748,
                                 0.00019841269874820627,
                                 2.4801587325547743e-05,
                                 2.7557255400206422e-06,
                                 2.75572736431103e-07,
                                 2.5105217004720745e-08,
                                 2.0914686968086876e-09};
};

template <class T>
struct ExpParts {
  Vec<T> p;        // e^r - 1
  Vec<T> n;        // as a number
  Vec<T> shifted;  // n + kRounder: n in the low bits
};

template <class T>
AXONE_INLINE Bits<T> exponent_of(const ExpParts<T>& e) {
  return bit_cast<Bits<T>>(e.shifted) - bit_cast<Bits<T>>(splat<T>(kRounder<T>));
}

// |x| must stay below 2^(mantissa/2): callers clamp.
template <class T>
AXONE_INLINE ExpParts<T> exp_parts(Vec<T> x) {
  using C = ExpConstants<T>;
  Vec<T> shifted = x * T(1.4426950408889634) + kRounder<T>;
  Vec<T> n = shifted - kRounder<T>;
  Vec<T> r = (x - n * C::kLn2High) - n * C::kLn2Low;
  Vec<T> p = r + (r * r) * polynomial<T>(r, C::q);
  return {p, n, shifted};
}

// 2^n for n within the exponents of normal numbers, n as wrapped bits: a NaN may have left any.
template <class T>
AXONE_INLINE Vec<T> power_of_two(Bits<T> n) {
  return bit_cast<Vec<T>>((n + UInt<T>(FloatBits<T>::kBias)) << FloatBits<T>::kMantissa);
}

// (1 + p) 2^(n + shift), right also where the power or the result is not a normal number: AVX-512 has an
// instruction for it; elsewhere in two factors.
template <class T>
AXONE_INLINE Vec<T> exp_of_parts(const ExpParts<T>& e, int shift) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4)
    return (Vec<T>)_mm512_maskz_scalef_ps(__mmask16(-1), (__m512)(T(1) + e.p), (__m512)(e.n + T(shift)));
  else
    return (Vec<T>)_mm512_maskz_scalef_pd(__mmask8(-1), (__m512d)(T(1) + e.p), (__m512d)(e.n + T(shift)));
#else
  // The bias makes n positive for the shift: not every set has an arithmetic one for 64 bits.
  Bits<T> n = exponent_of<T>(e) + UInt<T>(shift);
  Bits<T> half = ((n + UInt<T>(4096)) >> 1) - UInt<T>(2048);
  return (T(1) + e.p) * power_of_two<T>(half) * power_of_two<T>(n - half);
#endif
}

// e^x * 2^shift.
template <class T>
AXONE_INLINE Vec<T> exp_scaled(Vec<T> x, int shift) {
  using C = ExpConstants<T>;
  Vec<T> clamped = at_least<T>(at_most<T>(x, C::kHighest - T(shift)), C::kLowest);
  return exp_of_parts<T>(exp_parts<T>(clamped), shift);
}

template <class T>
AXONE_INLINE Vec<T> vexp(Vec<T> x) {
  return exp_scaled<T>(x, 0);
}

// e^x - 1 = 2^n p + (2^n - 1): exact where n = 0, hence good to the last bit near 0.
template <class T>
AXONE_INLINE Vec<T> vexpm1(Vec<T> x) {
  using C = ExpConstants<T>;
  ExpParts<T> e = exp_parts<T>(at_least<T>(at_most<T>(x, C::kHighest), C::kExpm1Lowest));
  Vec<T> scale = power_of_two<T>(exponent_of<T>(e) -
                                 UInt<T>(1));  // halved, so that n = the largest exponent + 1 is a number
  Vec<T> result = (scale * e.p + (scale - T(0.5))) * T(2);
  return x == T(0) ? x : result;
}

// tanh|x| = -m / (2 + m), m = e^(-2|x|) - 1 = 2^n p + (2^n - 1).
template <class T>
AXONE_INLINE Vec<T> vtanh(Vec<T> x) {
  const Vec<T> a = at_most<T>(vabs<T>(x), ExpConstants<T>::kSaturated / 2);
  const ExpParts<T> e = exp_parts<T>(a * T(-2));
  const Vec<T> scale = power_of_two<T>(exponent_of<T>(e)), m = scale * e.p + (scale - T(1));
  return copy_sign<T>(m / (m + T(2)), x);
}

template <class T>
AXONE_INLINE Vec<T> vsigmoid(Vec<T> x) {
  return T(1) / (T(1) + vexp<T>(-x));
}

// The sigmoid s and its derivative s (1 - s), neither by a difference.
template <class T>
struct Logistic {
  Vec<T> s, slope;
};
template <class T>
AXONE_INLINE Logistic<T> vlogistic(Vec<T> x) {
  Vec<T> e = vexp<T>(-vabs<T>(x));
  Vec<T> d = T(1) / (T(1) + e), ed = e * d;
  return {x < T(0) ? ed : d, ed * d};
}

// (sinh(x) / x - 1) / x^2 in x^2, |x| <= 1, relative error 2^-56.6.
inline constexpr double kSinh[] = {0.16666666666666666,   0.008333333333333333,  0.00019841269841269773,
                                   2.755731922404034e-06, 2.505210836405804e-08, 1.6059048396350562e-10,
                                   7.646625361656657e-13, 2.8445264169895285e-15};

AXONE_INLINE Vec<double> vcosh(Vec<double> x) {
  Vec<double> half = exp_scaled<double>(vabs<double>(x), -1);
  return half + 0.25 / half;
}

AXONE_INLINE Vec<double> vsinh(Vec<double> x) {
  Vec<double> half = exp_scaled<double>(vabs<double>(x), -1);
  Vec<double> large = copy_sign<double>(half - 0.25 / half, x);
  Vec<double> z = x * x;
  return z < 1.0 ? x + x * z * polynomial<double>(z, kSinh) : large;
}

}  // namespace AXONE_TARGET
}  // namespace axone
