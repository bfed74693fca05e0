// gather: slices of a tensor by index along an axis; scatter_add: slices added to a tensor. Indices may be
// negative (counted from the end); one that is out of range is reported, touches nothing and gives zeros.
#include <algorithm>
#include <cstring>

#include "ops/execution.h"
#include "ops/index.h"
#include "ops/rules.h"

namespace axone {

namespace {

Shape gathered_shape(const Shape& x, int64_t axis, const Shape& indices) {
  Shape out(x.begin(), x.begin() + axis);
  out.insert(out.end(), indices.begin(), indices.end());
  out.insert(out.end(), x.begin() + axis + 1, x.end());
  return out;
}

std::vector<TensorType> gather_type(const OpCall& c) {
  expect_inputs(c, 2);
  expect_integer(c, 1, "indices");
  expect_rank(c, 0, 1);
  const Shape out = gathered_shape(c.in(0).shape, axis_of(c), c.in(1).shape);
  element_count(out);
  return {{c.in(0).dtype, out}};
}

std::vector<TensorType> scatter_add_type(const OpCall& c) {
  expect_inputs(c, 3);
  expect_integer(c, 1, "indices");
  expect_rank(c, 0, 1);
  expect_number(c, 0);
  expect_same_dtype(c, 0, 2);
  const Shape updates = gathered_shape(c.in(0).shape, axis_of(c), c.in(1).shape);
  require(c.in(2).shape == updates, c.name(), ": expected updates of shape ", updates, ", got ",
          c.in(2).shape);
  return {c.in(0)};
}

// ---- gradients

Sym gather(const Sym& x, const Sym& indices, int64_t axis) {
  return x.apply("gather", {indices}, {{"axis", axis}});
}

std::vector<Sym> gather_gradient(const GradientCall& g) {
  const Shape shape = g.in(0).shape();
  const int64_t axis = normalize_axis(g.attrs.get<int64_t>("axis"), shape.size(), "gather");
  return {g.in(1).apply("scatter_sum", {g.grad()}, {{"axis", axis}, {"size", shape[size_t(axis)]}}), Sym()};
}

// ---- execution

template <class I>
void gather_slices(const Lane& lane, const Operands& io, const AxisView& x, int64_t count, size_t item) {
  const char* in = io.input<char>(0);
  const I* indices = io.input<I>(1);
  char* out = io.output<char>();
  const size_t run = size_t(x.inner) * item;
  int64_t begin, end;
  lane.share(run == 0 ? 0 : x.outer * count, &begin, &end);
  for (int64_t task = begin; task < end; ++task) {
    const int64_t o = task / count, i = resolve_index(indices[task % count], x.n);
    if (i < 0) {
      io.status->report("take: index out of range", int64_t(indices[task % count]));
      std::memset(out + size_t(task) * run, 0, run);
    } else {
      std::memcpy(out + size_t(task) * run, in + size_t(o * x.n + i) * run, run);
    }
  }
}

// Single elements: no call per element.
template <class I, class U>
void gather_elements(const Lane& lane, const Operands& io, const AxisView& x, int64_t count) {
  const U* in = io.input<U>(0);
  const I* indices = io.input<I>(1);
  U* out = io.output<U>();
  int64_t begin, end;
  lane.share(x.outer * count, &begin, &end);
  for (int64_t task = begin; task < end;) {
    const int64_t o = task / count, first = task % count, last = std::min(count, first + end - task);
    for (int64_t j = first; j < last; ++j, ++task) {
      const int64_t i = resolve_index(indices[j], x.n);
      if (i < 0) io.status->report("take: index out of range", int64_t(indices[j]));
      out[task] = i < 0 ? U(0) : in[o * x.n + i];
    }
  }
}

std::unique_ptr<Instruction> compile_gather(const OpCall& c) {
  const AxisView x(c.in(0).shape, axis_of(c));
  const int64_t count = element_count(c.in(1).shape);
  const size_t item = item_size(c.out().dtype);
  const bool serial = 2 * int64_t(byte_size(c.out())) < kSerialBytes;
  std::unique_ptr<Instruction> result;
  dispatch_integer(c.in(1).dtype, [&](auto* i) {
    using I = std::remove_pointer_t<decltype(i)>;
    if (x.inner != 1) {
      result = make_instruction("gather", serial, [=](const Lane& lane, const Operands& io) {
        gather_slices<I>(lane, io, x, count, item);
      });
      return;
    }
    dispatch_size(item, [&](auto* u) {
      using U = std::remove_pointer_t<decltype(u)>;
      result = make_instruction("gather", serial, [=](const Lane& lane, const Operands& io) {
        gather_elements<I, U>(lane, io, x, count);
      });
    });
  });
  return result;
}

// A lane owns a rectangle of the result, (rows of outer * n) x (columns of inner), and adds every update that
// falls into it in the order of the indices: the sums do not depend on the cut, and no two lanes write one
// element.
struct ScatterShare {
  int64_t row_begin = 0, row_end = 0, column_begin = 0, column_end = 0;

  ScatterShare(const Lane& lane, const AxisView& x) {
    constexpr int64_t kLine = 16;  // elements: 64 bytes of float32, so that lanes share no cache line
    const int64_t across = std::clamp<int64_t>(x.inner / kLine, 1, lane.count),
                  down = lane.count / int(across);
    if (lane.index >= across * down) return;
    const int64_t lines = ceil_div(x.inner, kLine), column = lane.index % across, row = lane.index / across;
    column_begin = lines * column / across * kLine;
    column_end = std::min(x.inner, lines * (column + 1) / across * kLine);
    row_begin = x.outer * x.n * row / down;
    row_end = x.outer * x.n * (row + 1) / down;
  }
};

template <class T>
void start_from(const ScatterShare& s, int64_t inner, const T* base, T* out) {
  const int64_t width = s.column_end - s.column_begin;
  if (base == out) return;  // updated in place
  for (int64_t r = s.row_begin; r < s.row_end; ++r)
    std::copy_n(base + r * inner + s.column_begin, width, out + r * inner + s.column_begin);
}

template <class I, class T>
void scatter(const Lane& lane, const AxisView& x, int64_t count, const T* base, const I* indices,
             const T* updates, T* out, RunStatus* status) {
  const ScatterShare s(lane, x);
  if (s.row_begin == s.row_end || s.column_begin == s.column_end) {
    // Nothing to write; yet out-of-range indices into an empty axis must be reported.
    for (int64_t j = 0; x.n == 0 && j < count; ++j)
      status->report("scatter: index out of range", int64_t(indices[j]));
    return;
  }
  start_from(s, x.inner, base, out);
  for (int64_t o = s.row_begin / x.n; o <= (s.row_end - 1) / x.n; ++o) {
    for (int64_t j = 0; j < count; ++j) {
      const int64_t i = resolve_index(indices[j], x.n), row = o * x.n + i;
      if (i < 0) status->report("scatter: index out of range", int64_t(indices[j]));
      if (i < 0 || row < s.row_begin || row >= s.row_end) continue;
      T* target = out + row * x.inner;
      const T* source = updates + (o * count + j) * x.inner;
      for (int64_t k = s.column_begin; k < s.column_end; ++k) target[k] = T(target[k] + source[k]);
    }
  }
}

std::unique_ptr<Instruction> compile_scatter(const OpCall& c) {
  const AxisView x(c.out().shape, axis_of(c));
  const int64_t count = element_count(c.in(1).shape);
  const bool serial = int64_t(byte_size(c.out())) + 2 * int64_t(byte_size(c.in(2))) < kSerialBytes;
  return make_indexed(c.in(1).dtype, c.out().dtype, [&](auto i, auto t) {
    using I = decltype(i);
    using T = decltype(t);
    return make_instruction("scatter_add", serial, [=](const Lane& lane, const Operands& io) {
      scatter(lane, x, count, io.input<T>(0), io.input<I>(1), io.input<T>(2), io.output<T>(), io.status);
    });
  });
}

void define_scatter_add() {
  Op& op = define_op("scatter_add");
  op.over_first = true;
  op.type = scatter_add_type;
  op.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    const size_t rank = g.in(0).shape().size();
    const int64_t axis = normalize_axis(g.attrs.get<int64_t>("axis"), rank, "scatter_add");
    return {g.grad(), Sym(), gather(g.grad(), g.in(1), axis)};
  };
  define_execution("scatter_add", compile_scatter);
}

[[maybe_unused]] const bool registered = [] {
  Op& op = define_op("gather");
  op.type = gather_type;
  op.gradient = gather_gradient;
  define_execution("gather", compile_gather);
  define_scatter_add();
  return true;
}();

}  // namespace

}  // namespace axone
