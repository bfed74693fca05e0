// Powers of floating numbers.
#pragma once

#include "simd/log.h"

namespace axone {
namespace AXONE_TARGET {

// Float: e^(y log|x|) in double, whose 29 spare bits cover the product's size (at most 2^7) with room; then
// C99's special cases. NaN for a negative x and a y that is no integer.
AXONE_INLINE Vec<double> pow_of_floats(Vec<double> x, Vec<double> y) {
  Vec<double> a = vabs<double>(x);
  Vec<double> r = vexp<double>(y * vlog<double>(a));
  Vec<double> whole = vtrunc<double>(y), half = 0.5 * y;
  Mask<double> odd = (whole == y) & (vtrunc<double>(half) != half);
  Mask<double> negative = sign_bit<double>(x) != int64_t(0);
  r = odd & negative ? -r : r;
  Mask<double> no_root = (x < 0.0) & (whole != y) & (a != FloatBits<double>::kInfinity);
  r = no_root ? splat<double>(FloatBits<double>::kNan) : r;
  Mask<double> one =
      (x == 1.0) | (y == 0.0) | ((x == -1.0) & (vabs<double>(y) == FloatBits<double>::kInfinity));
  return one ? splat<double>(1.0) : r;
}

AXONE_INLINE Vec<float> vpow(Vec<float> x, Vec<float> y) {
  return through_double([](Vec<double> a, Vec<double> b) { return pow_of_floats(a, b); }, x, y);
}

// Double needs log to 64 bits: libm lane by lane.
AXONE_INLINE Vec<double> vpow(Vec<double> x, Vec<double> y) {
  for (int64_t i = 0; i < kLanes<double>; ++i) x[i] = __builtin_pow(x[i], y[i]);
  return x;
}

}  // namespace AXONE_TARGET
}  // namespace axone
