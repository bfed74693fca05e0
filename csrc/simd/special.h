// Special functions: in double, lane by lane, over libm. They are rare; vector code would not be worth its
// size.
#pragma once

#include "simd/exp.h"

namespace axone {
namespace AXONE_TARGET {

// The inverse of erf: Winitzki's estimate (2008, error 2e-3), then two of Halley's steps, which cube the
// error. Beyond 1/2 the step uses erfc, whose argument 1 - |y| is exact there.
inline double erfinv_of(double y) {
  const double a = __builtin_fabs(y);
  if (!(a < 1)) return a == 1 ? __builtin_copysign(__builtin_inf(), y) : __builtin_nan("");
  const double log = __builtin_log1p(-a * a), t = 4.330746750799873 + 0.5 * log;  // 2 / (0.147 pi)
  double x = __builtin_sqrt(__builtin_sqrt(t * t - log / 0.147) - t);
  for (int i = 0; i < 2; ++i) {
    const double error = a > 0.5 ? (1 - a) - __builtin_erfc(x) : __builtin_erf(x) - a;
    const double step = error * 0.8862269254527580 * __builtin_exp(x * x);
    x -= step / (1 + x * step);
  }
  return __builtin_copysign(x, y);
}

// The modified Bessel function of order 0 or 1: its power series, whose terms are all positive, then the
// asymptotic series (Abramowitz and Stegun 9.7.1), whose smallest term is below 2^-53 from 20 on.
inline double bessel_i_of(double x, int order) {
  const double a = __builtin_fabs(x);
  double sum = 1, term = 1;
  if (a <= 20) {
    for (int k = 1; term > 1e-17 * sum; ++k) sum += term *= a * a / (4.0 * k * (k + order));
    return order ? 0.5 * x * sum : sum;
  }
  if (!(a < 720)) return a != a ? a : __builtin_copysign(__builtin_inf(), order ? x : 1);
  for (int k = 1; k < 40 && __builtin_fabs(term) > 1e-17; ++k)
    sum += term *= -(4.0 * order - (2.0 * k - 1) * (2.0 * k - 1)) / (8.0 * k * a);
  const double half = __builtin_exp(0.5 * a);  // e^x itself may overflow
  return __builtin_copysign(half * (sum / __builtin_sqrt(6.283185307179586 * a)) * half, order ? x : 1);
}

// The lower incomplete gamma function over the whole one: series below a + 1, else a continued fraction
// (Lentz's method), as Abramowitz and Stegun 6.5.29 and 6.5.31.
inline double gammainc_of(double a, double x) {
  if (!(a >= 0) || !(x >= 0)) return __builtin_nan("");
  if (x == 0) return a == 0 ? __builtin_nan("") : 0;
  if (a == 0 || x == __builtin_inf()) return 1;
  const double front = __builtin_exp(a * __builtin_log(x) - x - __builtin_lgamma(a));
  constexpr int kMost = 100000;
  if (x < a + 1) {
    double sum = 1 / a, term = sum;
    for (int n = 1; n < kMost && term > 1e-17 * sum; ++n) sum += term *= x / (a + n);
    return front * sum;
  }
  double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
  for (int n = 1; n < kMost; ++n) {
    const double an = -n * (n - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    h *= d * c;
    if (__builtin_fabs(d * c - 1) < 1e-16) break;
  }
  return 1 - front * h;
}

// Applies a function of doubles to each lane.
template <class F>
AXONE_INLINE Vec<double> each_lane(F f, Vec<double> x) {
  for (int64_t i = 0; i < kLanes<double>; ++i) x[i] = f(x[i]);
  return x;
}
template <class F>
AXONE_INLINE Vec<double> each_lane(F f, Vec<double> x, Vec<double> y) {
  for (int64_t i = 0; i < kLanes<double>; ++i) x[i] = f(x[i], y[i]);
  return x;
}

AXONE_INLINE Vec<double> verfc(Vec<double> x) {
  return each_lane([](double v) { return __builtin_erfc(v); }, x);
}
AXONE_INLINE Vec<double> verfinv(Vec<double> x) {
  return each_lane([](double v) { return erfinv_of(v); }, x);
}
AXONE_INLINE Vec<double> vlgamma(Vec<double> x) {
  return each_lane([](double v) { return __builtin_lgamma(v); }, x);
}
AXONE_INLINE Vec<double> vbessel_i0(Vec<double> x) {
  return each_lane([](double v) { return bessel_i_of(v, 0); }, x);
}
AXONE_INLINE Vec<double> vbessel_i1(Vec<double> x) {
  return each_lane([](double v) { return bessel_i_of(v, 1); }, x);
}
AXONE_INLINE Vec<double> vgammainc(Vec<double> a, Vec<double> x) {
  return each_lane([](double u, double v) { return gammainc_of(u, v); }, a, x);
}

}  // namespace AXONE_TARGET
}  // namespace axone
