// The recurrent kernels: contract in rnn.h.
#include "kernels/rnn.h"

#include "kernels/families.h"
#include "simd/gates.h"
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
  T *product_rest, *h_grad, *passed, *c_grad, *h_copy;
  T* gates;  // forward: where a first pass leaves gates for the second, `gap` from one to the next
  int64_t gap;

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
        product_rest(row_of<T>(block.product_rest, r)),
        h_grad(row_of<T>(block.h_grad, r)),
        passed(row_of<T>(block.passed, r)),
        c_grad(row_of<T>(block.c_grad, r)),
        h_copy(row_of<T>(block.h_copy, r)),
        gates(kept ? kept : product),
        gap(kept ? block.gate : block.product_gate) {}

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
  template <class P>
  AXONE_MEMBER_INLINE Vec<T> gate(const P& p, int g) const {
    return p.get(gates + g * gap);
  }
  template <class P>
  AXONE_MEMBER_INLINE void put_gate(const P& p, int g, Vec<T> v) const {
    p.put(gates + g * gap, v);
  }
  // What reaches h from all sides.
  template <class P>
  AXONE_MEMBER_INLINE Vec<T> arriving(const P& p) const {
    return p.get_or_zero(h_grad) + (p.get_or_zero(product) + p.get_or_zero(product_rest)) + p.get(passed);
  }
};

// The way forward is cut in two passes over a row where gates wait for others: a processor looks ahead a few
// hundred instructions, too few to begin with the next vector in time.
template <class T>
struct Lstm {
  static constexpr int kGates = 4, kKept = 4;
  static constexpr bool kTwoPasses = true;
  template <class P>
  AXONE_INLINE void forward(const Row<T>& r, const P& p) {
    const Vec<T> i = gate_sigmoid(r.sum(p, 0)), f = gate_sigmoid(r.sum(p, 1));
    const Vec<T> g = gate_tanh(r.sum(p, 2)), o = gate_sigmoid(r.sum(p, 3));
    p.put(r.c, f * p.get(r.c_before) + i * g);
    r.put_gate(p, 3, o);
    if (!r.kept) return;
    r.put_gate(p, 0, i);
    r.put_gate(p, 1, f);
    r.put_gate(p, 2, g);
  }
  template <class P>
  AXONE_INLINE void second(const Row<T>& r, const P& p) {
    p.put(r.h, r.gate(p, 3) * gate_tanh(p.get(r.c)));
  }
  template <class P>
  AXONE_INLINE void backward(const Row<T>& r, const P& p) {
    const int64_t s = r.b.gate;
    const Vec<T> i = p.get(r.kept), f = p.get(r.kept + s), g = p.get(r.kept + 2 * s);
    const Vec<T> o = p.get(r.kept + 3 * s), tc = gate_tanh(p.get(r.c));
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
  static constexpr int kGates = 3, kKept = 4;
  static constexpr bool kTwoPasses = true;
  template <class P>
  AXONE_INLINE void forward(const Row<T>& r, const P& p) {
    const Vec<T> z = gate_sigmoid(p.get(r.input) + r.inner(p, 0));
    const Vec<T> reset = gate_sigmoid(p.get(r.input + r.b.gate) + r.inner(p, 1));
    r.put_gate(p, 0, z);
    r.put_gate(p, 1, reset);
  }
  template <class P>
  AXONE_INLINE void second(const Row<T>& r, const P& p) {
    const Vec<T> past = r.inner(p, 2), z = r.gate(p, 0);
    const Vec<T> n = gate_tanh(p.get(r.input + 2 * r.b.gate) + r.gate(p, 1) * past);
    p.put(r.h, z * p.get(r.h_before) + (T(1) - z) * n);
    if (!r.kept) return;
    r.put_gate(p, 2, n);
    r.put_gate(p, 3, past);
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
  static constexpr int kGates = 1, kKept = 0;
  static constexpr bool kTwoPasses = false;
  template <class P>
  AXONE_INLINE void forward(const Row<T>& r, const P& p) {
    p.put(r.h, gate_tanh(r.sum(p, 0)));
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
  static constexpr int kGates = Cell::kGates, kKept = Cell::kKept;
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

// Calls body(piece) for all units.
template <class T, class Body>
AXONE_INLINE void for_pieces(int64_t units, const Body& body) {
  int64_t at = 0;
  for (; at + kLanes<T> <= units; at += kLanes<T>) body(Piece<T, true>{at, kLanes<T>});
  if (at < units) body(Piece<T, false>{at, units - at});
}

// Sequences lie far apart, out of the hardware prefetchers' sight: what the next one has here is asked for.
template <class T, int N, class P>
AXONE_INLINE void fetch(const T* next, int64_t gap, const P& p) {
  for (int g = 0; g < N; ++g) __builtin_prefetch(next + g * gap + p.at);
}

template <class T, class Cell>
AXONE_INLINE void forward_row(const Row<T>& row, int64_t units, const T* next) {
  for_pieces<T>(units, [&](const auto& p) __attribute__((always_inline)) {
    fetch<T, Cell::kGates>(next, row.b.gate, p);
    Cell::forward(row, p);
  });
}
template <class T, class Cell>
AXONE_INLINE void backward_row(const Row<T>& row, int64_t units, const T* next) {
  for_pieces<T>(units, [&](const auto& p) __attribute__((always_inline)) {
    fetch<T, Cell::kKept>(next, row.b.gate, p);
    Cell::backward(row, p);
  });
}

template <class T, class Cell>
void forward_block(const RnnBlock& b) {
  for (int64_t r = 0; r < b.rows; ++r) {
    const Row<T> row(b, r);
    const T* const next = row_of<T>(b.input, r + 1 < b.rows ? r + 1 : r);
    if (b.mask && !b.mask[r * b.mask_stride]) {
      forward_row<T, Skipped<T, Cell>>(row, b.units, next);
      continue;
    }
    forward_row<T, Cell>(row, b.units, next);
    if constexpr (Cell::kTwoPasses)
      for_pieces<T>(b.units, [&](const auto& p) __attribute__((always_inline)) { Cell::second(row, p); });
  }
}

template <class T, class Cell>
void backward_block(const RnnBlock& b) {
  for (int64_t r = 0; r < b.rows; ++r) {
    const Row<T> row(b, r);
    const T* const next = row_of<T>(b.kept, r + 1 < b.rows ? r + 1 : r);
    memcpy(row.h_copy, row.h_before, size_t(b.units) * sizeof(T));
    if (b.mask && !b.mask[r * b.mask_stride])
      backward_row<T, Skipped<T, Cell>>(row, b.units, next);
    else
      backward_row<T, Cell>(row, b.units, next);
  }
}

#define AXONE_KERNEL(name, function, Cell, T, t) \
  {"rnn." name, DType::t, reinterpret_cast<void (*)()>(RnnFunction(function<T, Cell<T>>)), nullptr}
#define AXONE_CELL(name, Cell)                                                                               \
  AXONE_KERNEL(name, forward_block, Cell, float, f32), AXONE_KERNEL(name, forward_block, Cell, double, f64), \
      AXONE_KERNEL(name "_grad", backward_block, Cell, float, f32),                                          \
      AXONE_KERNEL(name "_grad", backward_block, Cell, double, f64)
const KernelEntry kEntries[] = {AXONE_CELL("lstm", Lstm), AXONE_CELL("gru", Gru),
                                AXONE_CELL("simple_rnn", Simple)};

}  // namespace

extern const KernelFamily rnn_family;
const KernelFamily rnn_family = {kEntries, sizeof(kEntries) / sizeof(kEntries[0])};

}  // namespace AXONE_TARGET
}  // namespace axone
