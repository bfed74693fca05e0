// Cross-entropy of logits along the last axis, fused with its softmax, for class labels and for target
// distributions.
#include <cstdint>

#include "kernels/softmax.h"
#include "ops/execution.h"
#include "ops/rows.h"
#include "ops/rules.h"

namespace axone {

namespace {

Shape leading(const Shape& shape) {
  return Shape(shape.begin(), shape.end() - 1);
}
int64_t last_axis(const Sym& x) {
  return int64_t(x.shape().size()) - 1;
}
Sym sum_last(const Sym& x) {
  return sum(x, {last_axis(x)}, true);
}
Sym column(const Sym& x) {
  return expand(x, int64_t(x.shape().size()));
}
Sym softmax(const Sym& x) {
  return x.apply("softmax", {}, {{"axis", last_axis(x)}});
}
Sym log_softmax(const Sym& x) {
  return x.apply("log_softmax", {}, {{"axis", last_axis(x)}});
}

// ---- types: (logits, labels) -> loss and (logits, labels, dloss) -> dlogits, with labels or target
// distributions

void check_labels(const OpCall& c) {
  expect_float(c, 0);
  expect_rank(c, 0, 1);
  expect_integer(c, 1, "labels");
  const Shape rows = leading(c.in(0).shape);
  require(c.in(1).shape == rows, c.name(), ": expected one label per row of the logits of shape ",
          c.in(0).shape, ", that is labels of shape ", rows, ", got ", c.in(1).shape);
}

void check_targets(const OpCall& c) {
  expect_float(c, 0);
  expect_rank(c, 0, 1);
  expect_same_dtype(c, 0, 1);
  require(c.in(0).shape == c.in(1).shape, c.name(), ": expected targets of the logits' shape ", c.in(0).shape,
          ", got ", c.in(1).shape);
}

template <void (*check)(const OpCall&)>
std::vector<TensorType> loss_type(const OpCall& c) {
  expect_inputs(c, 2);
  check(c);
  return {{c.in(0).dtype, leading(c.in(0).shape)}};
}

template <void (*check)(const OpCall&)>
std::vector<TensorType> loss_grad_type(const OpCall& c) {
  expect_inputs(c, 3);
  check(c);
  require(c.in(2) == TensorType{c.in(0).dtype, leading(c.in(0).shape)}, c.name(),
          ": expected one gradient per row of the logits");
  return {c.in(0)};
}

// The kernels read int64 labels.
SimplifyRule with_int64_labels(const char* op) {
  return [op](Graph& g, const std::vector<Value>& in, const Attrs&) -> Value {
    if (g.dtype(in[1]) == DType::i64) return {};
    std::vector<Value> inputs = in;
    inputs[1] = cast(Sym(g, in[1]), DType::i64).value();
    return g.add(op, inputs);
  };
}

// ---- gradients of the gradients

// What the gradient upstream gives for dlogits = dloss (softmax(logits) sum(target) - target): by logits,
// with the row's weight w = dloss sum(target).
Sym curvature(const Sym& p, const Sym& upper, const Sym& weight) {
  return p.apply("softmax_grad", {upper}) * weight;
}

std::vector<Sym> sparse_second(const GradientCall& g) {
  const Sym &logits = g.in(0), &labels = g.in(1), &dloss = g.in(2), &upper = g.grad();
  const Sym p = softmax(logits);
  const Sym chosen = upper.apply("take_along_axis", {column(labels)}, {{"axis", last_axis(logits)}});
  const Shape rows = dloss.shape();
  return {curvature(p, upper, column(dloss)), Sym(), reshape(sum_last(upper * p) - chosen, rows)};
}

std::vector<Sym> dense_second(const GradientCall& g) {
  const Sym &logits = g.in(0), &target = g.in(1), &dloss = g.in(2), &upper = g.grad();
  const Sym p = softmax(logits), d = column(dloss), mass = sum_last(target), mean = sum_last(upper * p);
  const Shape rows = dloss.shape();
  return {curvature(p, upper, d * mass), d * (mean - upper),
          reshape(mean * mass - sum_last(upper * target), rows)};
}

// ---- execution

// Labels are int64, one per row.
const int64_t* labels_of(const Operands& io, const RowShare& s) {
  return io.input<int64_t>(1) + s.first;
}

std::unique_ptr<Instruction> compile_sparse(const OpCall& c) {
  const auto kernel = kernel_function<SparseXentRows>("softmax.sparse_xent_rows", c.in(0).dtype);
  return row_instruction(c, [kernel](const Operands& io, const RowShare& s) {
    int64_t bad = INT64_MAX;
    kernel(s.scalar(io.out[0]), s.at(io.in[0]), labels_of(io, s), s.rows, s.n, &bad);
    if (bad != INT64_MAX)
      io.status->report("sparse_categorical_crossentropy: label outside [0, number of classes)",
                        labels_of(io, s)[bad]);
  });
}

std::unique_ptr<Instruction> compile_sparse_grad(const OpCall& c) {
  const auto kernel = kernel_function<SparseXentGradRows>("softmax.sparse_xent_grad_rows", c.in(0).dtype);
  return row_instruction(c, [kernel](const Operands& io, const RowShare& s) {
    kernel(s.at(io.out[0]), s.at(io.in[0]), labels_of(io, s), s.scalar(io.in[2]), s.rows, s.n);
  });
}

std::unique_ptr<Instruction> compile_dense(const OpCall& c) {
  const auto kernel = kernel_function<DenseXentRows>("softmax.dense_xent_rows", c.in(0).dtype);
  return row_instruction(c, [kernel](const Operands& io, const RowShare& s) {
    kernel(s.scalar(io.out[0]), s.at(io.in[0]), s.at(io.in[1]), s.rows, s.n);
  });
}

std::unique_ptr<Instruction> compile_dense_grad(const OpCall& c) {
  const auto kernel = kernel_function<DenseXentGradRows>("softmax.dense_xent_grad_rows", c.in(0).dtype);
  return row_instruction(c, [kernel](const Operands& io, const RowShare& s) {
    kernel(s.at(io.out[0]), s.at(io.in[0]), s.at(io.in[1]), s.scalar(io.in[2]), s.rows, s.n);
  });
}

void define_sparse() {
  Op& op = define_op("sparse_softmax_cross_entropy");
  op.type = loss_type<check_labels>;
  op.simplify = with_int64_labels("sparse_softmax_cross_entropy");
  op.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    return {g.in(0).apply("sparse_softmax_cross_entropy_grad", {g.in(1), g.grad()}), Sym()};
  };
  define_execution("sparse_softmax_cross_entropy", compile_sparse);

  Op& grad = define_op("sparse_softmax_cross_entropy_grad");
  grad.type = loss_grad_type<check_labels>;
  grad.simplify = with_int64_labels("sparse_softmax_cross_entropy_grad");
  grad.gradient = sparse_second;
  define_execution("sparse_softmax_cross_entropy_grad", compile_sparse_grad);
}

void define_dense() {
  Op& op = define_op("softmax_cross_entropy");
  op.type = loss_type<check_targets>;
  op.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    return {g.in(0).apply("softmax_cross_entropy_grad", {g.in(1), g.grad()}),
            -(log_softmax(g.in(0)) * column(g.grad()))};
  };
  define_execution("softmax_cross_entropy", compile_dense);

  Op& grad = define_op("softmax_cross_entropy_grad");
  grad.type = loss_grad_type<check_targets>;
  grad.gradient = dense_second;
  define_execution("softmax_cross_entropy_grad", compile_dense_grad);
}

[[maybe_unused]] const bool registered = [] {
  define_sparse();
  define_dense();
  return true;
}();

}  // namespace

}  // namespace axone
