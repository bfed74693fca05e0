// concatenate: tensors one after another along an axis.
#include "ops/execution.h"
#include "ops/rules.h"
#include "ops/strided_copy.h"

namespace axone {

namespace {

std::vector<TensorType> concatenate_type(const OpCall& c) {
  require(!c.inputs.empty(), "concatenate: expected at least one tensor, got none");
  expect_rank(c, 0, 1);
  const int64_t axis = axis_of(c);
  TensorType out = c.in(0);
  for (size_t i = 1; i < c.inputs.size(); ++i) {
    expect_same_dtype(c, 0, i);
    Shape rest = c.in(i).shape;
    require(rest.size() == out.shape.size(), "concatenate: expected tensors with ", out.shape.size(),
            " axes, got shape ", rest);
    out.shape[size_t(axis)] += rest[size_t(axis)];
    rest[size_t(axis)] = out.shape[size_t(axis)];
    require(rest == out.shape, "concatenate: shapes ", c.in(0).shape, " and ", c.in(i).shape,
            " must be equal except along axis ", axis);
  }
  element_count(out.shape);
  return {out};
}

std::vector<Sym> concatenate_gradient(const GradientCall& g) {
  const Shape total = g.out().shape();
  const int64_t axis = normalize_axis(g.attrs.get<int64_t>("axis"), total.size(), "concatenate");
  Axes starts(total.size(), 0);
  const Axes steps(total.size(), 1);
  std::vector<Sym> out;
  for (const Sym& x : g.inputs) {
    const Shape sizes = x.shape();
    out.push_back(g.grad().apply("slice", {}, {{"starts", starts}, {"sizes", sizes}, {"steps", steps}}));
    starts[size_t(axis)] += sizes[size_t(axis)];
  }
  return out;
}

std::unique_ptr<Instruction> compile_concatenate(const OpCall& c) {
  const int64_t axis = axis_of(c);
  const AxisView to(c.out().shape, axis);
  std::vector<StridedCopy> copies;
  int64_t offset = 0;
  for (const TensorType& t : c.inputs) {
    const AxisView from(t.shape, axis);
    const int64_t run = from.n * from.inner;
    copies.emplace_back(Shape{from.outer, run}, StridedCopy::Strides{run, 1},
                        StridedCopy::Strides{to.n * to.inner, 1}, item_size(t.dtype), 0, offset);
    offset += run;
  }
  const bool serial = 2 * int64_t(byte_size(c.out())) < kSerialBytes;
  return make_instruction("concatenate", serial,
                          [copies = std::move(copies)](const Lane& lane, const Operands& io) {
                            for (size_t i = 0; i < copies.size(); ++i)
                              copies[i].run(lane, io.in[i], io.out[0]);
                          });
}

[[maybe_unused]] const bool registered = [] {
  Op& op = define_op("concatenate");
  op.type = concatenate_type;
  op.gradient = concatenate_gradient;
  op.simplify = [](Graph&, const std::vector<Value>& in, const Attrs&) {
    return in.size() == 1 ? in[0] : Value{};
  };
  define_execution("concatenate", compile_concatenate);
  return true;
}();

}  // namespace

}  // namespace axone
