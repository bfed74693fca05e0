// Contract of the reduction kernels (family "reduce."). Both cut nothing themselves: the caller fixes the
// blocks, so that the result depends on the shape alone.
#pragma once

#include <stdint.h>

namespace axone {

// "reduce.<op>_rows" (sum, max, min, prod, any, all, sumsq): out[r] = op over x[r * row_stride + 0 .. n) for
// r in [0, rows): the reduced axis is contiguous. Always combines with several fixed vector accumulators and
// the same tree. f32 sums accumulate in f32 vectors over at most 4096 elements at a time, whose sums are
// added in f64. max and min give NaN where there is one; no elements give the neutral element. Integers wrap.
// "reduce.argmax_rows", "reduce.argmin_rows": out (int64) is the first place of the extreme; NaN counts as
// the extreme; 0 for an empty row. "reduce.cumsum_rows", "reduce.cumprod_rows": out has n elements a row,
// without gaps.
using ReduceRows = void (*)(void* out, const void* x, int64_t rows, int64_t n, int64_t row_stride);

// "reduce.<op>_columns": out[c] = op(out[c], x[r * row_stride + c]) over r in [0, rows), for c in [0, n):
// the kept axis is contiguous. out holds the neutral element or an earlier partial result. Strictly row by
// row, so that it does not matter how rows are spread over calls.
using ReduceColumns = void (*)(void* out, const void* x, int64_t rows, int64_t n, int64_t row_stride);

// "reduce.moments" (f32, f64): of a block of at least one row, the mean of each column and the sum of the
// squared distances from it.
using ReduceMoments = void (*)(void* mean, void* squares, const void* x, int64_t rows, int64_t n,
                               int64_t row_stride);

// "reduce.follow_<statistic>" (f32, f64): takes rows into what earlier calls gathered of the columns:
// `planes` rows of results, `plane` elements apart, which begin as zeros. Strictly row by row, so that it
// does not matter how rows and columns are spread over calls. "sum", "squares": one plane. "moments":
// kMomentPlanes: how many, the first value, and the sums of the distances from that and of their squares.
// With that shift no more digits are lost than the rows' number has (it is the distance of one of the rows
// from the mean).
using ReduceFollow = void (*)(void* planes, int64_t plane, const void* x, int64_t rows, int64_t n,
                              int64_t row_stride);
constexpr int64_t kMomentPlanes = 4;

// "reduce.follow_product" (f32, f64): the same for the sums of g (x - centre); all three have the row stride.
using ReduceFollowProduct = void (*)(void* sums, const void* g, const void* x, const void* centre,
                                     int64_t rows, int64_t n, int64_t row_stride);

}  // namespace axone
