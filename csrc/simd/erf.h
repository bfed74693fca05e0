// The error function and the normal distribution's, for GELU.
#pragma once

#include "simd/exp.h"

namespace axone {
namespace AXONE_TARGET {

// erf(x) / x - 1 in x^2, |x| <= 1: errors 2^-28.9 and 2^-56.3.
inline constexpr float kErfFloat[] = {0.12837917f,   -0.37612638f,    0.11283782f,    -0.02686543f,
                                      0.0052210316f, -0.00084840803f, 0.00011265959f, -9.667045e-06f};
inline constexpr double kErfDouble[] = {
    0.1283791670955126,     -0.37612638903183754,    0.1128379167095512,     -0.02686617064512984,
    0.0052239776254232985,  -0.000854832702193483,   0.00012055332902888736, -1.4925647567519332e-05,
    1.6462045441468418e-06, -1.6364642158167616e-07, 1.4792401209404813e-08, -1.216456005728345e-09,
    8.709045129053106e-11,  -4.230945824295338e-12};

// -log(erfc(a)), 1 <= a <= 4.1: error of erf 2^-26.3.
inline constexpr float kErfcExponent[] = {-0.00029793745f, 1.1301415f,     0.6319871f,
                                          0.10992448f,     -0.026330275f,  0.004726725f,
                                          -0.0005895989f,  4.5181016e-05f, -1.5917062e-06f};
// (1 + 2a) e^(a^2) erfc(a) in t = (a - 4) / (a + 4), 1 <= a <= 6: error of erf 2^-56.5.
inline constexpr double kErfcScaled[] = {
    1.2329951186255526,     -0.13962111684056255,  0.015379652102619448,   0.06809705425470523,
    -0.10103906603617265,   0.0937328349971883,    -0.06633036582673406,   0.037167515558014695,
    -0.016197733422051643,  0.005031971284066959,  -0.0007577832199257106, -0.00019930845851906414,
    0.00015058885698023155, -2.40027465275313e-05, -9.756936754967457e-06, 8.159750478776926e-06,
    2.45342589250425e-06};

AXONE_INLINE Vec<float> erf_rest(Vec<float> z) {
  return polynomial<float>(z, kErfFloat);
}
AXONE_INLINE Vec<double> erf_rest(Vec<double> z) {
  return polynomial<double>(z, kErfDouble);
}

// erfc(a) for a >= 1; 0 where erf(a) rounds to 1. The absolute error is erf's, not the relative one.
AXONE_INLINE Vec<float> erfc_tail(Vec<float> a) {
  Vec<float> e = vexp<float>(-polynomial<float>(at_most<float>(a, 4.1f), kErfcExponent));
  return a > 4.1f ? Vec<float>{} : e;
}
AXONE_INLINE Vec<double> erfc_tail(Vec<double> a) {
  Vec<double> c = at_most<double>(a, 6.0);
  Vec<double> scale = 1.0 / ((1.0 + 2.0 * c) * (c + 4.0));
  Vec<double> t = (c - 4.0) * (scale * (1.0 + 2.0 * c));
  Vec<double> e = vexp<double>(-c * c) * (scale * (c + 4.0)) * polynomial<double>(t, kErfcScaled);
  return a > 6.0 ? Vec<double>{} : e;
}

template <class T>
AXONE_INLINE Vec<T> verf(Vec<T> x) {
  Vec<T> a = vabs<T>(x);
  Vec<T> small = x + x * erf_rest(x * x);
  return a < T(1) ? small : copy_sign<T>(T(1) - erfc_tail(a), x);
}

// Phi(x) = (1 + erf(x / sqrt 2)) / 2, without cancellation in the lower tail.
template <class T>
AXONE_INLINE Vec<T> vnormal_cdf(Vec<T> x) {
  Vec<T> u = x * T(0.70710678118654752), a = vabs<T>(u);
  Vec<T> small = T(0.5) + T(0.5) * (u + u * erf_rest(u * u));
  Vec<T> tail = T(0.5) * erfc_tail(a);
  Vec<T> large = x < T(0) ? tail : T(1) - tail;
  return a < T(1) ? small : large;
}

}  // namespace AXONE_TARGET
}  // namespace axone
