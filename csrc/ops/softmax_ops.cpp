// softmax, log_softmax and logsumexp: their kernels work on the last axis, other axes are transposed to it.
#include "kernels/softmax.h"
#include "ops/execution.h"
#include "ops/reduce_shape.h"
#include "ops/rows.h"
#include "ops/rules.h"

namespace axone {

namespace {

int64_t last_axis(const Shape& shape) {
  return int64_t(shape.size()) - 1;
}

Sym sum_last(const Sym& x) {
  return sum(x, {last_axis(x.shape())}, true);
}

// ---- softmax, log_softmax

std::vector<TensorType> softmax_type(const OpCall& c) {
  expect_inputs(c, 1);
  expect_float(c, 0);
  axis_of(c);
  return {c.in(0)};
}

// (y, dy) -> dx along the last axis.
std::vector<TensorType> softmax_grad_type(const OpCall& c) {
  expect_inputs(c, 2);
  expect_float(c, 0);
  expect_rank(c, 0, 1);
  require<TypeError>(c.in(0) == c.in(1), c.name(), ": expected an output and a gradient of one type");
  return {c.in(0)};
}

void define_softmax(const char* name, const char* grad, GradientRule second) {
  Op& op = define_op(name);
  op.type = softmax_type;
  op.simplify = on_last_axis(name);
  op.gradient = [grad](const GradientCall& g) -> std::vector<Sym> {
    return {g.out().apply(grad, {g.grad()})};
  };
  define_execution(name, [](const OpCall& c) {
    const auto kernel =
        kernel_function<SoftmaxRows>(kernel_name("softmax.", c.name()).c_str(), c.in(0).dtype);
    return row_instruction(c, [kernel](const Operands& io, const RowShare& s) {
      kernel(s.at(io.out[0]), s.at(io.in[0]), s.rows, s.n);
    });
  });

  Op& gradient = define_op(grad);
  gradient.type = softmax_grad_type;
  gradient.gradient = std::move(second);
  define_execution(grad, [](const OpCall& c) {
    const auto kernel =
        kernel_function<SoftmaxGradRows>(kernel_name("softmax.", c.name()).c_str(), c.in(0).dtype);
    return row_instruction(c, [kernel](const Operands& io, const RowShare& s) {
      kernel(s.at(io.out[0]), s.at(io.in[0]), s.at(io.in[1]), s.rows, s.n);
    });
  });
}

// Of dx = y (dy - sum(y dy)).
std::vector<Sym> softmax_second(const GradientCall& g) {
  const Sym &y = g.in(0), &dy = g.in(1), &upper = g.grad();
  return {upper * (dy - sum_last(y * dy)) - dy * sum_last(upper * y), y.apply("softmax_grad", {upper})};
}

// Of dx = dy - e^y sum(dy).
std::vector<Sym> log_softmax_second(const GradientCall& g) {
  const Sym &dy = g.in(1), &upper = g.grad();
  const Sym weighted = g.in(0).apply("exp") * upper;
  return {-(weighted * sum_last(dy)), upper - sum_last(weighted)};
}

// ---- logsumexp

std::vector<TensorType> logsumexp_type(const OpCall& c) {
  expect_inputs(c, 1);
  expect_float(c, 0);
  return {{c.in(0).dtype, result_shape(c.attrs, c.in(0).shape, c.name())}};
}

Value simplify_logsumexp(Graph& g, const std::vector<Value>& in, const Attrs& attrs) {
  const Sym x(g, in[0]);
  const Shape shape = x.shape(), result = result_shape(attrs, shape, "logsumexp");
  const Axes axes = reduced_axes(attrs, shape.size(), "logsumexp");
  if (axes == Axes{last_axis(shape)} && !attrs.get<bool>("keepdims", false)) return {};
  const AxesLast line(x, axes);
  const Axes last{last_axis(line.flat.shape())};
  return reshape(line.flat.apply("logsumexp", {}, {{"axes", last}, {"keepdims", false}}), result).value();
}

void define_logsumexp() {
  Op& op = define_op("logsumexp");
  op.type = logsumexp_type;
  op.simplify = simplify_logsumexp;
  op.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    const int64_t last = last_axis(g.in(0).shape());
    return {(g.in(0) - expand(g.out(), last)).apply("exp") * expand(g.grad(), last)};
  };
  define_execution("logsumexp", [](const OpCall& c) {
    const auto kernel = kernel_function<LogSumExpRows>("softmax.logsumexp_rows", c.in(0).dtype);
    return row_instruction(c, [kernel](const Operands& io, const RowShare& s) {
      kernel(s.scalar(io.out[0]), s.at(io.in[0]), s.rows, s.n);
    });
  });
}

[[maybe_unused]] const bool registered = [] {
  define_softmax("softmax", "softmax_grad", softmax_second);
  define_softmax("log_softmax", "log_softmax_grad", log_softmax_second);
  define_logsumexp();
  return true;
}();

}  // namespace

}  // namespace axone
