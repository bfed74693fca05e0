// Trigonometric functions, in double; float goes through double.
#pragma once

#include "simd/bits.h"

namespace axone {
namespace AXONE_TARGET {

// pi/2 in three pieces of 33 bits and a rest: n times a piece is exact for |n| < 2^20 without FMA.
inline constexpr double kHalfPi[] = {0x1.921fb544p+0, 0x1.0b4611a6p-34, 0x1.3198a2ep-69,
                                     0x1.b839a252049c1p-104};
inline constexpr double kTrigLimit = 1.6e6;  // larger arguments go to libm lane by lane

// (sin(x) / x - 1) / x^2 and (cos(x) - 1 + x^2/2) / x^4 in x^2, |x| <= pi/4, errors below 2^-57.
inline constexpr double kSin[] = {-0.16666666666666666,   0.008333333333333331,    -0.0001984126984126504,
                                  2.7557319219320575e-06, -2.5052106225992787e-08, 1.6058530596390244e-10,
                                  -7.586636867766497e-13};
inline constexpr double kCos[] = {0.041666666666666664,    -0.0013888888888887389, 2.48015872987544e-05,
                                  -2.7557317265876615e-07, 2.087614504910828e-09,  -1.1382544623404291e-11};

// x = quadrant * pi/2 + (high + low).
struct Reduced {
  Vec<double> high, low;
  Mask<double> quadrant;
};

AXONE_INLINE Reduced reduce_angle(Vec<double> x) {
  Vec<double> shifted = x * 0.63661977236758134 + kRounder<double>;
  Vec<double> n = shifted - kRounder<double>;
  Vec<double> first = (x - n * kHalfPi[0]) - n * kHalfPi[1];
  Vec<double> exact = x - n * kHalfPi[0];
  Vec<double> lost = (exact - first) - n * kHalfPi[1];
  Vec<double> rest = (lost - n * kHalfPi[2]) - n * kHalfPi[3];
  Vec<double> high = first + rest;
  return {high, (first - high) + rest, bit_cast<Mask<double>>(shifted)};
}

struct SinCos {
  Vec<double> sin, cos;
};

// Of the reduced angle; the low part enters to first order.
AXONE_INLINE SinCos sin_cos_reduced(const Reduced& r) {
  Vec<double> x = r.high, z = x * x;
  Vec<double> sine = x + (r.low * (1.0 - 0.5 * z) + x * z * polynomial<double>(z, kSin));
  Vec<double> half = 0.5 * z, near = 1.0 - half;
  Vec<double> cosine = near + (((1.0 - near) - half) + (z * z * polynomial<double>(z, kCos) - x * r.low));
  return {sine, cosine};
}

AXONE_INLINE bool needs_libm(Vec<double> x) {
  return __builtin_expect(any_lane(vabs<double>(x) > kTrigLimit), 0);
}

AXONE_INLINE Vec<double> vsin(Vec<double> x) {
  if (needs_libm(x)) return lane_by_lane([](double v) { return __builtin_sin(v); }, x);
  Reduced r = reduce_angle(x);
  SinCos s = sin_cos_reduced(r);
  Vec<double> v = (r.quadrant & int64_t(1)) != int64_t(0) ? s.cos : s.sin;
  v = flip_sign<double>(v, (Mask<double>)((Bits<double>)(r.quadrant & int64_t(2)) << 62));
  return x == 0.0 ? x : v;
}

AXONE_INLINE Vec<double> vcos(Vec<double> x) {
  if (needs_libm(x)) return lane_by_lane([](double v) { return __builtin_cos(v); }, x);
  Reduced r = reduce_angle(x);
  SinCos s = sin_cos_reduced(r);
  Vec<double> v = (r.quadrant & int64_t(1)) != int64_t(0) ? s.sin : s.cos;
  return flip_sign<double>(v, (Mask<double>)((Bits<double>)((r.quadrant + int64_t(1)) & int64_t(2)) << 62));
}

AXONE_INLINE Vec<double> vtan(Vec<double> x) {
  if (needs_libm(x)) return lane_by_lane([](double v) { return __builtin_tan(v); }, x);
  Reduced r = reduce_angle(x);
  SinCos s = sin_cos_reduced(r);
  Mask<double> odd = (r.quadrant & int64_t(1)) != int64_t(0);
  Vec<double> v = (odd ? s.cos : s.sin) / (odd ? -s.sin : s.cos);
  return x == 0.0 ? x : v;
}

// (atan(t) / t - 1) / t^2 in t^2, |t| <= tan(pi/8), error 2^-58.2.
inline constexpr double kAtan[] = {-0.3333333333333333,  0.19999999999999804,   -0.14285714285659729,
                                   0.11111111105145725,  -0.09090908753017178,  0.07692296361048218,
                                   -0.06666424634599337, 0.05878926110528101,   -0.052304330074828924,
                                   0.0455149623749493,   -0.034568068014968874, 0.016282993238924487};
inline constexpr double kPi[] = {0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53};  // high and low part

// The angle of (x, y). With n <= d the smaller and larger size: atan(n/d), or pi/4 + atan((n-d)/(n+d)) from
// tan(pi/8) on, then mirrored into its octant.
AXONE_INLINE Vec<double> vatan2(Vec<double> y, Vec<double> x) {
  Vec<double> ay = vabs<double>(y), ax = vabs<double>(x);
  Mask<double> steep = ay > ax;
  Vec<double> n = steep ? ax : ay, d = steep ? ay : ax;
  Mask<double> infinite = n == FloatBits<double>::kInfinity;  // then both are
  n = infinite ? splat<double>(1.0) : n;
  d = infinite ? splat<double>(1.0) : d;
  Vec<double> scale = d > 0x1p1000 ? splat<double>(0x1p-40) : splat<double>(1.0);  // n + d must not overflow
  n *= scale;
  d *= scale;
  Mask<double> wide = n > d * 0.41421356237309503;
  Vec<double> t = (wide ? n - d : n) / (wide ? n + d : d);
  t = n == 0.0 ? Vec<double>{} : t;
  Vec<double> z = t * t;
  Vec<double> low = wide ? splat<double>(0.25 * kPi[1]) : Vec<double>{};
  Vec<double> base = wide ? splat<double>(0.25 * kPi[0]) : Vec<double>{};
  Vec<double> tail = t * z * polynomial<double>(z, kAtan) + low;
  Vec<double> angle = base + (t + tail);
  // Mirrors subtract before the last rounding.
  Mask<double> left = sign_bit<double>(x) != int64_t(0);
  angle = steep ? (0.5 * kPi[0] - base) - (t + (tail - 0.5 * kPi[1])) : angle;
  angle = left ? kPi[0] - (angle - kPi[1]) : angle;
  angle = (y != y) | (x != x) ? x + y : angle;
  return copy_sign<double>(angle, y);
}

AXONE_INLINE Vec<double> vatan(Vec<double> x) {
  return vatan2(x, splat<double>(1.0));
}

// (asin(x) / x - 1) / x^2 in x^2, |x| <= 1/2, error 2^-58.5.
inline constexpr double kAsin[] = {0.16666666666666666,  0.07500000000000118,   0.044642857142551895,
                                   0.03038194447553234,  0.02237215744350722,   0.017352816540325496,
                                   0.01396378001220357,  0.011566459612121669,  0.009621842970100282,
                                   0.009319560794767446, 0.0030448799094556773, 0.019554513336123378,
                                   -0.01924167174674304, 0.02961201126495512};

// asin(s) - s for s = |x| up to 1/2, beyond it for s = sqrt((1 - |x|) / 2), where asin|x| = pi/2 - 2 asin(s).
struct AsinParts {
  Mask<double> large;
  Vec<double> s, rest;
};

AXONE_INLINE AsinParts asin_parts(Vec<double> x) {
  Vec<double> a = vabs<double>(x);
  Mask<double> large = a > 0.5;
  Vec<double> z = large ? 0.5 - 0.5 * a : a * a;
  Vec<double> s = large ? vsqrt(z) : a;
  return {large, s, s * z * polynomial<double>(z, kAsin)};
}

AXONE_INLINE Vec<double> vasin(Vec<double> x) {
  AsinParts p = asin_parts(x);
  Vec<double> mirrored = 0.5 * kPi[0] - (2.0 * p.s + (2.0 * p.rest - 0.5 * kPi[1]));
  return copy_sign<double>(p.large ? mirrored : p.s + p.rest, x);
}

AXONE_INLINE Vec<double> vacos(Vec<double> x) {
  AsinParts p = asin_parts(x);
  Vec<double> s = copy_sign<double>(p.s, x), rest = copy_sign<double>(p.rest, x);
  Vec<double> small = 0.5 * kPi[0] - (s + (rest - 0.5 * kPi[1]));
  Vec<double> twice = 2.0 * (p.s + p.rest);
  Vec<double> large = x < 0.0 ? kPi[0] - (twice - kPi[1]) : twice;
  return p.large ? large : small;
}

}  // namespace AXONE_TARGET
}  // namespace axone
