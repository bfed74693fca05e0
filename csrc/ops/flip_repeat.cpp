// flip: axes read backwards; repeat: every element several times along an axis.
#include "ops/execution.h"
#include "ops/rules.h"
#include "ops/strided_copy.h"

namespace axone {

namespace {

std::unique_ptr<Instruction> copy_instruction(const char* name, StridedCopy copy) {
  const bool serial = copy.bytes() < kSerialBytes;
  return make_instruction(name, serial, [copy = std::move(copy)](const Lane& lane, const Operands& io) {
    copy.run(lane, io.in[0], io.out[0]);
  });
}

std::vector<TensorType> flip_type(const OpCall& c) {
  expect_inputs(c, 1);
  normalize_axes(c.attrs.get<Axes>("axes"), c.in(0).shape.size(), "flip");
  return {c.in(0)};
}

std::unique_ptr<Instruction> compile_flip(const OpCall& c) {
  const Shape& shape = c.out().shape;
  const std::vector<int64_t> dst = dense_strides(shape);
  std::vector<int64_t> src = dst;
  int64_t offset = 0;
  for (int64_t a : normalize_axes(c.attrs.get<Axes>("axes"), shape.size(), "flip")) {
    offset += (shape[size_t(a)] - 1) * src[size_t(a)];
    src[size_t(a)] = -src[size_t(a)];
  }
  return copy_instruction("flip", StridedCopy(shape, src, dst, item_size(c.out().dtype), offset));
}

std::vector<TensorType> repeat_type(const OpCall& c) {
  expect_inputs(c, 1);
  const int64_t repeats = c.attrs.get<int64_t>("repeats");
  require(repeats >= 0, "repeat: expected repeats of at least 0, got ", repeats);
  TensorType out = c.in(0);
  int64_t& n = out.shape[size_t(axis_of(c))];
  require<MemoryError>(!__builtin_mul_overflow(n, repeats, &n),
                       "repeat: the result is larger than the address space");
  element_count(out.shape);
  return {out};
}

// The gradient adds up an element's copies: the axis is split into (n, repeats) and the second part summed.
std::vector<Sym> repeat_gradient(const GradientCall& g) {
  const Shape shape = g.in(0).shape();
  const int64_t axis = normalize_axis(g.attrs.get<int64_t>("axis"), shape.size(), "repeat");
  Shape split = shape;
  split.insert(split.begin() + axis + 1, g.attrs.get<int64_t>("repeats"));
  return {sum(reshape(g.grad(), split), {axis + 1})};
}

std::unique_ptr<Instruction> compile_repeat(const OpCall& c) {
  const AxisView v(c.in(0).shape, axis_of(c));
  const int64_t repeats = c.attrs.get<int64_t>("repeats");
  const Shape sizes{v.outer * v.n, repeats, v.inner};
  return copy_instruction(
      "repeat", StridedCopy(sizes, {v.inner, 0, 1}, dense_strides(sizes), item_size(c.out().dtype)));
}

[[maybe_unused]] const bool registered = [] {
  Op& flip = define_op("flip");
  flip.type = flip_type;
  flip.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    return {g.grad().apply("flip", {}, g.attrs)};
  };
  define_execution("flip", compile_flip);

  Op& repeat = define_op("repeat");
  repeat.type = repeat_type;
  repeat.gradient = repeat_gradient;
  define_execution("repeat", compile_repeat);
  return true;
}();

}  // namespace

}  // namespace axone
