// A vector of Adam's step (Kingma and Ba, 2015): for the kernel that updates alone, and for products that
// carry an update along.
#pragma once

#include "kernels/map.h"
#include "simd/bits.h"
#include "simd/vec.h"

namespace axone {
namespace AXONE_TARGET {

template <class T>
struct AdamStep {
  Vec<T> one_minus_beta_1, one_minus_beta_2, epsilon, rate;

  // Written as the elementwise operations are that the graph states, so that the bits are the same.
  AXONE_MEMBER_INLINE void apply(Vec<T> g, Vec<T>& m, Vec<T>& v, Vec<T>& w) const {
    m = m + (g - m) * one_minus_beta_1;
    v = v + (g * g - v) * one_minus_beta_2;
    w = w - rate * (m / (vsqrt(v) + epsilon));
  }
};

// With the numbers of an update's operands.
template <class T>
AXONE_INLINE AdamStep<T> adam_step(const void* const* operands) {
  const auto number = [&](int i) { return splat<T>(*static_cast<const T*>(operands[i])); };
  return {number(kOneMinusBeta1), number(kOneMinusBeta2), number(kEpsilon), number(kRate)};
}

}  // namespace AXONE_TARGET
}  // namespace axone
