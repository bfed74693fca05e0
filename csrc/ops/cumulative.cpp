// cumsum, cumprod and linear_scan, the recurrence s_i = a_i s_(i-1) + b_i with s_(-1) = 0 that their
// gradients need. reverse: from the last element to the first.
#include "ops/execution.h"
#include "ops/lines.h"
#include "ops/rules.h"

namespace axone {

namespace {

std::vector<TensorType> cumulative_type(const OpCall& c) {
  expect_inputs(c, 1);
  expect_number(c, 0);
  axis_of(c);
  return {c.in(0)};
}

std::vector<TensorType> scan_type(const OpCall& c) {
  expect_inputs(c, 2);
  expect_number(c, 0);
  require<TypeError>(c.in(0) == c.in(1), c.name(), ": expected factors and terms of one type");
  axis_of(c);
  return {c.in(0)};
}

// ---- gradients

struct ScanAxis {
  int64_t axis;
  bool reverse;

  explicit ScanAxis(const GradientCall& g)
      : axis(normalize_axis(g.attrs.get<int64_t>("axis"), g.in(0).shape().size(), "cumulative")),
        reverse(g.attrs.get<bool>("reverse", false)) {}
  Attrs attrs(bool backwards) const { return {{"axis", axis}, {"reverse", backwards}}; }
  // What stands one place earlier, and later, in the scan's own direction.
  Sym previous(const Sym& x, double fill) const { return shifted(x, axis, !reverse, fill); }
  Sym next(const Sym& x, double fill) const { return shifted(x, axis, reverse, fill); }
};

Sym linear_scan(const Sym& a, const Sym& b, Attrs attrs) {
  return a.apply("linear_scan", {b}, std::move(attrs));
}

std::vector<Sym> cumsum_gradient(const GradientCall& g) {
  const ScanAxis s(g);
  return {g.grad().apply("cumsum", {}, s.attrs(!s.reverse))};
}

// dx_i = (product before i) t_i with t_i = dy_i + x_(i+1) t_(i+1): no division, so that zeros are no special
// case.
std::vector<Sym> cumprod_gradient(const GradientCall& g) {
  if (element_count(g.in(0).shape()) == 0) return {g.grad()};
  const ScanAxis s(g);
  const Sym t = linear_scan(s.next(g.in(0), 1), g.grad(), s.attrs(!s.reverse));
  return {s.previous(g.out(), 1) * t};
}

// db_i = t_i with t_i = ds_i + a_(i+1) t_(i+1); da_i = t_i s_(i-1).
std::vector<Sym> scan_gradient(const GradientCall& g) {
  if (element_count(g.in(0).shape()) == 0) return {g.grad(), g.grad()};
  const ScanAxis s(g);
  const Sym t = linear_scan(s.next(g.in(0), 0), g.grad(), s.attrs(!s.reverse));
  return {t * s.previous(g.out(), 0), t};
}

// ---- execution: a lane owns whole lines; step(element, the result before it) -> result

template <class T, class First, class Step>
void scan_lines(const Lane& lane, const AxisView& v, bool reverse, T* out, First first_value, Step step) {
  if (v.n == 0) return;
  for_each_line_run(lane, v.outer, v.inner, 16, [&](int64_t o, int64_t first, int64_t last) {
    const int64_t base = o * v.n * v.inner, stride = reverse ? -v.inner : v.inner;
    int64_t row = base + (reverse ? (v.n - 1) * v.inner : 0);
    for (int64_t k = first; k < last; ++k) out[row + k] = first_value(row + k);
    if (v.inner == 1) {
      T value = out[row];
      for (int64_t i = 1; i < v.n; ++i) row += stride, out[row] = value = step(row, value);
      return;
    }
    for (int64_t i = 1; i < v.n; ++i) {
      row += stride;
      for (int64_t k = first; k < last; ++k) out[row + k] = step(row + k, out[row - stride + k]);
    }
  });
}

// Integers wrap, as NumPy's do: sums and products are formed in the unsigned type.
template <class T, bool = std::is_integral_v<T>>
struct Wrap {
  using type = T;
};
template <class T>
struct Wrap<T, true> {
  using type = std::make_unsigned_t<T>;
};
template <class T>
T wrapped_sum(T a, T b) {
  using W = typename Wrap<T>::type;
  return T(W(a) + W(b));
}
template <class T>
T wrapped_product(T a, T b) {
  using W = typename Wrap<T>::type;
  return T(W(a) * W(b));
}

template <class Make>
std::unique_ptr<Instruction> compile_lines(const OpCall& c, Make make) {
  const AxisView v(c.out().shape, axis_of(c));
  const bool reverse = c.attrs.get<bool>("reverse", false),
             serial = 2 * int64_t(byte_size(c.out())) < kSerialBytes;
  std::unique_ptr<Instruction> result;
  dispatch(c.out().dtype, [&](auto* p) {
    using T = std::remove_pointer_t<decltype(p)>;
    if constexpr (!std::is_same_v<T, bool>)
      result = make_instruction(c.name(), serial, [=](const Lane& lane, const Operands& io) {
        make(lane, io, v, reverse, static_cast<T*>(nullptr));
      });
  });
  return result;
}

std::unique_ptr<Instruction> compile_cumsum(const OpCall& c) {
  return compile_lines(c, [](const Lane& lane, const Operands& io, const AxisView& v, bool reverse, auto* p) {
    using T = std::remove_pointer_t<decltype(p)>;
    const T* x = io.input<T>(0);
    scan_lines(
        lane, v, reverse, io.output<T>(), [x](int64_t i) { return x[i]; },
        [x](int64_t i, T total) { return wrapped_sum(total, x[i]); });
  });
}

std::unique_ptr<Instruction> compile_cumprod(const OpCall& c) {
  return compile_lines(c, [](const Lane& lane, const Operands& io, const AxisView& v, bool reverse, auto* p) {
    using T = std::remove_pointer_t<decltype(p)>;
    const T* x = io.input<T>(0);
    scan_lines(
        lane, v, reverse, io.output<T>(), [x](int64_t i) { return x[i]; },
        [x](int64_t i, T total) { return wrapped_product(total, x[i]); });
  });
}

std::unique_ptr<Instruction> compile_scan(const OpCall& c) {
  return compile_lines(c, [](const Lane& lane, const Operands& io, const AxisView& v, bool reverse, auto* p) {
    using T = std::remove_pointer_t<decltype(p)>;
    const T *a = io.input<T>(0), *b = io.input<T>(1);
    scan_lines(
        lane, v, reverse, io.output<T>(), [b](int64_t i) { return b[i]; },
        [a, b](int64_t i, T before) { return wrapped_sum(wrapped_product(a[i], before), b[i]); });
  });
}

void define(const char* name, TypeRule type, GradientRule gradient, PlainCompile compile) {
  Op& op = define_op(name);
  op.type = std::move(type);
  op.gradient = std::move(gradient);
  define_execution(name, compile);
}

[[maybe_unused]] const bool registered = [] {
  define("cumsum", cumulative_type, cumsum_gradient, compile_cumsum);
  define("cumprod", cumulative_type, cumprod_gradient, compile_cumprod);
  define("linear_scan", scan_type, scan_gradient, compile_scan);
  return true;
}();

}  // namespace

}  // namespace axone
