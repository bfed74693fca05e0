// Checks that type rules share. Every message names the operation, what was expected and what came.
#pragma once

#include "graph/op.h"

namespace axone {

// Throws TypeError unless the call has that many inputs.
void expect_inputs(const OpCall& call, size_t count);
// Throws TypeError unless input i is float32 or float64.
void expect_float(const OpCall& call, size_t i);
// Throws TypeError if input i is bool: its arithmetic is the logical operations'.
void expect_number(const OpCall& call, size_t i);
// Throws TypeError unless input i, called `what` in the message, holds integers.
void expect_integer(const OpCall& call, size_t i, const char* what);
// Throws TypeError or ValueError unless the call has integer indices and updates that hold their axes from
// axis `axis` on.
void expect_indexed_updates(const OpCall& call, int64_t axis);
// Throws ValueError unless input i has at least `rank` axes.
void expect_rank(const OpCall& call, size_t i, size_t rank);
// Throws TypeError unless inputs i and j have one dtype.
void expect_same_dtype(const OpCall& call, size_t i, size_t j);

// The attribute "axis" of a call, counted from the front of input 0.
int64_t axis_of(const OpCall& call);

// A dense tensor seen along one axis: (outer, n, inner).
struct AxisView {
  int64_t outer = 1, n = 1, inner = 1;

  AxisView() = default;
  AxisView(const Shape& shape, int64_t axis) {
    for (int64_t i = 0; i < int64_t(shape.size()); ++i)
      (i < axis ? outer : i == axis ? n : inner) *= shape[size_t(i)];
  }
  int64_t size() const { return outer * n * inner; }
};

// The columns of x as a matrix of that many, if it is of a float type and large enough that gathering their
// statistics on the way saves time (Op::statistic), else 0. Of sequences it is their number that decides.
int64_t followed_columns(const TensorType& x, int64_t columns, int64_t samples = 0);

// Whether `v` is one known number everywhere; then *x is it.
bool is_scalar_constant(const Graph& graph, Value v, double* x);

// Zeros of x's shape.
inline Sym zeros_like(const Sym& x) {
  const Shape shape = x.shape();
  return broadcast_to(x.constant(0), shape);
}
// x with an axis of size 1 put before axis `axis`.
Sym expand(const Sym& x, int64_t axis);
// x's axes in another order.
inline Sym transpose(const Sym& x, const Axes& perm) {
  return x.apply("transpose", {}, {{"perm", perm}});
}
// The permutation that swaps two axes of `rank`.
Axes swapped_axes(size_t rank, int64_t a, int64_t b);

// For operations that only run along the last axis: another {axis} is transposed to it and back.
SimplifyRule on_last_axis(const char* op);

// x with the given axes (sorted, counted from the front) made one and put last.
struct AxesLast {
  Sym flat;
  Shape moved;   // the shape before the axes were made one
  Axes inverse;  // the permutation back

  AxesLast(const Sym& x, const Axes& axes);
  // A value of flat's shape in x's shape.
  Sym back(const Sym& v) const { return transpose(reshape(v, moved), inverse); }
};

// x moved by one place along an axis (forward: to higher indices), with `fill` in the place that falls free.
// The axis must not be empty.
Sym shifted(const Sym& x, int64_t axis, bool forward, double fill);

// Calls f with a null pointer to the unsigned integer of that many bytes: what moves elements without reading
// them.
template <class F>
void dispatch_size(size_t bytes, F&& f) {
  if (bytes == 4)
    f(static_cast<uint32_t*>(nullptr));
  else if (bytes == 8)
    f(static_cast<uint64_t*>(nullptr));
  else
    f(static_cast<uint8_t*>(nullptr));
}

// Calls f with a null pointer to the integer type behind `t`.
template <class F>
void dispatch_integer(DType t, F&& f) {
  if (t == DType::i32)
    f(static_cast<int32_t*>(nullptr));
  else if (t == DType::i64)
    f(static_cast<int64_t*>(nullptr));
  else
    f(static_cast<uint8_t*>(nullptr));
}

// Calls f with a null pointer to float or double.
template <class F>
void dispatch_float(DType t, F&& f) {
  if (t == DType::f32)
    f(static_cast<float*>(nullptr));
  else
    f(static_cast<double*>(nullptr));
}

}  // namespace axone
