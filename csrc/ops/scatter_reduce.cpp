// scatter_reduce(x (rows, inner), indices (count,), updates (count, inner)){kind}: x with updates joined to
// its rows by "max", "min", "multiply", or "update", by which the last update of a row replaces it.
#include <algorithm>
#include <numeric>

#include "ops/execution.h"
#include "ops/index.h"
#include "ops/rules.h"

namespace axone {

namespace {

const char* const kKinds[] = {"max", "min", "multiply", "update"};
enum Kind { kMax, kMin, kMultiply, kUpdate };

Kind kind_of(const Attrs& attrs) {
  const std::string name = attrs.get<std::string>("kind");
  const auto* found = std::find(std::begin(kKinds), std::end(kKinds), name);
  require(found != std::end(kKinds), "scatter_reduce: there is no kind '", name, "'");
  return Kind(found - kKinds);
}

std::vector<TensorType> scatter_reduce_type(const OpCall& c) {
  expect_inputs(c, 3);
  expect_integer(c, 1, "indices");
  expect_same_dtype(c, 0, 2);
  const Kind kind = kind_of(c.attrs);
  require<TypeError>(kind == kUpdate || c.in(0).dtype != DType::b8, c.name(), ": expected numbers, got bool");
  const Shape &x = c.in(0).shape, &indices = c.in(1).shape, &updates = c.in(2).shape;
  require(x.size() == 2 && indices.size() == 1 && updates == Shape{indices[0], x[1]}, c.name(),
          ": expected shapes (rows, inner), (count,) and (count, inner), got ", x, ", ", indices, " and ",
          updates);
  return {c.in(0)};
}

template <Kind kind, class T>
void join(T* target, const T* source, int64_t n) {
  for (int64_t k = 0; k < n; ++k) {
    if constexpr (kind == kMax)
      target[k] = source[k] > target[k] || source[k] != source[k] ? source[k] : target[k];
    else if constexpr (kind == kMin)
      target[k] = source[k] < target[k] || source[k] != source[k] ? source[k] : target[k];
    else if constexpr (kind == kMultiply)
      target[k] = T(target[k] * source[k]);
    else
      target[k] = source[k];
  }
}

// A lane owns columns, so that a row's updates come in order.
template <Kind kind, class T, class I>
void scatter_columns(const Lane& lane, const Operands& io, int64_t rows, int64_t inner, int64_t count) {
  constexpr int64_t kLine = 16;
  int64_t begin, end;
  lane.share(ceil_div(inner, kLine), &begin, &end);
  begin *= kLine, end = std::min(end * kLine, inner);
  const T *x = io.input<T>(0), *updates = io.input<T>(2);
  T* out = io.output<T>();
  if (begin < end && x != out)
    for (int64_t r = 0; r < rows; ++r)
      std::copy(x + r * inner + begin, x + r * inner + end, out + r * inner + begin);
  for (int64_t j = 0; j < count; ++j) {
    const int64_t r = resolve_index(io.input<I>(1)[j], rows);
    if (r < 0)
      io.status->report("scatter: index out of range", int64_t(io.input<I>(1)[j]));
    else if (begin < end)
      join<kind>(out + r * inner + begin, updates + j * inner + begin, end - begin);
  }
}

template <Kind kind>
std::unique_ptr<Instruction> compile_kind(const OpCall& c) {
  const int64_t rows = c.in(0).shape[0], inner = c.in(0).shape[1], count = c.in(1).shape[0];
  const bool serial = int64_t(byte_size(c.out())) + int64_t(byte_size(c.in(2))) < kSerialBytes;
  constexpr bool booleans = kind == kUpdate;
  return make_indexed<booleans>(c.in(1).dtype, c.out().dtype, [&](auto i, auto t) {
    return make_instruction("scatter_reduce", serial, [=](const Lane& lane, const Operands& io) {
      scatter_columns<kind, decltype(t), decltype(i)>(lane, io, rows, inner, count);
    });
  });
}

std::unique_ptr<Instruction> compile_scatter_reduce(const OpCall& c) {
  switch (kind_of(c.attrs)) {
    case kMax:
      return compile_kind<kMax>(c);
    case kMin:
      return compile_kind<kMin>(c);
    case kMultiply:
      return compile_kind<kMultiply>(c);
    case kUpdate:
      break;
  }
  return compile_kind<kUpdate>(c);
}

Sym take(const Sym& x, const Sym& indices) {
  return x.apply("gather", {indices}, {{"axis", int64_t(0)}});
}
Sym add_rows(const Sym& x, const Sym& indices, const Sym& rows) {
  return x.apply("scatter_add", {indices, rows}, {{"axis", int64_t(0)}});
}
Sym is_equal(const Sym& a, const Sym& b, DType like) {
  return cast(a.apply("equal", {b}), like);
}

// Equal candidates share the gradient.
std::vector<Sym> extreme_gradient(const GradientCall& g) {
  const Sym &x = g.in(0), &indices = g.in(1), &updates = g.in(2), &y = g.out();
  const Sym own = is_equal(x, y, x.dtype()), theirs = is_equal(updates, take(y, indices), x.dtype());
  const Sym share = g.grad() / add_rows(own, indices, theirs);
  return {own * share, Sym(), theirs * take(share, indices)};
}

// The product of the others is y / v where no factor is 0; else of all that are not, for the only 0.
std::vector<Sym> product_gradient(const GradientCall& g) {
  const Sym &x = g.in(0), &indices = g.in(1), &updates = g.in(2);
  const auto is_zero = [](const Sym& v) { return v.apply("equal", {v.constant(0)}); };
  const auto without_zeros = [&](const Sym& v) { return select(is_zero(v), v.constant(1), v); };
  const Sym zeros = add_rows(cast(is_zero(x), x.dtype()), indices, cast(is_zero(updates), x.dtype()));
  const Sym rest = without_zeros(x).apply("scatter_reduce", {indices, without_zeros(updates)}, g.attrs);
  const auto by = [&](const Sym& v, const Sym& zeros_at, const Sym& rest_at, const Sym& dy) {
    const Sym only = cast(zeros_at.apply("equal", {zeros_at.constant(1)}), x.dtype());
    const Sym none = cast(is_zero(zeros_at), x.dtype());
    return dy * rest_at * select(is_zero(v), only, none / without_zeros(v));
  };
  return {by(x, zeros, rest, g.grad()), Sym(),
          by(updates, take(zeros, indices), take(rest, indices), take(g.grad(), indices))};
}

// A row's gradient goes to its last update, else to x.
std::vector<Sym> update_gradient(const GradientCall& g) {
  const Sym &x = g.in(0), &indices = g.in(1);
  const int64_t rows = x.shape()[0], count = indices.shape()[0];
  Tensor numbers(TensorType{DType::i64, {count, 1}});
  std::iota(static_cast<int64_t*>(numbers.data()), static_cast<int64_t*>(numbers.data()) + count, 0);
  const Sym number(g.graph, g.graph.constant(numbers));
  const Sym nobody = broadcast_to(number.constant(-1), {rows, 1});
  const Sym last = nobody.apply("scatter_reduce", {indices, number}, {{"kind", std::string("update")}});
  const Sym zero = g.grad().constant(0);
  return {select(last.apply("equal", {last.constant(-1)}), g.grad(), zero), Sym(),
          select(take(last, indices).apply("equal", {number}), take(g.grad(), indices), zero)};
}

[[maybe_unused]] const bool registered = [] {
  Op& op = define_op("scatter_reduce");
  op.over_first = true;
  op.type = scatter_reduce_type;
  op.gradient = [](const GradientCall& g) {
    const Kind kind = kind_of(g.attrs);
    return kind == kUpdate     ? update_gradient(g)
           : kind == kMultiply ? product_gradient(g)
                               : extreme_gradient(g);
  };
  define_execution("scatter_reduce", compile_scatter_reduce);
  return true;
}();

}  // namespace

}  // namespace axone
