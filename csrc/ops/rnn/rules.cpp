// lstm, gru, simple_rnn: types and gradients.
#include <optional>

#include "ops/rnn/plan.h"
#include "ops/rules.h"

namespace axone {

namespace {

void expect(const OpCall& c, int i, const Shape& shape, const char* what) {
  if (i < 0) return;
  require<TypeError>(c.in(size_t(i)).dtype == c.in(0).dtype, c.name(), ": ", what, " must be ",
                     dtype_name(c.in(0).dtype), " like the inputs, got ", dtype_name(c.in(size_t(i)).dtype));
  require(c.in(size_t(i)).shape == shape, c.name(), ": ", what, " must have shape ", shape, ", got ",
          c.in(size_t(i)).shape);
}

void expect_mask(const OpCall& c, int i, const Shape& shape) {
  if (i < 0) return;
  require<TypeError>(c.in(size_t(i)).dtype == DType::b8, c.name(), ": the mask must be bool, got ",
                     dtype_name(c.in(size_t(i)).dtype));
  require(c.in(size_t(i)).shape == shape, c.name(), ": the mask must have shape ", shape, ", got ",
          c.in(size_t(i)).shape);
}

std::vector<TensorType> forward_type(const OpCall& c) {
  const RnnCell& cell = rnn_cell(c.name());
  const RnnOperands o(cell, c.attrs, false);
  expect_inputs(c, size_t(o.inputs));
  expect_float(c, 0);
  const Shape& x = c.in(0).shape;
  const Shape& kernel = c.in(1).shape;
  require(kernel.size() == 2 && kernel[1] == cell.gates * kernel[0], c.name(),
          ": the kernel must have shape (units, ", cell.gates, " units), got ", kernel);
  const int64_t units = kernel[0];
  require(x.size() == 3 && x[2] == cell.gates * units, c.name(),
          ": the projected inputs must have shape (batch, steps, ", cell.gates * units, "), got ", x);
  const Shape state{x[0], units};
  expect(c, o.kernel, kernel, "the kernel");
  expect(c, o.h0, state, "the first state");
  expect(c, o.c0, state, "the first memory");
  expect(c, o.bias, {cell.gates * units}, "the bias");
  expect_mask(c, o.mask, {x[0], x[1]});
  const DType t = c.in(0).dtype;
  std::vector<TensorType> out{{t, {x[0], x[1], units}}, {t, state}};
  if (cell.memory) out.push_back({t, state});
  if (o.kept >= 0) out.push_back({t, {x[0], x[1], cell.kept * units}});
  if (o.c_all >= 0) out.push_back({t, {x[0], x[1], units}});
  return out;
}

std::vector<TensorType> gradient_type(const OpCall& c) {
  const RnnCell& cell = rnn_cell(c.name());
  const RnnOperands o(cell, c.attrs, true);
  expect_inputs(c, size_t(o.inputs));
  expect_float(c, 0);
  require(c.in(0).shape.size() == 3, c.name(), ": the states must have 3 axes, got shape ", c.in(0).shape);
  const Shape all = c.in(0).shape;
  const int64_t batch = all[0], steps = all[1], units = all[2];
  expect(c, o.kernel, {units, cell.gates * units}, "the kernel");
  for (int i : {o.h0, o.c0, o.h_last_grad, o.c_last_grad}) expect(c, i, {batch, units}, "a state");
  expect(c, o.kept, {batch, steps, cell.kept * units}, "the gates");
  for (int i : {o.c_all, o.h_grad}) expect(c, i, all, "a sequence");
  expect_mask(c, o.mask, {batch, steps});
  const DType t = c.in(0).dtype;
  std::vector<TensorType> out{{t, {batch, steps, cell.gates * units}}};
  if (cell.two_grads) out.push_back(out[0]);
  out.push_back({t, all});
  out.push_back({t, {batch, units}});
  if (cell.memory) out.push_back({t, {batch, units}});
  return out;
}

// The node is made to keep what its gradient needs.
void keep(const GradientCall& g, const RnnCell& cell) {
  if (g.attrs.get<bool>("keep", false)) return;
  const Shape all = g.out().shape();
  const DType t = g.out().dtype();
  std::vector<TensorType> more;
  if (cell.kept) more.push_back({t, {all[0], all[1], cell.kept * all[2]}});
  if (cell.memory) more.push_back({t, all});
  Attrs attrs = g.attrs;
  attrs.set("keep", true);
  g.graph.extend(g.out().value().node, attrs, more);
}

// What the first step's product hands back to the state before it: of use only where that is no constant.
Sym through_first_product(const Sym& grad, const Sym& kernel, bool reverse) {
  const Shape s = grad.shape();
  const Axes starts{0, reverse ? s[1] - 1 : 0, 0}, sizes{s[0], 1, s[2]}, steps{1, 1, 1};
  const Sym first = grad.apply("slice", {}, {{"starts", starts}, {"sizes", sizes}, {"steps", steps}});
  return reshape(first, {s[0], s[2]})
      .apply("matmul", {kernel}, {{"transpose_a", false}, {"transpose_b", true}, {"samples", s[0]}});
}

// A first state of zeros needs no product.
Value start_from_zero(const RnnCell& cell, Graph& g, const std::vector<Value>& in, const Attrs& attrs) {
  double first = 1;
  if (attrs.get<bool>("zero", false) || !is_scalar_constant(g, in[2], &first) || first != 0) return {};
  Attrs more = attrs;
  more.set("zero", true);
  return g.add(cell.name, in, more);
}

// Bytes of projected inputs, and multiply-adds, up to which every lane makes those of its units by itself.
constexpr int64_t kProjectedBytes = 512 * 1024;
constexpr int64_t kProjectedWork = 4 * 1024 * 1024;

// The product, and the bias added to it, that make inputs of shape (batch, steps, width) from features.
struct Projection {
  Value features, weights, bias;
};
std::optional<Projection> projection_of(const Graph& g, Value inputs) {
  const Shape all = g.shape(inputs);
  if (!is_op(g, inputs, "reshape")) return {};
  Projection p;
  Value product = g.node(inputs).inputs[0];
  if (is_op(g, product, "add")) {
    const std::vector<Value>& terms = g.node(product).inputs;
    const size_t first = is_op(g, terms[0], "matmul") ? 0 : 1;
    p.bias = terms[1 - first];
    product = terms[first];
    if (g.shape(p.bias) != Shape{all[2]}) return {};
  }
  if (!is_op(g, product, "matmul")) return {};
  const Node& n = g.node(product);
  if (n.attrs.get<bool>("transpose_a", false) || n.attrs.get<bool>("transpose_b", false)) return {};
  if (!is_op(g, n.inputs[0], "reshape")) return {};
  p.features = g.node(n.inputs[0]).inputs[0];
  p.weights = n.inputs[1];
  const Shape from = g.shape(p.features);
  const bool sequences = from.size() == 3 && from[0] == all[0] && from[1] == all[1] && from[2] > 0;
  if (!sequences || g.shape(p.weights) != Shape{from[2], all[2]}) return {};
  return p;
}

// Who else reads the projected inputs has them made once more.
std::optional<Rewriting> with_projection(const Graph& g, const Node& n, const RnnCell& cell) {
  const Shape all = g.shape(n.inputs[0]);
  const int64_t elements = element_count(all), units = all[2] / cell.gates;
  const DType type = g.type(n.inputs[0]).dtype;
  if (n.attrs.get<bool>("keep", false) || n.attrs.has("projects")) return {};
  if (elements * int64_t(item_size(type)) > kProjectedBytes) return {};
  if (!RnnPlan(cell, type, all[0], all[1], units, false).handed_over) return {};
  const std::optional<Projection> p = projection_of(g, n.inputs[0]);
  if (!p || elements * g.shape(p->features)[2] > kProjectedWork) return {};
  Rewriting way{n.op, n.inputs, n.attrs};
  way.inputs[0] = p->features;
  way.inputs.push_back(p->weights);
  if (p->bias) way.inputs.push_back(p->bias);
  way.attrs.set("projects", int64_t(p->bias ? 2 : 1));
  return way;
}

std::vector<Sym> forward_gradient(const GradientCall& g, const RnnCell& cell) {
  keep(g, cell);
  const RnnOperands o(cell, g.attrs, false);
  const Sym first = g.out();
  const int32_t basic = cell.memory ? 3 : 2;
  std::vector<Sym> others{g.in(1), g.in(2)};
  if (cell.memory) others.push_back(g.in(size_t(o.c0)));
  if (cell.kept) others.push_back(first.output(basic));
  if (cell.memory) others.push_back(first.output(basic + 1));
  if (o.mask >= 0) others.push_back(g.in(size_t(o.mask)));
  int64_t grads = 0;
  for (int32_t k = 0; k < basic; ++k)
    if (g.grad(size_t(k))) {
      grads |= int64_t(1) << k;
      others.push_back(g.grad(size_t(k)));
    }
  const Attrs attrs{{"reverse", o.reverse}, {"mask", o.mask >= 0}, {"grads", grads}};
  const Sym back = first.apply((std::string(cell.name) + "_grad").c_str(), others, attrs);
  const RnnOperands b(cell, attrs, true);
  const Sym product = b.product_grad >= 0 ? back.output(b.product_grad) : back;
  const Shape s = product.shape();
  const int64_t rows = s[0] * s[1];
  Sym h0_grad = back.output(b.h0_grad);
  if (s[1] > 0) h0_grad = h0_grad + through_first_product(product, g.in(1), o.reverse);
  const Sym states = reshape(back.output(b.h_before), {rows, s[2] / cell.gates});
  const Sym tall = reshape(product, {rows, s[2]});
  const Attrs of_samples{{"transpose_a", true}, {"transpose_b", false}, {"samples", s[0]}};
  std::vector<Sym> out{back, states.apply("matmul", {tall}, of_samples), h0_grad};
  if (cell.memory) out.push_back(back.output(b.c0_grad));
  if (o.bias >= 0) out.push_back(sum(product, {0, 1}));
  if (o.mask >= 0) out.emplace_back();
  return out;
}

void define(const RnnCell& cell, const char* grad) {
  Op& op = define_op(cell.name);
  op.type = forward_type;
  op.gradient = [&cell](const GradientCall& g) { return forward_gradient(g, cell); };
  op.rewrite = [&cell](const Graph& g, const Node& n, const std::vector<int>&) {
    return with_projection(g, n, cell);
  };
  op.shortcut = [&cell](Graph& g, const std::vector<Value>& in, const Attrs& attrs) {
    return start_from_zero(cell, g, in, attrs);
  };
  Op& back = define_op(grad);
  back.type = gradient_type;
  back.gradient = [&cell](const GradientCall&) -> std::vector<Sym> {
    throw TypeError(
        text(cell.name, ": the fused layer has no second derivative; use RNN(...) around the layer's cell"));
  };
}

[[maybe_unused]] const bool registered = [] {
  define(kRnnCells[0], "lstm_grad");
  define(kRnnCells[1], "gru_grad");
  define(kRnnCells[2], "simple_rnn_grad");
  return true;
}();

}  // namespace

}  // namespace axone
