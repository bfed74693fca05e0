// reshape: the same memory under another shape.
#include "ops/rules.h"

namespace axone {

namespace {

std::vector<TensorType> reshape_type(const OpCall& c) {
  expect_inputs(c, 1);
  const Shape to = c.attrs.get<Shape>("shape");
  const Shape& from = c.in(0).shape;
  require(element_count(from) == element_count(to), "reshape: cannot reshape ", from, " (",
          element_count(from), " elements) to ", to, " (", element_count(to), " elements)");
  return {{c.in(0).dtype, to}};
}

// Only the last shape of a chain counts; the shape that is there needs no node.
Value simplify_reshape(Graph& g, const std::vector<Value>& in, const Attrs& attrs) {
  if (g.shape(in[0]) == attrs.get<Shape>("shape")) return in[0];
  if (is_op(g, in[0], "reshape")) return g.add("reshape", {g.node(in[0]).inputs[0]}, attrs);
  return {};
}

[[maybe_unused]] const bool registered = [] {
  Op& op = define_op("reshape");
  op.view = true;
  op.type = reshape_type;
  op.simplify = simplify_reshape;
  op.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    const Shape shape = g.in(0).shape();
    return {reshape(g.grad(), shape)};
  };
  return true;
}();

}  // namespace

}  // namespace axone
