// The recurrent kernels: contract in rnn.h.
#include "kernels/rnn.h"

#include "kernels/families.h"
#include "simd/lanes.h"
#include "simd/math.h"

namespace axone {
namespace AXONE_TARGET {
namespace {

// One vector of a row: all of its lanes, or the first n.
template <class T, bool Whole>
struct Piece {
  int64_t at, n;

  AXONE_MEMBER_INLINE Vec<T> get(const T* p) const {
    if constexpr (Whole)
      return load<T>(p + at);
    else
      return load_first<T>(p + at, n);
  }
  // Nothing there counts as 0.
  AXONE_MEMBER_INLINE Vec<T> get_or_zero(const T* p) const { return p ? get(p) : Vec<T>{}; }
  AXONE_MEMBER_INLINE void put(T* p, Vec<T> v) const {
    if constexpr (Whole)
      store<T>(p + at, v);
    else
      store_first<T>(p + at, v, n);
  }
};

template <class T>
AXONE_INLINE T* row_of(const RnnRows& m, int64_t r) {
  return m.data ? static_cast<T*>(m.data) + r * m.stride : nullptr;
}

// The addresses of one row of every matrix.
template <class T>
struct Row {
  const RnnBlock& b;
  T *input, *product, *product_grad, *bias, *kept, *h_before, *h, *c_before, *c;
  T *h_grad, *passed, *c_grad, *h_copy;

  AXONE_MEMBER_INLINE Row(const RnnBlock& block, int64_t r)
      : b(block),
        input(row_of<T>(block.input, r)),
        product(row_of<T>(block.product, r)),
        product_grad(row_of<T>(block.product_grad, r)),
        bias(row_of<T>(block.bias, r)),
        kept(row_of<T>(block.kept, r)),
        h_before(row_of<T>(block.h_before, r)),
        h(row_of<T>(block.h, r)),
        c_before(row_of<T>(block.c_before, r)),
        c(row_of<T>(block.c, r)),
        h_grad(row_of<T>(block.h_grad, r)),
        passed(row_of<T>(block.passed, r)),
        c_grad(row_of<T>(block.c_grad, r)),
        h_copy(row_of<T>(block.h_copy, r)) {}

  // Gate g before its activation.
  template <class P>
  AXONE_MEMBER_INLINE Vec<T> sum(const P& p, int g) const {
    return p.get(input + g * b.gate) + p.get(product + g * b.product_gate);
  }
  template <class P>
  AXONE_MEMBER_INLINE Vec<T> inner(const P& p, int g) const {
    Vec<T> v = p.get(product + g * b.product_gate);
    return bias ? v + p.get(bias + g * b.gate) : v;
  }
  // What reaches h from all sides.
  template <class P>
  AXONE_MEMBER_INLINE Vec<T> arriving(const P& p) const {
    return p.get_or_zero(h_grad) + p.get_or_zero(product) + p.get(passed);
  }
};

template <class T>
struct Lstm {
  static constexpr int kGates = 4;
  template <class P>
  AXONE_INLINE void forward(const Row<T>& r, const P& p) {
    const Vec<T> i = vsigmoid<T>(r.sum(p, 0)), f = vsigmoid<T>(r.sum(p, 1));
    const Vec<T> g = vtanh<T>(r.sum(p, 2)), o = vsigmoid<T>(r.sum(p, 3));
    const Vec<T> c = f * p.get(r.c_before) + i * g;
    p.put(r.c, c);
    p.put(r.h, o * vtanh<T>(c));
    if (!r.kept) return;
    p.put(r.kept, i);
    p.put(r.kept + r.b.gate, f);
    p.put(r.kept + 2 * r.b.gate, g);
    p.put(r.kept + 3 * r.b.gate, o);
  }
  template <class P>
  AXONE_INLINE void backward(const Row<T>& r, const P& p) {
    const int64_t s = r.b.gate;
    const Vec<T> i = p.get(r.kept), f = p.get(r.kept + s), g = p.get(r.kept + 2 * s);
    const Vec<T> o = p.get(r.kept + 3 * s), tc = vtanh<T>(p.get(r.c));
    const Vec<T> dh = r.arriving(p);
    const Vec<T> dc = p.get(r.c_grad) + dh * o * (T(1) - tc * tc);
    p.put(r.input, dc * g * i * (T(1) - i));
    p.put(r.input + s, dc * p.get(r.c_before) * f * (T(1) - f));
    p.put(r.input + 2 * s, dc * i * (T(1) - g * g));
    p.put(r.input + 3 * s, dh * tc * o * (T(1) - o));
    p.put(r.c_grad, dc * f);
    p.put(r.passed, Vec<T>{});
  }
};

template <class T>
struct Gru {
  static constexpr int kGates = 3;
  template <class P>
  AXONE_INLINE void forward(const Row<T>& r, const P& p) {
    const int64_t s = r.b.gate;
    const Vec<T> z = vsigmoid<T>(p.get(r.input) + r.inner(p, 0));
    const Vec<T> reset = vsigmoid<T>(p.get(r.input + s) + r.inner(p, 1));
    const Vec<T> past = r.inner(p, 2);
    const Vec<T> n = vtanh<T>(p.get(r.input + 2 * s) + reset * past);
    p.put(r.h, z * p.get(r.h_before) + (T(1) - z) * n);
    if (!r.kept) return;
    p.put(r.kept, z);
    p.put(r.kept + s, reset);
    p.put(r.kept + 2 * s, n);
    p.put(r.kept + 3 * s, past);
  }
  template <class P>
  AXONE_INLINE void backward(const Row<T>& r, const P& p) {
    const int64_t s = r.b.gate;
    const Vec<T> z = p.get(r.kept), reset = p.get(r.kept + s), n = p.get(r.kept + 2 * s);
    const Vec<T> past = p.get(r.kept + 3 * s);
    const Vec<T> dh = r.arriving(p);
    const Vec<T> dn = dh * (T(1) - z) * (T(1) - n * n);
    const Vec<T> dz = dh * (p.get(r.h_before) - n) * z * (T(1) - z);
    const Vec<T> dr = dn * past * reset * (T(1) - reset);
    p.put(r.input, dz);
    p.put(r.input + s, dr);
    p.put(r.input + 2 * s, dn);
    p.put(r.product_grad, dz);
    p.put(r.product_grad + s, dr);
    p.put(r.product_grad + 2 * s, dn * reset);
    p.put(r.passed, dh * z);
  }
};

template <class T>
struct Simple {
  static constexpr int kGates = 1;
  template <class P>
  AXONE_INLINE void forward(const Row<T>& r, const P& p) {
    p.put(r.h, vtanh<T>(r.sum(p, 0)));
  }
  template <class P>
  AXONE_INLINE void backward(const Row<T>& r, const P& p) {
    const Vec<T> h = p.get(r.h);
    p.put(r.input, r.arriving(p) * (T(1) - h * h));
    p.put(r.passed, Vec<T>{});
  }
};

// A step that does not count.
template <class T, class Cell>
struct Skipped {
  template <class P>
  AXONE_INLINE void forward(const Row<T>& r, const P& p) {
    p.put(r.h, p.get(r.h_before));
    if (r.c) p.put(r.c, p.get(r.c_before));
  }
  template <class P>
  AXONE_INLINE void backward(const Row<T>& r, const P& p) {
    p.put(r.passed, r.arriving(p));
    for (int g = 0; g < Cell::kGates; ++g) {
      p.put(r.input + g * r.b.gate, Vec<T>{});
      if (r.product_grad) p.put(r.product_grad + g * r.b.gate, Vec<T>{});
    }
  }
};

template <class T, class Cell, bool Grad>
AXONE_INLINE void run_row(const Row<T>& row, int64_t units) {
  int64_t at = 0;
  for (; at + kLanes<T> <= units; at += kLanes<T>) {
    const Piece<T, true> p{at, kLanes<T>};
    if constexpr (Grad)
      Cell::backward(row, p);
    else
      Cell::forward(row, p);
  }
  if (at == units) return;
  const Piece<T, false> p{at, units - at};
  if constexpr (Grad)
    Cell::backward(row, p);
  else
    Cell::forward(row, p);
}

template <class T, class Cell, bool Grad>
void run_block(const RnnBlock& b) {
  for (int64_t r = 0; r < b.rows; ++r) {
    const Row<T> row(b, r);
    if (Grad && row.h_copy) memcpy(row.h_copy, row.h_before, size_t(b.units) * sizeof(T));
    if (b.mask && !b.mask[r * b.mask_stride])
      run_row<T, Skipped<T, Cell>, Grad>(row, b.units);
    else
      run_row<T, Cell, Grad>(row, b.units);
  }
}

#define AXONE_CELL(name, Cell)                                                                               \
  {"rnn." name, DType::f32, reinterpret_cast<void (*)()>(RnnFunction(run_block<float, Cell<float>, false>)), \
   nullptr},                                                                                                 \
      {"rnn." name, DType::f64,                                                                              \
       reinterpret_cast<void (*)()>(RnnFunction(run_block<double, Cell<double>, false>)), nullptr},          \
      {"rnn." name "_grad", DType::f32,                                                                      \
       reinterpret_cast<void (*)()>(RnnFunction(run_block<float, Cell<float>, true>)), nullptr},             \
  {                                                                                                          \
    "rnn." name "_grad", DType::f64,                                                                         \
        reinterpret_cast<void (*)()>(RnnFunction(run_block<double, Cell<double>, true>)), nullptr            \
  }

const KernelEntry kEntries[] = {AXONE_CELL("lstm", Lstm), AXONE_CELL("gru", Gru),
                                AXONE_CELL("simple_rnn", Simple)};

}  // namespace

extern const KernelFamily rnn_family;
const KernelFamily rnn_family = {kEntries, sizeof(kEntries) / sizeof(kEntries[0])};

}  // namespace AXONE_TARGET
}  // namespace axone
