// Logarithms and what is made of them: log1p, softplus, log_sigmoid, the inverse hyperbolic functions.
#pragma once

#include "simd/exp.h"

namespace axone {
namespace AXONE_TARGET {

// x = 2^e (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)).
template <class T>
struct LogParts {
  Vec<T> f, e;
};

// e of a positive normal number: less sqrt(1/2), the bits above the mantissa count from -1 up. The bias makes
// them positive, for a logical shift: not every set has an arithmetic one for 64 bits.
template <class T>
AXONE_INLINE Bits<T> log_exponent(Vec<T> x) {
  constexpr UInt<T> kBias = FloatBits<T>::kBias + 1;
  constexpr int kMantissa = FloatBits<T>::kMantissa;
  const Bits<T> root = bit_cast<Bits<T>>(splat<T>(T(0.70710678118654752)));
  return ((bit_cast<Bits<T>>(x) - root + (kBias << kMantissa)) >> kMantissa) - kBias;
}

// An integer of few bits as a floating number, by the rounding constant: no 64-bit conversion is needed.
template <class T>
AXONE_INLINE Vec<T> small_int_to_float(Bits<T> n) {
  return bit_cast<Vec<T>>(n + bit_cast<Bits<T>>(splat<T>(kRounder<T>))) - kRounder<T>;
}

template <class T>
AXONE_INLINE LogParts<T> log_parts(Vec<T> x) {
  Bits<T> e = log_exponent<T>(x);
  Vec<T> m = bit_cast<Vec<T>>(bit_cast<Bits<T>>(x) - (e << FloatBits<T>::kMantissa));
  return {m - T(1), small_int_to_float<T>(e)};
}

// (log(1 + f) - f + f^2 / 2) / f^3, relative error of log(1 + f) 2^-28.1.
inline constexpr float kLog1pFloat[] = {0.3333333f,   -0.24999997f, 0.20000716f,  -0.16667803f, 0.14249058f,
                                        -0.12425687f, 0.1168542f,   -0.11479734f, 0.06971612f};
// (log((1 + s) / (1 - s)) / s - 2) / s^2 in s^2, relative error 2^-59.7.
inline constexpr double kLogDouble[] = {0.6666666666666666,  0.4000000000000088,  0.2857142857080323,
                                        0.2222222239180047,  0.18181795630884753, 0.15386240205813478,
                                        0.13268759668560612, 0.13086767009948175};

// log(1 + f) - f + f^2 / 2.
AXONE_INLINE Vec<float> log_rest(Vec<float> f) {
  return f * f * f * polynomial<float>(f, kLog1pFloat);
}
// With s = f / (2 + f): log(1 + f) = f - f^2/2 + s (f^2/2 + R(s^2)).
AXONE_INLINE Vec<double> log_rest(Vec<double> f) {
  Vec<double> s = f / (2.0 + f), z = s * s;
  return s * (0.5 * f * f + z * polynomial<double>(z, kLogDouble));
}

// e ln 2 + log(1 + f), small parts first.
template <class T>
AXONE_INLINE Vec<T> log_of_parts(LogParts<T> p) {
  using C = ExpConstants<T>;
  Vec<T> small = log_rest(p.f) + p.e * C::kLn2Low - T(0.5) * p.f * p.f;
  return p.e * C::kLn2High + (p.f + small);
}

// What a logarithm is at and below the smallest normal number (subnormals count as 0) and at infinity.
template <class T>
AXONE_INLINE Vec<T> log_edges(Vec<T> x, Vec<T> result) {
  using B = FloatBits<T>;
  result = x < B::kInfinity ? result : x;  // infinity and NaN are their own logarithm
  Vec<T> low = x < T(0) ? splat<T>(B::kNan) : splat<T>(-B::kInfinity);
  return x < B::kSmallestNormal ? low : result;
}

template <class T>
AXONE_INLINE Vec<T> vlog(Vec<T> x) {
  return log_edges<T>(x, log_of_parts<T>(log_parts<T>(x)));
}

// log(1 + x): 1 + x only chooses the exponent; f = x 2^-e + (2^-e - 1) is rounded once. Both powers are
// quartered, so that they are normal numbers for the largest e.
template <class T>
AXONE_INLINE LogParts<T> log1p_parts(Vec<T> x) {
  Bits<T> e = log_exponent<T>(T(1) + x);
  Vec<T> scale = power_of_two<T>(UInt<T>(2) - e);
  return {T(0.25) * x * scale + (T(0.25) * scale - T(1)), small_int_to_float<T>(e)};
}

template <class T>
AXONE_INLINE Vec<T> vlog1p(Vec<T> x) {
  using B = FloatBits<T>;
  Vec<T> result = log_of_parts<T>(log1p_parts<T>(x));
  result = x < B::kInfinity ? result : x;
  Vec<T> low = x < T(-1) ? splat<T>(B::kNan) : splat<T>(-B::kInfinity);
  result = x > T(-1) ? result : (x != x ? x : low);
  return vabs<T>(x) < T(0x1p-60) ? x : result;
}

// (atanh(s) / s - 1) / s^2 in s^2, 0 <= s <= 1/3: errors 2^-31 and 2^-58.
inline constexpr float kAtanhFloat[] = {0.33333334f, 0.19999853f, 0.14296179f, 0.108532876f, 0.11612165f};
inline constexpr double kAtanhDouble[] = {
    0.3333333333333333,  0.20000000000007292, 0.1428571428355438,  0.11111111358713932, 0.09090894718066429,
    0.07692785032479312, 0.06657072104827468, 0.06000536404795356, 0.04400369243072337, 0.08082022805971766};
AXONE_INLINE Vec<float> atanh_rest(Vec<float> z) {
  return polynomial<float>(z, kAtanhFloat);
}
AXONE_INLINE Vec<double> atanh_rest(Vec<double> z) {
  return polynomial<double>(z, kAtanhDouble);
}

// log(1 + t) for 0 <= t <= 1. With s = t / (2 + t) it is 2 atanh(s), and 2s = t - t s: a short chain, where
// the exponent's extraction would double the time.
template <class T>
AXONE_INLINE Vec<T> log1p_of_fraction(Vec<T> t) {
  Vec<T> s = t / (T(2) + t), z = s * s;
  return t + s * (T(2) * z * atanh_rest(z) - t);
}

// log(1 + e^x) = max(x, 0) + log1p(e^-|x|).
template <class T>
AXONE_INLINE Vec<T> vsoftplus(Vec<T> x) {
  return at_least<T>(x, T(0)) + log1p_of_fraction<T>(vexp<T>(-vabs<T>(x)));
}

template <class T>
AXONE_INLINE Vec<T> vlog_sigmoid(Vec<T> x) {
  return -vsoftplus<T>(-x);
}

// e log_b(2) + log(1 + f) / log(b): exact for powers of two where b = 2.
AXONE_INLINE Vec<double> log_to_base(Vec<double> x, double two_high, double two_low, double factor) {
  LogParts<double> p = log_parts<double>(x);
  Vec<double> m = log_of_parts<double>({p.f, Vec<double>{}});
  return log_edges<double>(x, p.e * two_high + (m * factor + p.e * two_low));
}
AXONE_INLINE Vec<double> vlog2(Vec<double> x) {
  return log_to_base(x, 1.0, 0.0, 1.4426950408889634);
}
AXONE_INLINE Vec<double> vlog10(Vec<double> x) {
  return log_to_base(x, 0x1.34413509f78p-2, 0x1.fef311f12b358p-46, 0.4342944819032518);
}

// asinh|x| = log1p(a + a^2 / (1 + sqrt(1 + a^2))); from 2^28 on it is log(2a), where log(a) = log1p(a - 1).
AXONE_INLINE Vec<double> vasinh(Vec<double> x) {
  Vec<double> a = vabs<double>(x);
  Mask<double> big = a > 0x1p28;
  Vec<double> z = a * a;
  Vec<double> small = a + z / (1.0 + vsqrt(1.0 + z));
  Vec<double> r = vlog1p<double>(big ? a - 1.0 : small);
  return copy_sign<double>(big ? r + 0.6931471805599453 : r, x);
}

// acosh(x) = log1p(t + sqrt(2t + t^2)), t = x - 1; NaN below 1.
AXONE_INLINE Vec<double> vacosh(Vec<double> x) {
  Mask<double> big = x > 0x1p28;
  Vec<double> t = x - 1.0;
  Vec<double> r = vlog1p<double>(big ? t : t + vsqrt(t * (2.0 + t)));
  r = big ? r + 0.6931471805599453 : r;
  return x < 1.0 ? splat<double>(FloatBits<double>::kNan) : r;
}

AXONE_INLINE Vec<double> vatanh(Vec<double> x) {
  Vec<double> a = vabs<double>(x);
  return copy_sign<double>(0.5 * vlog1p<double>(2.0 * a / (1.0 - a)), x);
}

}  // namespace AXONE_TARGET
}  // namespace axone
