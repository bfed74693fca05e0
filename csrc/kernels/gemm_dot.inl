// Products of operands that both lie along k: tiles of R x S dot products. Included by gemm.cpp.

template <class T, int R, int S>
AXONE_INLINE void dot_step(Vec<T> (&acc)[R][S], const T* a, int64_t a_stride, const T* b, int64_t b_stride,
                           int64_t n) {
  Vec<T> x[R];
  AXONE_UNROLL
  for (int i = 0; i < R; ++i)
    x[i] = n == kLanes<T> ? load<T>(a + i * a_stride) : load_first<T>(a + i * a_stride, n);
  AXONE_UNROLL
  for (int j = 0; j < S; ++j) {
    const Vec<T> y = n == kLanes<T> ? load<T>(b + j * b_stride) : load_first<T>(b + j * b_stride, n);
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

// Small tiles keep several sums per product in flight, as in gemm_tile.inl.
template <class T, int R, int S>
void dot_tile(int64_t k, const T* a, int64_t a_stride, const T* b, int64_t b_stride, T* c, int64_t c_stride,
              bool accumulate) {
  constexpr int U = R * S >= 8 ? 1 : R * S >= 4 ? 2 : R * S >= 2 ? 4 : 8;
  constexpr int L = int(kLanes<T>);
  Vec<T> acc[U][R][S];
  AXONE_UNROLL
  for (int u = 0; u < U; ++u) AXONE_UNROLL
  for (int i = 0; i < R; ++i) AXONE_UNROLL
  for (int j = 0; j < S; ++j) acc[u][i][j] = Vec<T>{};
  int64_t p = 0;
  for (; p + U * L <= k; p += U * L) AXONE_UNROLL
  for (int u = 0; u < U; ++u) dot_step<T, R, S>(acc[u], a + p + u * L, a_stride, b + p + u * L, b_stride, L);
  for (; p < k; p += L) dot_step<T, R, S>(acc[0], a + p, a_stride, b + p, b_stride, k - p < L ? k - p : L);
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
  for (int j = 0; j < S; ++j) {
    T* out = c + i * c_stride + j;
    *out = accumulate ? *out + sums[i * S + j] : sums[i * S + j];
  }
}

template <class T>
using DotFunction = void (*)(int64_t, const T*, int64_t, const T*, int64_t, T*, int64_t, bool);

// [R - 1][S - 1]
template <class T>
struct DotTable {
#define AXONE_DOT_ROW(R) {dot_tile<T, R, 1>, dot_tile<T, R, 2>, dot_tile<T, R, 3>, dot_tile<T, R, 4>}
  static constexpr DotFunction<T> get[4][4] = {AXONE_DOT_ROW(1), AXONE_DOT_ROW(2), AXONE_DOT_ROW(3),
                                               AXONE_DOT_ROW(4)};
#undef AXONE_DOT_ROW
};

template <class T>
void dot(const GemmBlock& g) {
  const T* a = static_cast<const T*>(g.a);
  const T* b = static_cast<const T*>(g.b);
  T* c = static_cast<T*>(g.c);
  // 16 sums of R x S leave 16-register targets nothing for operands: those take at most 3 x 3.
  constexpr int64_t size = kFloatAccumulators >= 24 ? 4 : 3;
  for (int64_t j = 0; j < g.n; j += size) {
    const int64_t s = g.n - j < size ? g.n - j : size;
    for (int64_t i = 0; i < g.m; i += size) {
      const int64_t r = g.m - i < size ? g.m - i : size;
      DotTable<T>::get[r - 1][s - 1](g.k, a + i * g.a_stride, g.a_stride, b + j * g.b_stride, g.b_stride,
                                     c + i * g.c_stride + j, g.c_stride, g.accumulate);
    }
  }
}
