// The reduction kernels: contract in reduce.h.
#include "kernels/reduce.h"

#include "kernels/families.h"
#include "simd/bits.h"
#include "simd/lanes.h"

namespace axone {
namespace AXONE_TARGET {
namespace {

#include "kernels/reduce_block.inl"

// Elements of f32 that are summed in f32: the sums of such blocks are added in f64.
constexpr int64_t kFloatBlock = 4096;

template <class T>
constexpr bool is_sum(const JoinSum*) {
  return sizeof(T) == 4 && kFloating<T>;
}
template <class T>
constexpr bool is_sum(const void*) {
  return false;
}

template <class Op>
void reduce_rows(void* out, const void* x, int64_t rows, int64_t n, int64_t row_stride) {
  using T = typename Op::type;
  T* y = static_cast<T*>(out);
  for (int64_t r = 0; r < rows; ++r) {
    const T* row = static_cast<const T*>(x) + r * row_stride;
    if constexpr (is_sum<T>(static_cast<const Op*>(nullptr))) {
      double total = 0;
      for (int64_t i = 0; i < n; i += kFloatBlock)
        total += double(reduce_block<Op>(row + i, n - i < kFloatBlock ? n - i : kFloatBlock));
      y[r] = T(total);
    } else {
      y[r] = n > 0 ? reduce_block<Op>(row, n) : Op::neutral;
    }
  }
}

// out = join(out, each of Rows rows): out is passed over once for all of them, and every column is joined row
// by row wherever it stands.
template <class Op, int Rows, class T = typename Op::type>
void add_rows(T* out, const T* x, int64_t n, int64_t stride) {
  int64_t c = 0;
  for (; c + kLanes<T> <= n; c += kLanes<T>) {
    Vec<T> sum = load<T>(out + c);
    for (int r = 0; r < Rows; ++r) sum = Op::join(sum, Op::of(load<T>(x + r * stride + c)));
    store<T>(out + c, sum);
  }
  if (c < n) {
    int64_t rest = n - c;
    Vec<T> sum = load_first<T>(out + c, rest);
    for (int r = 0; r < Rows; ++r) sum = Op::join(sum, Op::of(load_first<T>(x + r * stride + c, rest)));
    store_first<T>(out + c, sum, rest);
  }
}

template <class Op>
void reduce_columns(void* out, const void* x, int64_t rows, int64_t n, int64_t row_stride) {
  using T = typename Op::type;
  T* y = static_cast<T*>(out);
  const T* row = static_cast<const T*>(x);
  int64_t r = 0;
  for (; r + 8 <= rows; r += 8) add_rows<Op, 8>(y, row + r * row_stride, n, row_stride);
  for (; r + 2 <= rows; r += 2) add_rows<Op, 2>(y, row + r * row_stride, n, row_stride);
  if (r < rows) add_rows<Op, 1>(y, row + r * row_stride, n, row_stride);
}

// The first place of `best`; NaN equals NaN here. Without a branch on where it is: in short rows (the classes
// of a network's output) no processor could foresee it.
template <class T>
AXONE_INLINE int64_t first_place(const T* x, int64_t n, T best) {
  // Places in a block, and one more for none, fit into the lanes.
  constexpr int64_t L = kLanes<T>, kBlock = sizeof(T) == 1 ? 64 : 4096;
  const Vec<T> wanted = splat<T>(best);
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    const int64_t count = n - begin < kBlock ? n - begin : kBlock;
    Vec<Int<T>> first = splat<Int<T>>(Int<T>(kBlock));
    for (int64_t i = 0; i < count; i += L) {
      const int64_t rest = count - i;
      const Vec<T> v = rest < L ? load_first<T>(x + begin + i, rest) : load<T>(x + begin + i);
      const Mask<T> same =
          ((v == wanted) | ((v != v) & (wanted != wanted))) & first_lanes<T>(rest < L ? rest : L);
      const Vec<Int<T>> place = load<Int<T>>(kLaneIndex<T>.at) + Int<T>(i);
      first = JoinMin::join(first, same ? place : first);
    }
    const Int<T> place = join_lanes<JoinMin, Int<T>>(first);
    if (place < Int<T>(kBlock)) return begin + int64_t(place);
  }
  return 0;
}

template <class Op>
void best_place_rows(void* out, const void* x, int64_t rows, int64_t n, int64_t row_stride) {
  using T = typename Op::type;
  int64_t* y = static_cast<int64_t*>(out);
  for (int64_t r = 0; r < rows; ++r) {
    const T* row = static_cast<const T*>(x) + r * row_stride;
    y[r] = n > 0 ? first_place<T>(row, n, reduce_block<Op>(row, n)) : 0;
  }
}

template <class Op>
void scan_rows(void* out, const void* x, int64_t rows, int64_t n, int64_t row_stride) {
  using T = typename Op::type;
  for (int64_t r = 0; r < rows; ++r) {
    const T* row = static_cast<const T*>(x) + r * row_stride;
    T* y = static_cast<T*>(out) + r * n;
    T total = Op::neutral;
    for (int64_t i = 0; i < n; ++i) y[i] = total = Op::join(total, row[i]);
  }
}

// A whole vector, or the first `n` elements of one.
template <class T>
AXONE_INLINE Vec<T> load_some(const T* p, int64_t n) {
  return n == kLanes<T> ? load<T>(p) : load_first<T>(p, n);
}

// V vectors of columns, the last of `last` elements.
template <class T, int V>
AXONE_INLINE void moments_of(T* mean, T* squares, const T* x, int64_t rows, int64_t stride, int64_t last) {
  constexpr int64_t L = kLanes<T>;
  auto at = [&](int64_t r, int v)
                __attribute__((always_inline)) { return load_some<T>(x + r * stride + v * L, last); };
  Vec<T> centre[V] = {}, spread[V] = {};
  for (int64_t r = 0; r < rows; ++r)
    for (int v = 0; v < V; ++v) centre[v] += at(r, v);
  for (int v = 0; v < V; ++v) centre[v] *= T(1) / T(rows);
  for (int64_t r = 0; r < rows; ++r)
    for (int v = 0; v < V; ++v) {
      const Vec<T> d = at(r, v) - centre[v];
      spread[v] += d * d;
    }
  for (int v = 0; v < V; ++v) {
    store_first<T>(mean + v * L, centre[v], last);
    store_first<T>(squares + v * L, spread[v], last);
  }
}

template <class T>
void moments(void* mean_, void* squares_, const void* x_, int64_t rows, int64_t n, int64_t row_stride) {
  constexpr int64_t L = kLanes<T>;
  T *mean = static_cast<T*>(mean_), *squares = static_cast<T*>(squares_);
  const T* x = static_cast<const T*>(x_);
  int64_t c = 0;
  for (; c + 4 * L <= n; c += 4 * L) moments_of<T, 4>(mean + c, squares + c, x + c, rows, row_stride, L);
  for (; c + L <= n; c += L) moments_of<T, 1>(mean + c, squares + c, x + c, rows, row_stride, L);
  if (c < n) moments_of<T, 1>(mean + c, squares + c, x + c, rows, row_stride, n - c);
}

// V vectors of columns, the last of `last` elements.
template <class T, bool Squares, int V>
AXONE_INLINE void follow_sum_of(T* sums, const T* x, int64_t rows, int64_t stride, int64_t last) {
  constexpr int64_t L = kLanes<T>;
  Vec<T> sum[V];
  for (int v = 0; v < V; ++v) sum[v] = load_some<T>(sums + v * L, last);
  for (int64_t r = 0; r < rows; ++r)
    for (int v = 0; v < V; ++v) {
      const Vec<T> value = load_some<T>(x + r * stride + v * L, last);
      sum[v] += Squares ? value * value : value;
    }
  for (int v = 0; v < V; ++v) store_first<T>(sums + v * L, sum[v], last);
}

template <class T, int V>
AXONE_INLINE void follow_moments_of(T* planes, int64_t plane, const T* x, int64_t rows, int64_t stride,
                                    int64_t last) {
  constexpr int64_t L = kLanes<T>;
  Vec<T> count[V], shift[V], sum[V], squares[V];
  for (int v = 0; v < V; ++v) {
    T* const p = planes + v * L;
    count[v] = load_some<T>(p, last);
    const Vec<T> known = load_some<T>(p + plane, last), first = load_some<T>(x + v * L, last);
    shift[v] = count[v] == T(0) ? first : known;
    sum[v] = load_some<T>(p + 2 * plane, last);
    squares[v] = load_some<T>(p + 3 * plane, last);
  }
  for (int64_t r = 0; r < rows; ++r)
    for (int v = 0; v < V; ++v) {
      const Vec<T> d = load_some<T>(x + r * stride + v * L, last) - shift[v];
      sum[v] += d;
      squares[v] += d * d;
    }
  for (int v = 0; v < V; ++v) {
    T* const p = planes + v * L;
    store_first<T>(p, count[v] + T(rows), last);
    store_first<T>(p + plane, shift[v], last);
    store_first<T>(p + 2 * plane, sum[v], last);
    store_first<T>(p + 3 * plane, squares[v], last);
  }
}

template <class T, bool Squares>
void follow_sum(void* sums_, int64_t /*plane*/, const void* x_, int64_t rows, int64_t n, int64_t row_stride) {
  constexpr int64_t L = kLanes<T>;
  T* const sums = static_cast<T*>(sums_);
  const T* const x = static_cast<const T*>(x_);
  int64_t c = 0;
  for (; c + 4 * L <= n; c += 4 * L) follow_sum_of<T, Squares, 4>(sums + c, x + c, rows, row_stride, L);
  for (; c < n; c += L)
    follow_sum_of<T, Squares, 1>(sums + c, x + c, rows, row_stride, n - c < L ? n - c : L);
}

template <class T>
void follow_moments(void* planes_, int64_t plane, const void* x_, int64_t rows, int64_t n,
                    int64_t row_stride) {
  constexpr int64_t L = kLanes<T>;
  T* const planes = static_cast<T*>(planes_);
  const T* const x = static_cast<const T*>(x_);
  int64_t c = 0;
  for (; c + 4 * L <= n; c += 4 * L) follow_moments_of<T, 4>(planes + c, plane, x + c, rows, row_stride, L);
  for (; c < n; c += L)
    follow_moments_of<T, 1>(planes + c, plane, x + c, rows, row_stride, n - c < L ? n - c : L);
}

// V vectors of columns, the last of `last` elements.
template <class T, int V>
AXONE_INLINE void follow_product_of(T* sums, const T* g, const T* x, const T* centre, int64_t rows,
                                    int64_t stride, int64_t last) {
  constexpr int64_t L = kLanes<T>;
  Vec<T> sum[V];
  for (int v = 0; v < V; ++v) sum[v] = load_some<T>(sums + v * L, last);
  for (int64_t r = 0, at = 0; r < rows; ++r, at += stride)
    for (int v = 0; v < V; ++v) {
      const Vec<T> slope = load_some<T>(g + at + v * L, last), value = load_some<T>(x + at + v * L, last),
                   middle = load_some<T>(centre + at + v * L, last);
      sum[v] += slope * (value - middle);
    }
  for (int v = 0; v < V; ++v) store_first<T>(sums + v * L, sum[v], last);
}

template <class T>
void follow_product(void* sums_, const void* g_, const void* x_, const void* centre_, int64_t rows, int64_t n,
                    int64_t row_stride) {
  constexpr int64_t L = kLanes<T>;
  T* const sums = static_cast<T*>(sums_);
  const T *const g = static_cast<const T*>(g_), *const x = static_cast<const T*>(x_),
                 *const centre = static_cast<const T*>(centre_);
  int64_t c = 0;
  for (; c + 4 * L <= n; c += 4 * L)
    follow_product_of<T, 4>(sums + c, g + c, x + c, centre + c, rows, row_stride, L);
  for (; c < n; c += L)
    follow_product_of<T, 1>(sums + c, g + c, x + c, centre + c, rows, row_stride, n - c < L ? n - c : L);
}

#define AXONE_ENTRY(name, type, ...) \
  {"reduce." name, DType::type, reinterpret_cast<void (*)()>(ReduceRows(__VA_ARGS__)), nullptr}
#define AXONE_FOLLOW(name, type, ...) \
  {"reduce." name, DType::type, reinterpret_cast<void (*)()>(ReduceFollow(__VA_ARGS__)), nullptr}
#define AXONE_FOLLOW_PRODUCT(name, type, ...) \
  {"reduce." name, DType::type, reinterpret_cast<void (*)()>(ReduceFollowProduct(__VA_ARGS__)), nullptr}
#define AXONE_NUMBERS(name, loop, Op)                                                       \
  AXONE_ENTRY(name, f32, loop<Op<float>>), AXONE_ENTRY(name, f64, loop<Op<double>>),        \
      AXONE_ENTRY(name, i32, loop<Op<int32_t>>), AXONE_ENTRY(name, i64, loop<Op<int64_t>>), \
      AXONE_ENTRY(name, u8, loop<Op<uint8_t>>)
#define AXONE_BOOL(name, loop, Op) AXONE_ENTRY(name, b8, loop<Op<uint8_t>>)

const KernelEntry kEntries[] = {
    {"reduce.moments", DType::f32, reinterpret_cast<void (*)()>(ReduceMoments(moments<float>)), nullptr},
    {"reduce.moments", DType::f64, reinterpret_cast<void (*)()>(ReduceMoments(moments<double>)), nullptr},
    AXONE_FOLLOW("follow_sum", f32, follow_sum<float, false>),
    AXONE_FOLLOW("follow_sum", f64, follow_sum<double, false>),
    AXONE_FOLLOW("follow_squares", f32, follow_sum<float, true>),
    AXONE_FOLLOW("follow_squares", f64, follow_sum<double, true>),
    AXONE_FOLLOW("follow_moments", f32, follow_moments<float>),
    AXONE_FOLLOW("follow_moments", f64, follow_moments<double>),
    AXONE_FOLLOW_PRODUCT("follow_product", f32, follow_product<float>),
    AXONE_FOLLOW_PRODUCT("follow_product", f64, follow_product<double>),
    AXONE_NUMBERS("sum_rows", reduce_rows, Sum),
    AXONE_NUMBERS("sumsq_rows", reduce_rows, SumOfSquares),
    AXONE_NUMBERS("prod_rows", reduce_rows, Product),
    AXONE_NUMBERS("max_rows", reduce_rows, Max),
    AXONE_NUMBERS("min_rows", reduce_rows, Min),
    AXONE_BOOL("max_rows", reduce_rows, Any),
    AXONE_BOOL("min_rows", reduce_rows, All),
    AXONE_BOOL("any_rows", reduce_rows, Any),
    AXONE_BOOL("all_rows", reduce_rows, All),
    AXONE_NUMBERS("sum_columns", reduce_columns, Sum),
    AXONE_NUMBERS("sumsq_columns", reduce_columns, SumOfSquares),
    AXONE_NUMBERS("prod_columns", reduce_columns, Product),
    AXONE_NUMBERS("max_columns", reduce_columns, Max),
    AXONE_NUMBERS("min_columns", reduce_columns, Min),
    AXONE_BOOL("max_columns", reduce_columns, Any),
    AXONE_BOOL("min_columns", reduce_columns, All),
    AXONE_BOOL("any_columns", reduce_columns, Any),
    AXONE_BOOL("all_columns", reduce_columns, All),
    AXONE_NUMBERS("argmax_rows", best_place_rows, Max),
    AXONE_NUMBERS("argmin_rows", best_place_rows, Min),
    AXONE_BOOL("argmax_rows", best_place_rows, Max),
    AXONE_BOOL("argmin_rows", best_place_rows, Min),
    AXONE_NUMBERS("cumsum_rows", scan_rows, Sum),
    AXONE_NUMBERS("cumprod_rows", scan_rows, Product),
};

}  // namespace

extern const KernelFamily reduce_family;
const KernelFamily reduce_family = {kEntries, sizeof(kEntries) / sizeof(kEntries[0])};

}  // namespace AXONE_TARGET
}  // namespace axone
