// reshape and bitcast: the same memory under another shape or element type.
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

// The shape that is there needs no node.
Value simplify_reshape(Graph& g, const std::vector<Value>& in, const Attrs& attrs) {
  return g.shape(in[0]) == attrs.get<Shape>("shape") ? in[0] : Value{};
}

// Only the last shape of a chain counts.
Value shorten_reshape(Graph& g, const std::vector<Value>& in, const Attrs& attrs) {
  return is_op(g, in[0], "reshape") ? g.add("reshape", {g.node(in[0]).inputs[0]}, attrs) : Value{};
}

// The last axis takes up the difference of the items' sizes, as in NumPy's view.
std::vector<TensorType> bitcast_type(const OpCall& c) {
  expect_inputs(c, 1);
  const DType to = dtype_from_name(c.attrs.get<std::string>("dtype").c_str()), from = c.in(0).dtype;
  require<TypeError>(to == from || to != DType::b8, "view: the bytes of ", dtype_name(from),
                     " are no booleans; compare them with 0 instead");
  Shape shape = c.in(0).shape;
  if (item_size(to) == item_size(from)) return {{to, shape}};
  require(!shape.empty(), "view: a scalar of ", dtype_name(from), " cannot be seen as ", dtype_name(to),
          ", whose items have another size");
  const int64_t bytes = shape.back() * int64_t(item_size(from));
  require(bytes % int64_t(item_size(to)) == 0, "view: the last axis of shape ", shape, " has ", bytes,
          " bytes, which is no multiple of the ", item_size(to), " of ", dtype_name(to));
  shape.back() = bytes / int64_t(item_size(to));
  return {{to, shape}};
}

[[maybe_unused]] const bool registered = [] {
  Op& op = define_op("reshape");
  op.view = true;
  op.type = reshape_type;
  op.simplify = simplify_reshape;
  op.shortcut = shorten_reshape;
  op.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    const Shape shape = g.in(0).shape();
    return {reshape(g.grad(), shape)};
  };
  Op& bits = define_op("bitcast");
  bits.view = true;
  bits.type = bitcast_type;
  return true;
}();

}  // namespace

}  // namespace axone
