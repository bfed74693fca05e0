// transpose: axes in another order.
#include <algorithm>

#include "ops/execution.h"
#include "ops/rules.h"
#include "ops/strided_copy.h"

namespace axone {

namespace {

// The permutation, counted from the front.
Axes perm_of(const Attrs& attrs, size_t rank) {
  const Axes perm = attrs.get<Axes>("perm");
  require(perm.size() == rank, "transpose: expected a permutation of ", rank, " axes, got ", perm);
  Axes out;
  for (int64_t a : perm) out.push_back(normalize_axis(a, rank, "transpose"));
  normalize_axes(out, rank, "transpose");
  return out;
}

std::vector<TensorType> transpose_type(const OpCall& c) {
  expect_inputs(c, 1);
  TensorType out{c.in(0).dtype, {}};
  for (int64_t a : perm_of(c.attrs, c.in(0).shape.size())) out.shape.push_back(c.in(0).shape[size_t(a)]);
  return {out};
}

Axes inverse(const Axes& perm) {
  Axes out(perm.size());
  for (size_t i = 0; i < perm.size(); ++i) out[size_t(perm[i])] = int64_t(i);
  return out;
}

// Whether the axes longer than 1 keep their order: then nothing moves.
bool keeps_order(const Axes& perm, const Shape& shape) {
  int64_t last = -1;
  for (int64_t a : perm) {
    if (shape[size_t(a)] == 1) continue;
    if (a < last) return false;
    last = a;
  }
  return true;
}

Value simplify_transpose(Graph& g, const std::vector<Value>& in, const Attrs& attrs) {
  const Shape from = g.shape(in[0]);
  const Axes perm = perm_of(attrs, from.size());
  if (keeps_order(perm, from)) {
    Shape to;
    for (int64_t a : perm) to.push_back(from[size_t(a)]);
    return g.add("reshape", {in[0]}, {{"shape", to}});
  }
  return {};
}

// Two are one.
Value shorten_transpose(Graph& g, const std::vector<Value>& in, const Attrs& attrs) {
  if (!is_op(g, in[0], "transpose")) return {};
  const size_t rank = g.shape(in[0]).size();
  const Axes perm = perm_of(attrs, rank), first = perm_of(g.node(in[0]).attrs, rank);
  Axes both;
  for (int64_t a : perm) both.push_back(first[size_t(a)]);
  return g.add("transpose", {g.node(in[0]).inputs[0]}, {{"perm", both}});
}

// The transpose of a product that swaps its last two axes is a product the other way round.
Sym transposed_product(const Sym& x, const Axes& perm) {
  Graph& g = x.graph();
  const int64_t rank = int64_t(perm.size());
  if (!is_op(g, x.value(), "matmul") || perm != swapped_axes(perm.size(), rank - 2, rank - 1))
    return transpose(x, perm);
  const Node& n = g.node(x.value());
  const bool ta = n.attrs.get<bool>("transpose_a"), tb = n.attrs.get<bool>("transpose_b");
  const Sym a(g, n.inputs[0]), b(g, n.inputs[1]);
  return b.apply("matmul", {a}, {{"transpose_a", !tb}, {"transpose_b", !ta}});
}

std::unique_ptr<Instruction> compile_transpose(const OpCall& c) {
  const Shape& from = c.in(0).shape;
  const std::vector<int64_t> strides = dense_strides(from);
  std::vector<int64_t> src;
  for (int64_t a : perm_of(c.attrs, from.size())) src.push_back(strides[size_t(a)]);
  const Shape& to = c.out().shape;
  StridedCopy copy(to, src, dense_strides(to), item_size(c.out().dtype));
  const bool serial = copy.bytes() < kSerialBytes;
  return make_instruction("transpose", serial,
                          [copy = std::move(copy)](const Lane& lane, const Operands& io) {
                            copy.run(lane, io.in[0], io.out[0]);
                          });
}

[[maybe_unused]] const bool registered = [] {
  Op& op = define_op("transpose");
  op.type = transpose_type;
  op.simplify = simplify_transpose;
  op.shortcut = shorten_transpose;
  op.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    const size_t rank = g.in(0).shape().size();
    return {transposed_product(g.grad(), inverse(perm_of(g.attrs, rank)))};
  };
  define_execution("transpose", compile_transpose);
  return true;
}();

}  // namespace

}  // namespace axone
