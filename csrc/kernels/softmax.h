// Contract of the softmax and cross-entropy kernels (family "softmax.", f32 and f64). Rows of n contiguous
// elements follow each other without gaps; a row's result depends on that row alone. Where several arrays
// hold rows, the output may be the same array as any input. Finite logits of any size are safe: the row's
// maximum is subtracted. A row of -inf only, or one with +inf or NaN, gives NaN.
#pragma once

#include <stdint.h>

namespace axone {

// "softmax.softmax_rows": e^x / sum(e^x); "softmax.log_softmax_rows": its logarithm.
using SoftmaxRows = void (*)(void* out, const void* x, int64_t rows, int64_t n);

// "softmax.logsumexp_rows": out[r] = log(sum(e^x)). A row of -inf gives -inf, one with +inf (no NaN) +inf; so
// does an empty row.
using LogSumExpRows = void (*)(void* out, const void* x, int64_t rows, int64_t n);

// Of the output y = softmax(x), with the gradient dy of y.
// "softmax.softmax_grad_rows": dx = y (dy - sum(y dy)); "softmax.log_softmax_grad_rows": dx = dy - e^y
// sum(dy).
using SoftmaxGradRows = void (*)(void* dx, const void* y, const void* dy, int64_t rows, int64_t n);

// "softmax.sparse_xent_rows": loss[r] = logsumexp(x[r]) - x[r][labels[r]]. A label outside [0, n) gives NaN
// and sets *bad_label to that label's row if that is smaller (start it at INT64_MAX; may be null).
using SparseXentRows = void (*)(void* loss, const void* x, const int64_t* labels, int64_t rows, int64_t n,
                                int64_t* bad_label);

// "softmax.sparse_xent_grad_rows": dx = dloss[r] (softmax(x[r]) - onehot(labels[r])); zero rows for bad
// labels: the loss reports these, and the training step that is under way must not spoil the weights.
using SparseXentGradRows = void (*)(void* dx, const void* x, const int64_t* labels, const void* dloss,
                                    int64_t rows, int64_t n);

// "softmax.dense_xent_rows": loss[r] = sum(target (logsumexp(x) - x)); an entry whose target is 0 counts as
// 0, whatever its logit.
using DenseXentRows = void (*)(void* loss, const void* x, const void* target, int64_t rows, int64_t n);

// "softmax.dense_xent_grad_rows": dx = dloss[r] (softmax(x) sum(target) - target).
using DenseXentGradRows = void (*)(void* dx, const void* x, const void* target, const void* dloss,
                                   int64_t rows, int64_t n);

}  // namespace axone
