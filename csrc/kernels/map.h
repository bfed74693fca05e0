// Contract of the elementwise kernels (family "map."). Vectors run over n contiguous elements; no alignment is
// needed; out may be the same array as any input of the same element size, never a shifted overlap.
#pragma once

#include <stdint.h>

namespace axone {

// An elementwise kernel of one to three inputs, found as "map.<op>" under the dtype of its first input
// ("map.where": of its second). Unused inputs are null. param is the op's constant (leaky_relu's slope, ...), else 0.
// Input and output types by op:
//   arithmetic and functions: all T -> T;  comparisons, isnan, isfinite: T, T -> bool (uint8_t 0 or 1);
//   logical ops: bool -> bool;  where: bool, T, T -> T;  fma (a*b+c), clip(x, lo, hi): T, T, T -> T;
//   "map.cast_<to>" (such as map.cast_float64) under the source's dtype: T -> To.
using MapFunction = void (*)(void* out, const void* a, const void* b, const void* c, int64_t n, double param);

}  // namespace axone
