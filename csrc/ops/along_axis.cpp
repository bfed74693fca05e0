// take_along_axis: elements by index, every line along the axis with indices of its own; put_along_axis_add,
// put_along_axis_sum: its adjoint, added to a tensor or to zeros. Out-of-range indices: as in gather.cpp.
#include "ops/execution.h"
#include "ops/index.h"
#include "ops/lines.h"
#include "ops/rules.h"

namespace axone {

namespace {

void expect_equal_but_axis(const OpCall& c, const Shape& x, const Shape& indices, int64_t axis) {
  Shape expected = x;
  if (expected.size() == indices.size()) expected[size_t(axis)] = indices[size_t(axis)];
  require(expected == indices, c.name(), ": expected indices of the tensor's shape ", x,
          " except along axis ", axis, ", got shape ", indices);
}

std::vector<TensorType> take_type(const OpCall& c) {
  expect_inputs(c, 2);
  expect_integer(c, 1, "indices");
  expect_rank(c, 0, 1);
  expect_equal_but_axis(c, c.in(0).shape, c.in(1).shape, axis_of(c));
  return {{c.in(0).dtype, c.in(1).shape}};
}

std::vector<TensorType> put_add_type(const OpCall& c) {
  expect_inputs(c, 3);
  expect_integer(c, 1, "indices");
  expect_rank(c, 0, 1);
  expect_number(c, 0);
  expect_same_dtype(c, 0, 2);
  expect_equal_but_axis(c, c.in(0).shape, c.in(1).shape, axis_of(c));
  require(c.in(2).shape == c.in(1).shape, c.name(), ": expected updates of the indices' shape ",
          c.in(1).shape, ", got ", c.in(2).shape);
  return {c.in(0)};
}

// put_along_axis_sum(indices, updates){axis, size}: the axis has that size in the result.
std::vector<TensorType> put_sum_type(const OpCall& c) {
  expect_inputs(c, 2);
  expect_integer(c, 0, "indices");
  expect_rank(c, 0, 1);
  expect_number(c, 1);
  const int64_t size = c.attrs.get<int64_t>("size");
  require(c.in(0).shape == c.in(1).shape && size >= 0, c.name(), ": expected updates of the indices' shape ",
          c.in(0).shape, ", got ", c.in(1).shape);
  TensorType out = c.in(1);
  out.shape[size_t(axis_of(c))] = size;
  element_count(out.shape);
  return {out};
}

Sym take(const Sym& x, const Sym& indices, int64_t axis) {
  return x.apply("take_along_axis", {indices}, {{"axis", axis}});
}

// ---- execution: a lane owns whole lines

// x: the tensor that is read; count: indices along its axis.
template <class I, class U>
void take_lines(const Lane& lane, const Operands& io, const AxisView& x, int64_t count) {
  const U* in = io.input<U>(0);
  const I* indices = io.input<I>(1);
  U* out = io.output<U>();
  for_each_line_run(lane, x.outer, x.inner, 1, [&](int64_t o, int64_t first, int64_t last) {
    for (int64_t j = 0; j < count; ++j) {
      const int64_t row = (o * count + j) * x.inner;
      for (int64_t k = first; k < last; ++k) {
        const int64_t i = resolve_index(indices[row + k], x.n);
        if (i < 0) io.status->report("take_along_axis: index out of range", int64_t(indices[row + k]));
        out[row + k] = i < 0 ? U(0) : in[(o * x.n + i) * x.inner + k];
      }
    }
  });
}

// x: the result; count: indices along its axis.
template <class I, class T>
void put_lines(const Lane& lane, const AxisView& x, int64_t count, const T* base, const I* indices,
               const T* updates, T* out, RunStatus* status) {
  for_each_line_run(lane, x.outer, x.inner, 1, [&](int64_t o, int64_t first, int64_t last) {
    for (int64_t i = 0; i < x.n; ++i)
      for (int64_t k = first, row = (o * x.n + i) * x.inner; k < last; ++k)
        out[row + k] = base ? base[row + k] : T(0);
    for (int64_t j = 0; j < count; ++j) {
      const int64_t row = (o * count + j) * x.inner;
      for (int64_t k = first; k < last; ++k) {
        const int64_t i = resolve_index(indices[row + k], x.n);
        if (i < 0) {
          status->report("put_along_axis: index out of range", int64_t(indices[row + k]));
          continue;
        }
        T& target = out[(o * x.n + i) * x.inner + k];
        target = T(target + updates[row + k]);
      }
    }
  });
}

std::unique_ptr<Instruction> compile_take(const OpCall& c) {
  const AxisView x(c.in(0).shape, axis_of(c));
  const int64_t count = AxisView(c.in(1).shape, axis_of(c)).n;
  const bool serial = 2 * int64_t(byte_size(c.out())) < kSerialBytes;
  std::unique_ptr<Instruction> result;
  dispatch_integer(c.in(1).dtype, [&](auto* i) {
    dispatch_size(item_size(c.out().dtype), [&](auto* u) {
      using I = std::remove_pointer_t<decltype(i)>;
      using U = std::remove_pointer_t<decltype(u)>;
      result = make_instruction("take_along_axis", serial, [=](const Lane& lane, const Operands& io) {
        take_lines<I, U>(lane, io, x, count);
      });
    });
  });
  return result;
}

// `has_base`: the inputs are (x, indices, updates) rather than (indices, updates).
template <bool has_base>
std::unique_ptr<Instruction> compile_put(const OpCall& c) {
  constexpr size_t first = has_base ? 1 : 0;
  const AxisView x(c.out().shape, axis_of(c));
  const int64_t count = AxisView(c.in(first).shape, axis_of(c)).n;
  const bool serial = int64_t(byte_size(c.out())) + 2 * int64_t(byte_size(c.in(first + 1))) < kSerialBytes;
  const char* name = c.name();
  return make_indexed(c.in(first).dtype, c.out().dtype, [&](auto i, auto t) {
    using I = decltype(i);
    using T = decltype(t);
    return make_instruction(name, serial, [=](const Lane& lane, const Operands& io) {
      put_lines(lane, x, count, has_base ? io.input<T>(0) : nullptr, io.input<I>(first),
                io.input<T>(first + 1), io.output<T>(), io.status);
    });
  });
}

[[maybe_unused]] const bool registered = [] {
  Op& take_op = define_op("take_along_axis");
  take_op.type = take_type;
  take_op.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    const Shape shape = g.in(0).shape();
    const int64_t axis = normalize_axis(g.attrs.get<int64_t>("axis"), shape.size(), "take_along_axis");
    const Attrs attrs{{"axis", axis}, {"size", shape[size_t(axis)]}};
    return {g.in(1).apply("put_along_axis_sum", {g.grad()}, attrs), Sym()};
  };
  define_execution("take_along_axis", compile_take);

  Op& add = define_op("put_along_axis_add");
  add.type = put_add_type;
  add.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    return {g.grad(), Sym(), take(g.grad(), g.in(1), g.attrs.get<int64_t>("axis"))};
  };
  define_execution("put_along_axis_add", compile_put<true>);

  Op& put = define_op("put_along_axis_sum");
  put.type = put_sum_type;
  put.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    return {Sym(), take(g.grad(), g.in(0), g.attrs.get<int64_t>("axis"))};
  };
  define_execution("put_along_axis_sum", compile_put<false>);
  return true;
}();

}  // namespace

}  // namespace axone
