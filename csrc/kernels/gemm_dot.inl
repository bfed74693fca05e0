// Products of operands that both lie along k: tiles of R x S dot products. Included by gemm.cpp.

constexpr int kMostDot = 4;

// Rows to be fetched, a vector with each one that is multiplied, into the second-level cache, which can wait
// for more lines at a time than the first.
struct DotAhead {
  const void* const* rows;
  int64_t count;
};

// Elements p ... p + n of each row.
template <class T, int R, int S>
AXONE_INLINE void dot_step(Vec<T> (&acc)[R][S], const T* const (&a)[R], const T* const (&b)[S], int64_t p,
                           int64_t n) {
  Vec<T> x[R];
  AXONE_UNROLL
  for (int i = 0; i < R; ++i) x[i] = n == kLanes<T> ? load<T>(a[i] + p) : load_first<T>(a[i] + p, n);
  AXONE_UNROLL
  for (int j = 0; j < S; ++j) {
    const Vec<T> y = n == kLanes<T> ? load<T>(b[j] + p) : load_first<T>(b[j] + p, n);
    AXONE_UNROLL
    for (int i = 0; i < R; ++i) acc[i][j] += x[i] * y;
  }
}

// Lane q becomes the sum of the lanes of x[q]: half as many vectors after each round.
template <class T>
AXONE_INLINE Vec<T> sum_each(Vec<T> (&x)[kLanes<T>]) {
  constexpr int L = int(kLanes<T>);
  AXONE_UNROLL
  for (int half = L / 2; half > 0; half /= 2) AXONE_UNROLL
  for (int i = 0; i < half; ++i)
    x[i] = zip<T, 0>(x[i], x[i + half], AllLanes<T>{}) + zip<T, 1>(x[i], x[i + half], AllLanes<T>{});
  return x[0];
}

// Rows of A, and of B's transpose, by their addresses. Small tiles keep several sums per product in flight,
// as in gemm_tile.inl.
template <class T, int R, int S>
void dot_tile(int64_t k, const void* const* a_rows, const void* const* b_rows, T* c, int64_t c_stride,
              const DotAhead& ahead) {
  constexpr int U = R * S >= 8 ? 1 : R * S >= 4 ? 2 : R * S >= 2 ? 4 : 8;
  constexpr int L = int(kLanes<T>);
  const T *a[R], *b[S];
  AXONE_UNROLL
  for (int i = 0; i < R; ++i) a[i] = static_cast<const T*>(a_rows[i]);
  AXONE_UNROLL
  for (int j = 0; j < S; ++j) b[j] = static_cast<const T*>(b_rows[j]);
  // The ends of rows that begin and end within a line.
  for (int64_t i = 0; i < ahead.count; ++i) {
    __builtin_prefetch(ahead.rows[i], 0, 2);
    __builtin_prefetch(static_cast<const T*>(ahead.rows[i]) + k - 1, 0, 2);
  }
  Vec<T> acc[U][R][S];
  AXONE_UNROLL
  for (int u = 0; u < U; ++u) AXONE_UNROLL
  for (int i = 0; i < R; ++i) AXONE_UNROLL
  for (int j = 0; j < S; ++j) acc[u][i][j] = Vec<T>{};
  int64_t p = 0;
  for (; p + U * L <= k; p += U * L) {
    AXONE_UNROLL
    for (int u = 0; u < U; ++u) dot_step<T, R, S>(acc[u], a, b, p + u * L, L);
    for (int64_t i = 0; i < ahead.count; ++i) AXONE_UNROLL
    for (int u = 0; u < U; ++u)
      __builtin_prefetch(static_cast<const T*>(ahead.rows[i]) + p + (u + 1) * L - 1, 0, 2);
  }
  for (; p < k; p += L) dot_step<T, R, S>(acc[0], a, b, p, k - p < L ? k - p : L);
  AXONE_UNROLL
  for (int half = U / 2; half > 0; half /= 2) AXONE_UNROLL
  for (int u = 0; u < half; ++u) AXONE_UNROLL
  for (int i = 0; i < R; ++i) AXONE_UNROLL
  for (int j = 0; j < S; ++j) acc[u][i][j] += acc[u + half][i][j];

  constexpr int groups = (R * S + L - 1) / L;
  T sums[groups * L];
  AXONE_UNROLL
  for (int g = 0; g < groups; ++g) {
    Vec<T> x[L];
    AXONE_UNROLL
    for (int q = 0; q < L; ++q)
      x[q] = g * L + q < R * S ? acc[0][(g * L + q) / S][(g * L + q) % S] : Vec<T>{};
    store<T>(sums + g * L, sum_each<T>(x));
  }
  AXONE_UNROLL
  for (int i = 0; i < R; ++i) AXONE_UNROLL
  for (int j = 0; j < S; ++j) c[i * c_stride + j] = sums[i * S + j];
}

template <class T>
using DotFunction = void (*)(int64_t, const void* const*, const void* const*, T*, int64_t, const DotAhead&);

// [R - 1][S - 1]
template <class T>
struct DotTable {
#define AXONE_DOT_ROW(R) {dot_tile<T, R, 1>, dot_tile<T, R, 2>, dot_tile<T, R, 3>, dot_tile<T, R, 4>}
  static constexpr DotFunction<T> get[kMostDot][kMostDot] = {AXONE_DOT_ROW(1), AXONE_DOT_ROW(2),
                                                             AXONE_DOT_ROW(3), AXONE_DOT_ROW(4)};
#undef AXONE_DOT_ROW
};

// Addresses of an operand's rows: given, or a few at a time from a stride.
template <class T>
class DotRows {
 public:
  DotRows(const void* const* given, const void* first, int64_t stride)
      : given_(given), first_(static_cast<const T*>(first)), stride_(stride) {}
  AXONE_MEMBER_INLINE const void* const* from(int64_t i) {
    if (given_) return given_ + i;
    // Some of them may lie behind the last row: no tile reads these.
    AXONE_UNROLL
    for (int64_t q = 0; q < kMostDot; ++q) few_[q] = first_ + (i + q) * stride_;
    return few_;
  }

 private:
  const void* const* given_;
  const T* first_;
  int64_t stride_;
  const void* few_[kMostDot];
};

// The operand whose rows have addresses, if any, is walked once, and fetched by the tiles before.
template <class T>
void dot(const GemmBlock& g) {
  // 16 sums of R x S leave 16-register targets nothing for operands: those take at most 3 x 3.
  constexpr int64_t size = kFloatAccumulators >= 24 ? 4 : 3;
  DotRows<T> a(g.a_rows, g.a, g.a_stride), b(g.b_rows, g.b, g.b_stride);
  const bool a_outside = g.a_rows != nullptr;
  const int64_t outside = a_outside ? g.m : g.n, inside = a_outside ? g.n : g.m;
  const void* const* const rows = a_outside ? g.a_rows : g.b_rows;
  const int64_t known = rows ? outside + g.rows_behind : 0;
  const int64_t tiles = (inside + size - 1) / size, share = (size + tiles - 1) / tiles;
  T* const c = static_cast<T*>(g.c);
  for (int64_t o = 0; o < outside; o += size) {
    const int64_t height = outside - o < size ? outside - o : size;
    const int64_t end = o + 2 * size < known ? o + 2 * size : known;
    const void* const* const outer = a_outside ? a.from(o) : b.from(o);
    for (int64_t n = 0, next = o + size; n < inside; n += size, next += share) {
      const int64_t width = inside - n < size ? inside - n : size;
      const int64_t fetched = end - next < share ? end - next : share;
      const DotAhead ahead = fetched > 0 ? DotAhead{rows + next, fetched} : DotAhead{nullptr, 0};
      if (a_outside)
        DotTable<T>::get[height - 1][width - 1](g.k, outer, b.from(n), c + o * g.c_stride + n, g.c_stride,
                                                ahead);
      else
        DotTable<T>::get[width - 1][height - 1](g.k, a.from(n), outer, c + n * g.c_stride + o, g.c_stride,
                                                ahead);
    }
  }
}
