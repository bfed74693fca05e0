// A vector of Adam's step (Kingma and Ba, 2015): for the kernel that updates alone, and for products that
// carry an update along.
#pragma once

#include "kernels/map.h"
#include "simd/bits.h"
#include "simd/vec.h"

namespace axone {
namespace AXONE_TARGET {

// The number that stands for an operand.
template <class T>
AXONE_INLINE Vec<T> update_number(const void* const* operands, UpdateOperand i) {
  return splat<T>(*static_cast<const T*>(operands[i]));
}

template <class T>
struct AdamStep {
  Vec<T> one_minus_beta_1, one_minus_beta_2, epsilon, rate;

  AXONE_MEMBER_INLINE explicit AdamStep(const void* const* operands)
      : one_minus_beta_1(update_number<T>(operands, kOneMinusBeta1)),
        one_minus_beta_2(update_number<T>(operands, kOneMinusBeta2)),
        epsilon(update_number<T>(operands, kEpsilon)),
        rate(update_number<T>(operands, kRate)) {}

  // Written as the elementwise operations are that the graph states, so that the bits are the same.
  AXONE_MEMBER_INLINE void apply(Vec<T> g, Vec<T>& m, Vec<T>& v, Vec<T>& w) const {
    m = m + (g - m) * one_minus_beta_1;
    v = v + (g * g - v) * one_minus_beta_2;
    w = w - rate * (m / (vsqrt(v) + epsilon));
  }
};

// What a step takes for the gradient g of a weight w.
template <class T>
struct PlainGradient {
  AXONE_MEMBER_INLINE explicit PlainGradient(const void* const*) {}
  AXONE_MEMBER_INLINE Vec<T> of(Vec<T> g, Vec<T>) const { return g; }
};
template <class T>
struct ScaledGradient {
  Vec<T> factor;
  AXONE_MEMBER_INLINE explicit ScaledGradient(const void* const* operands)
      : factor(update_number<T>(operands, kGradientNumber)) {}
  AXONE_MEMBER_INLINE Vec<T> of(Vec<T> g, Vec<T>) const { return g * factor; }
};
template <class T>
struct PenalizedGradient {
  Vec<T> factor;
  AXONE_MEMBER_INLINE explicit PenalizedGradient(const void* const* operands)
      : factor(update_number<T>(operands, kGradientNumber)) {}
  AXONE_MEMBER_INLINE Vec<T> of(Vec<T> g, Vec<T> w) const { return factor * w + g; }
};
template <class T>
struct ClippedGradient {
  Vec<T> least, most;
  AXONE_MEMBER_INLINE explicit ClippedGradient(const void* const* operands)
      : least(update_number<T>(operands, kGradientNumber)), most(update_number<T>(operands, kGradientMost)) {}
  AXONE_MEMBER_INLINE Vec<T> of(Vec<T> g, Vec<T>) const { return vmin<T>(vmax<T>(g, least), most); }
};

}  // namespace AXONE_TARGET
}  // namespace axone
