// The sigmoid and the tanh of recurrent gates, which take a quarter of a layer's time: two thirds of the work
// of vsigmoid and vtanh in float32, for relative errors up to 2^-24 (4 + 1.25 |x|) and 2^-24 5. float64 is
// theirs.
#pragma once

#include "simd/exp.h"

namespace axone {
namespace AXONE_TARGET {

// 2^t = 2^n (1 + p), n = round(t), p = 2^f - 1 = f q(f), f = t - n.
struct GatePower {
  Vec<float> p, n;

  // q: minimax of (2^f - 1) / f, relative error 2^-26.5.
  static constexpr float q[] = {0.6931472f,   0.24022649f,   0.055503573f,
                                0.009618238f, 0.0013390735f, 0.00015403512f};

  AXONE_MEMBER_INLINE explicit GatePower(Vec<float> t) {
#if defined(__AVX512F__)
    // Right for infinities too, whose f is 0.
    const Vec<float> f = (Vec<float>)_mm512_maskz_reduce_ps(__mmask16(-1), (__m512)t, 0x08);
#else
    t = at_least<float>(at_most<float>(t, 126.0f), -126.0f);
    const Vec<float> f = t - ((t + kRounder<float>)-kRounder<float>);
#endif
    n = t - f;
    p = f * polynomial<float>(f, q);
  }

  // v 2^n.
  AXONE_MEMBER_INLINE Vec<float> scaled(Vec<float> v) const {
#if defined(__AVX512F__)
    return (Vec<float>)_mm512_maskz_scalef_ps(__mmask16(-1), (__m512)v, (__m512)n);
#else
    const Vec<float> shifted = n + kRounder<float>;
    return v * power_of_two<float>(bit_cast<Bits<float> >(shifted) -
                                   bit_cast<Bits<float> >(splat<float>(kRounder<float>)));
#endif
  }
};

AXONE_INLINE Vec<float> gate_sigmoid(Vec<float> x) {
  const GatePower e(x * -1.44269504f);
  return 1.0f / (1.0f + e.scaled(1.0f + e.p));
}
AXONE_INLINE Vec<double> gate_sigmoid(Vec<double> x) {
  return vsigmoid<double>(x);
}

// As vtanh.
AXONE_INLINE Vec<float> gate_tanh(Vec<float> x) {
  const GatePower e(vabs<float>(x) * -2.88539008f);
  const Vec<float> scale = e.scaled(splat<float>(1.0f)), m = scale * e.p + (scale - 1.0f);
  return copy_sign<float>(m / (m + 2.0f), x);
}
AXONE_INLINE Vec<double> gate_tanh(Vec<double> x) {
  return vtanh<double>(x);
}

}  // namespace AXONE_TARGET
}  // namespace axone
