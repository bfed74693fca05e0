#include "ops/rules.h"

#include <algorithm>
#include <numeric>

namespace axone {

void expect_inputs(const OpCall& c, size_t count) {
  require<TypeError>(c.inputs.size() == count, c.name(), ": expected ", count, " input(s), got ",
                     c.inputs.size());
}

void expect_float(const OpCall& c, size_t i) {
  require<TypeError>(is_float(c.in(i).dtype), c.name(), ": expected a floating-point tensor, got ",
                     dtype_name(c.in(i).dtype), "; cast it first");
}

void expect_number(const OpCall& c, size_t i) {
  require<TypeError>(c.in(i).dtype != DType::b8, c.name(), ": expected numbers, got bool; cast it first");
}

void expect_integer(const OpCall& c, size_t i, const char* what) {
  require<TypeError>(is_integer(c.in(i).dtype), c.name(), ": expected integer ", what, ", got ",
                     dtype_name(c.in(i).dtype), "; cast them first");
}

void expect_indexed_updates(const OpCall& c, int64_t axis) {
  expect_inputs(c, 2);
  expect_integer(c, 0, "indices");
  expect_number(c, 1);
  const Shape &indices = c.in(0).shape, &updates = c.in(1).shape;
  require(axis >= 0 && updates.size() >= indices.size() + size_t(axis) &&
              std::equal(indices.begin(), indices.end(), updates.begin() + axis),
          c.name(), ": updates of shape ", updates, " do not hold indices of shape ", indices, " from axis ",
          axis, " on");
}

void expect_rank(const OpCall& c, size_t i, size_t rank) {
  require(c.in(i).shape.size() >= rank, c.name(), ": expected a tensor with at least ", rank,
          " axes, got shape ", c.in(i).shape);
}

void expect_same_dtype(const OpCall& c, size_t i, size_t j) {
  require<TypeError>(c.in(i).dtype == c.in(j).dtype, c.name(), ": expected inputs of one dtype, got ",
                     dtype_name(c.in(i).dtype), " and ", dtype_name(c.in(j).dtype));
}

int64_t axis_of(const OpCall& c) {
  return normalize_axis(c.attrs.get<int64_t>("axis"), c.in(0).shape.size(), c.name());
}

bool is_scalar_constant(const Graph& graph, Value v, double* x) {
  const Node& n = graph.node(v);
  if (is_op(graph, v, "broadcast_to")) return is_scalar_constant(graph, n.inputs[0], x);
  if (n.kind != NodeKind::constant || n.data.size() != 1) return false;
  dispatch(n.data.dtype(), [&](auto* p) { *x = double(*static_cast<decltype(p)>(n.data.data())); });
  return true;
}

Sym expand(const Sym& x, int64_t axis) {
  Shape shape = x.shape();
  shape.insert(shape.begin() + axis, 1);
  return reshape(x, shape);
}

Axes swapped_axes(size_t rank, int64_t a, int64_t b) {
  Axes perm(rank);
  std::iota(perm.begin(), perm.end(), 0);
  std::swap(perm[size_t(a)], perm[size_t(b)]);
  return perm;
}

Sym shifted(const Sym& x, int64_t axis, bool forward, double fill) {
  Shape sizes = x.shape();
  const size_t rank = sizes.size(), a = size_t(axis);
  Axes starts(rank, 0), steps(rank, 1), low(rank, 0), high(rank, 0);
  sizes[a] -= 1;
  starts[a] = forward ? 0 : 1;
  (forward ? low : high)[a] = 1;
  return x.apply("slice", {}, {{"starts", starts}, {"sizes", sizes}, {"steps", steps}})
      .apply("pad", {}, {{"low", low}, {"high", high}, {"value", fill}});
}

SimplifyRule on_last_axis(const char* op) {
  return [op](Graph& g, const std::vector<Value>& in, const Attrs& attrs) -> Value {
    const Sym x(g, in[0]);
    const size_t rank = x.shape().size();
    const int64_t axis = normalize_axis(attrs.get<int64_t>("axis"), rank, op), last = int64_t(rank) - 1;
    if (axis == last) return {};
    const Axes swap = swapped_axes(rank, axis, last);
    Attrs moved = attrs;
    moved.set("axis", last);
    return transpose(transpose(x, swap).apply(op, {}, moved), swap).value();
  };
}

int64_t followed_columns(const TensorType& x, int64_t columns, int64_t samples) {
  constexpr int64_t kLeastRows = 128, kLeastColumns = 8, kLeastElements = 64 * 1024, kSteps = 32;
  const int64_t elements = samples ? samples * kSteps * columns : element_count(x.shape);
  const bool worth = is_float(x.dtype) && columns >= kLeastColumns && elements >= kLeastElements &&
                     elements >= kLeastRows * columns;
  return worth ? columns : 0;
}

AxesLast::AxesLast(const Sym& x, const Axes& axes) {
  const Shape shape = x.shape();
  Axes perm;
  Shape to;
  for (size_t i = 0; i < shape.size(); ++i)
    if (!std::binary_search(axes.begin(), axes.end(), int64_t(i)))
      perm.push_back(int64_t(i)), to.push_back(shape[i]);
  to.push_back(1);
  for (int64_t a : axes) perm.push_back(a), to.back() *= shape[size_t(a)];
  inverse.resize(perm.size());
  for (size_t i = 0; i < perm.size(); ++i) {
    inverse[size_t(perm[i])] = int64_t(i);
    moved.push_back(shape[size_t(perm[i])]);
  }
  flat = reshape(transpose(x, perm), to);
}

}  // namespace axone
