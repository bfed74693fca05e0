// Reductions over any axes: sum, max, min, prod, any, all, sumsq (of squares); mean is a sum's.
#include <algorithm>
#include <cstring>
#include <numeric>

#include "ops/execution.h"
#include "ops/reduce_plan.h"
#include "ops/reduce_shape.h"
#include "ops/rules.h"

namespace axone {

namespace {

// ---- types

std::vector<TensorType> reduced_type(const OpCall& c) {
  expect_inputs(c, 1);
  return {{c.in(0).dtype, result_shape(c.attrs, c.in(0).shape, c.name())}};
}

std::vector<TensorType> number_type(const OpCall& c) {
  expect_inputs(c, 1);
  expect_number(c, 0);
  return reduced_type(c);
}

std::vector<TensorType> float_type(const OpCall& c) {
  expect_inputs(c, 1);
  expect_float(c, 0);
  return reduced_type(c);
}

std::vector<TensorType> bool_type(const OpCall& c) {
  expect_inputs(c, 1);
  require<TypeError>(c.in(0).dtype == DType::b8, c.name(), ": expected a bool tensor, got ",
                     dtype_name(c.in(0).dtype));
  return reduced_type(c);
}

// An extreme of nothing does not exist.
std::vector<TensorType> extreme_type(const OpCall& c) {
  expect_inputs(c, 1);
  for (int64_t a : reduced_axes(c.attrs, c.in(0).shape.size(), c.name()))
    require(c.in(0).shape[size_t(a)] > 0, c.name(), ": axis ", a, " of shape ", c.in(0).shape,
            " is empty; a ", c.name(), " needs at least one element");
  return reduced_type(c);
}

// ---- simplification

// What is reduced has one element each: the result is x itself in another shape.
bool reduces_nothing(const Graph& g, Value x, const Attrs& attrs, const char* op) {
  const Shape& shape = g.shape(x);
  for (int64_t a : reduced_axes(attrs, shape.size(), op))
    if (shape[size_t(a)] != 1) return false;
  return true;
}

SimplifyRule reshape_if_nothing_reduced(const char* op) {
  return [op](Graph& g, const std::vector<Value>& in, const Attrs& attrs) -> Value {
    if (!reduces_nothing(g, in[0], attrs, op)) return {};
    const Shape to = result_shape(attrs, g.shape(in[0]), op);
    return g.add("reshape", {in[0]}, {{"shape", to}});
  };
}

// The sum of x c, where c is the same along all that is summed, is c times the sum of x: a pass less over
// memory, and often a sum that is needed anyway (batch normalisation's gradients).
Value take_out_factor(Graph& g, Value product, const Attrs& attrs) {
  if (!is_op(g, product, "multiply") || !is_float(g.dtype(product))) return {};
  const Shape shape = g.shape(product);
  const Axes axes = reduced_axes(attrs, shape.size(), "sum");
  const std::vector<Value> factors = g.node(product).inputs;
  for (size_t i = 0; i < 2; ++i) {
    const Sym x(g, factors[i]), c(g, factors[1 - i]);
    if (x.shape() != shape || element_count(c.shape()) == element_count(shape)) continue;
    Shape full(shape.size() - c.shape().size(), 1);
    full.insert(full.end(), c.shape().begin(), c.shape().end());
    if (std::any_of(axes.begin(), axes.end(), [&](int64_t a) { return full[size_t(a)] != 1; })) continue;
    const Sym total = x.apply("sum", {}, attrs);
    const Sym factor = reshape(c, result_shape(attrs, full, "sum"));
    return (total * factor).value();
  }
  return {};
}

// The sequences (samples, steps, ...) over whose steps a sum adds up, 0 if it is another. The
// attribute "samples" says so where they have another shape.
int64_t sequences_of_sum(const Attrs& attrs, const Shape& shape) {
  const bool whole = shape.size() > 2 && reduced_axes(attrs, shape.size(), "sum") == Axes{0, 1};
  return whole ? shape[0] : attrs.get<int64_t>("samples", 0);
}

// Squares need no memory of their own; rows are added up where they were made, whatever axes they got then.
Value shorten_sum(Graph& g, const std::vector<Value>& in, const Attrs& attrs) {
  if (Value v = take_out_factor(g, in[0], attrs)) return v;
  if (is_op(g, in[0], "neg")) return (-Sym(g, g.node(in[0]).inputs[0]).apply("sum", {}, attrs)).value();
  const bool reshaped = is_op(g, in[0], "reshape");
  const Value from = reshaped ? g.node(in[0]).inputs[0] : in[0];
  const Shape shape = g.shape(in[0]), before = g.shape(from);
  if (is_op(g, from, "square") && is_float(g.dtype(from)))
    return g.add("sumsq", {reshape({g, g.node(from).inputs[0]}, shape).value()}, attrs);
  if (!reshaped) return {};
  const Axes axes = reduced_axes(attrs, shape.size(), "sum");
  const bool rows =
      !axes.empty() && axes.size() + 1 == shape.size() && axes.back() + 2 == int64_t(shape.size());
  if (!rows || before.size() < 2 || before.back() != shape.back()) return {};
  Axes leading(before.size() - 1);
  std::iota(leading.begin(), leading.end(), 0);
  Attrs plain{{"axes", leading}, {"keepdims", false}};
  const int64_t samples = sequences_of_sum(attrs, shape);
  if (samples) plain.set("samples", samples);
  const Value total = g.add("sum", {from}, plain);
  return g.add("reshape", {total}, {{"shape", result_shape(attrs, shape, "sum")}});
}

Value simplify_mean(Graph& g, const std::vector<Value>& in, const Attrs& attrs) {
  const Sym x(g, in[0]);
  const Shape shape = x.shape();
  double count = 1;
  for (int64_t a : reduced_axes(attrs, shape.size(), "mean")) count *= double(shape[size_t(a)]);
  return (x.apply("sum", {}, attrs) / count).value();
}

// ---- gradients

// dy, or the result, with the reduced axes back as axes of size 1.
Sym keep_axes(const GradientCall& g, const Sym& v) {
  const Shape shape = g.in(0).shape();
  return reshape(v, kept_shape(shape, reduced_axes(g.attrs, shape.size(), "reduction")));
}

Sym spread(const GradientCall& g) {
  const Shape shape = g.in(0).shape();
  return broadcast_to(keep_axes(g, g.grad()), shape);
}

// Equal extremes share the gradient.
std::vector<Sym> extreme_gradient(const GradientCall& g) {
  const size_t rank = g.in(0).shape().size();
  const Axes axes = reduced_axes(g.attrs, rank, "reduction");
  const Sym hit = cast(g.in(0).apply("equal", {keep_axes(g, g.out())}), g.grad().dtype());
  return {hit * (keep_axes(g, g.grad()) / sum(hit, axes, true))};
}

// The gradient by an element is the product of the others: those before it times those after it. No division,
// so that zeros are no special case. The reduced axes are made one and put last for it.
std::vector<Sym> prod_gradient(const GradientCall& g) {
  const Shape shape = g.in(0).shape();
  const Axes axes = reduced_axes(g.attrs, shape.size(), "prod");
  if (element_count(shape) == 0) return {zeros_like(g.in(0))};
  const AxesLast line(g.in(0), axes);
  const int64_t last = int64_t(line.flat.shape().size()) - 1;
  const Sym before =
      shifted(line.flat, last, true, 1).apply("cumprod", {}, {{"axis", last}, {"reverse", false}});
  const Sym after =
      shifted(line.flat, last, false, 1).apply("cumprod", {}, {{"axis", last}, {"reverse", true}});
  return {line.back(before * after) * spread(g)};
}

// ---- execution

std::unique_ptr<Instruction> compile_reduction(const OpCall& c) {
  Shape shape = c.in(0).shape;
  Axes axes = reduced_axes(c.attrs, shape.size(), c.name());
  if (const int64_t samples = c.attrs.get<int64_t>("samples", 0)) {
    const int64_t rows = element_count(Shape(shape.begin(), shape.end() - 1));
    shape = {samples, rows / samples, shape.back()};
    axes = {0, 1};
  }
  ReducePlan plan(c.name(), c.in(0).dtype, shape, axes);
  const size_t scratch = plan.scratch_bytes();
  const bool serial = int64_t(byte_size(c.in(0)) + byte_size(c.out())) < kSerialBytes;
  return make_instruction(
      c.name(), serial,
      [plan = std::move(plan)](const Lane& lane, const Operands& io) {
        plan.run(lane, io.in[0], io.out[0], io.scratch);
      },
      scratch);
}

// A sum over all rows of a matrix.
ColumnStatistic statistic_of_sum(const Graph& g, const Node& n) {
  const TensorType& x = g.type(n.inputs[0]);
  const Axes axes = reduced_axes(n.attrs, x.shape.size(), "sum");
  for (size_t i = 0; i < axes.size(); ++i)
    if (axes[i] != int64_t(i)) return {};
  const int64_t samples = sequences_of_sum(n.attrs, x.shape);
  return {followed_columns(x, element_count(n.outputs[0].shape), samples), StatisticKind::sum, samples};
}

// The sum of all squares: of a gradient, say, whose norm is wanted.
ColumnStatistic statistic_of_squares(const Graph& g, const Node& n) {
  const TensorType& x = g.type(n.inputs[0]);
  if (x.shape.empty() || element_count(n.outputs[0].shape) != 1) return {};
  return {followed_columns(x, x.shape.back()), StatisticKind::squares};
}

Op& reduction(const char* name, TypeRule type, GradientRule gradient) {
  Op& op = define_op(name);
  op.type = std::move(type);
  op.gradient = std::move(gradient);
  op.simplify = reshape_if_nothing_reduced(name);
  define_execution(name, compile_reduction);
  return op;
}

[[maybe_unused]] const bool registered = [] {
  Op& sum =
      reduction("sum", number_type, [](const GradientCall& g) -> std::vector<Sym> { return {spread(g)}; });
  sum.shortcut = shorten_sum;
  sum.statistic = statistic_of_sum;
  Op& squares = reduction("sumsq", float_type, [](const GradientCall& g) -> std::vector<Sym> {
    return {g.in(0) * (keep_axes(g, g.grad()) * 2.0)};
  });
  squares.simplify = {};
  squares.statistic = statistic_of_squares;
  reduction("prod", number_type, prod_gradient);
  reduction("max", extreme_type, extreme_gradient);
  reduction("min", extreme_type, extreme_gradient);
  reduction("any", bool_type, {});
  reduction("all", bool_type, {});

  Op& mean = define_op("mean");
  mean.type = float_type;
  mean.simplify = simplify_mean;
  return true;
}();

}  // namespace

}  // namespace axone
