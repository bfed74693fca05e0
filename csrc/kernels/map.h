// Contract of the elementwise kernels (family "map."). Vectors run over n contiguous elements; no alignment
// is needed; out may be the same array as any input of the same element size, never a shifted overlap.
#pragma once

#include <stdint.h>

namespace axone {

// An elementwise kernel of one to three inputs, found as "map.<op>" under the dtype of its first input
// ("map.where": of its second). Unused inputs are null. param is the op's constant (leaky_relu's
// negative_slope, elu's alpha), else 0.
//
// Types:
// - arithmetic, functions, activations: all T -> T
// - comparisons, isnan, isinf, isfinite: T -> bool (uint8_t 0 or 1)
// - logical ops, maximum and minimum of bool: bool -> bool
// - where: bool, T, T -> T
// - fma (a*b+c), fma_relu and fma_relu6 (of that), fms (a*b-c), fnma (c-a*b), lerp (a+(b-a)*c), lerp_square
// (a+(b*b-a)*c),
//   root_plus (sqrt(a)+b), over_root (a/(sqrt(b)+c)), clip (x, lo, hi): T, T, T -> T
// - "map.cast_<to>" (such as map.cast_float64) under the source's dtype: T -> To. Floating to integer cuts
//   toward 0 and saturates, NaN gives 0; integers wrap.
//
// "map.<activation>_grad" (dy, y): dy times the derivative. y is the function's output for sigmoid and tanh,
// its input or output for relu and relu6, its input for all others.
//
// Integers wrap; their division and remainder by 0 give 0. Functions are good to about 2 units in the last
// place (f32) and 4 (f64): tests/native/test_kernels_math.cpp holds the bounds. Subnormals may count as 0.
using MapFunction = void (*)(void* out, const void* a, const void* b, const void* c, int64_t n, double param);

// One step of Adam (Kingma and Ba, 2015) over n elements, found as "map.adam": what lerp, lerp_square,
// over_root and fnma do one after another, in one pass. Operands by position; an output may be its own old
// value. All behind the gradient are single numbers. For g, "map.adam_scaled" takes number g, as a norm that
// is clipped wants it, "map.adam_penalty" g + number w, as a penalty on squares does, "map.adam_clipped" g
// between the number and the most; the others do not look at what they do not need.
//   m' = m + (g - m) one_minus_beta_1;  v' = v + (g g - v) one_minus_beta_2;  w' = w - rate m' / (sqrt(v') +
//   epsilon)
enum UpdateOperand {
  kUpdatedM,
  kUpdatedV,
  kUpdatedW,
  kOldM,
  kOldV,
  kOldW,
  kGradient,
  kOneMinusBeta1,
  kOneMinusBeta2,
  kEpsilon,
  kRate,
  kGradientNumber,
  kGradientMost,
  kUpdateOperands
};
constexpr int kUpdateOutputs = 3;

// What an update rule takes for the gradient; none: there is no rule.
enum class GradientForm : int8_t { none, plain, scaled, penalized, clipped };
constexpr const char* kUpdateNames[] = {"", "map.adam", "map.adam_scaled", "map.adam_penalty",
                                        "map.adam_clipped"};
using UpdateFunction = void (*)(const void* const* operands, int64_t n);

}  // namespace axone
