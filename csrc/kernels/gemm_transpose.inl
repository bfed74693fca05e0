// Transposition of a square of vectors, and what rests on it. Included by gemm.cpp.

template <int... I>
struct Indices {};
template <int N, int... I>
struct MakeIndices : MakeIndices<N - 1, N - 1, I...> {};
template <int... I>
struct MakeIndices<0, I...> {
  using type = Indices<I...>;
};

// Lanes of the lower (High = 0) or upper half of a and b, alternating.
template <class T, int High, int... I>
AXONE_INLINE Vec<T> zip(Vec<T> a, Vec<T> b, Indices<I...>) {
  constexpr int L = int(kLanes<T>), first = High * L / 2;
  return __builtin_shufflevector(a, b, (first + I / 2 + (I % 2) * L)...);
}

template <class T>
using AllLanes = typename MakeIndices<int(kLanes<T>)>::type;

// The same within each 16 bytes: one instruction without an index register where zip takes two of both.
template <class T, int High, int... I>
AXONE_INLINE Vec<T> zip_within(Vec<T> a, Vec<T> b, Indices<I...>) {
  constexpr int L = int(kLanes<T>), E = 16 / int(sizeof(T));
  return __builtin_shufflevector(a, b, (I / E * E + High * E / 2 + I % E / 2 + (I % 2) * L)...);
}

// The even (Odd = 0) or odd blocks of 16 bytes of a, then of b.
template <class T, int Odd, int... I>
AXONE_INLINE Vec<T> unzip_blocks(Vec<T> a, Vec<T> b, Indices<I...>) {
  constexpr int E = 16 / int(sizeof(T));
  return __builtin_shufflevector(a, b, ((2 * (I / E) + Odd) * E + I % E)...);
}

// x[i] lane j becomes x[j] lane i: log2(lanes) perfect shuffles. First squares of 16 bytes a side by zips,
// which take x[i] and x[i + half a square] to x[2 i] and x[2 i + 1]; then the squares among each other by the
// opposite. Every step is one instruction of two registers into a third, so that 32 registers hold it all.
template <class T>
AXONE_INLINE void transpose(Vec<T> (&x)[kLanes<T>]) {
  constexpr int L = int(kLanes<T>), E = 16 / int(sizeof(T)), Q = L / E;
  Vec<T> y[L];
  AXONE_UNROLL
  for (int round = 1; round < E; round *= 2) {
    AXONE_UNROLL
    for (int i = 0; i < L / 2; ++i) {
      const int square = i / (E / 2) * E, r = i % (E / 2);
      y[square + 2 * r] = zip_within<T, 0>(x[square + r], x[square + r + E / 2], AllLanes<T>{});
      y[square + 2 * r + 1] = zip_within<T, 1>(x[square + r], x[square + r + E / 2], AllLanes<T>{});
    }
    AXONE_UNROLL
    for (int i = 0; i < L; ++i) x[i] = y[i];
  }
  AXONE_UNROLL
  for (int round = 1; round < Q; round *= 2) {
    AXONE_UNROLL
    for (int i = 0; i < L / 2; ++i) {
      const int q = i / E, r = i % E;
      y[q * E + r] = unzip_blocks<T, 0>(x[2 * q * E + r], x[(2 * q + 1) * E + r], AllLanes<T>{});
      y[(q + Q / 2) * E + r] = unzip_blocks<T, 1>(x[2 * q * E + r], x[(2 * q + 1) * E + r], AllLanes<T>{});
    }
    AXONE_UNROLL
    for (int i = 0; i < L; ++i) x[i] = y[i];
  }
}

// Loads `rows` rows of `columns` elements (both <= lanes) and transposes them; what is missing is 0.
template <class T>
AXONE_INLINE void load_transposed(const T* p, int64_t stride, int64_t rows, int64_t columns,
                                  Vec<T> (&x)[kLanes<T>]) {
  constexpr int L = int(kLanes<T>);
  if (rows == L && columns == L) {
    AXONE_UNROLL
    for (int i = 0; i < L; ++i) x[i] = load<T>(p + i * stride);
  } else if (columns == L) {
    AXONE_UNROLL
    for (int i = 0; i < L; ++i) x[i] = i < rows ? load<T>(p + i * stride) : Vec<T>{};
  } else {
    AXONE_UNROLL
    for (int i = 0; i < L; ++i) x[i] = i < rows ? load_first<T>(p + i * stride, columns) : Vec<T>{};
  }
  transpose<T>(x);
}

// Writes (or adds) the transpose of a tile of `rows` times `columns` elements: element (i, j) goes to
// c[j * c_stride + i].
template <class T>
void store_transposed(const T* tile, int64_t tile_stride, int64_t rows, int64_t columns, T* c,
                      int64_t c_stride, bool accumulate) {
  constexpr int64_t L = kLanes<T>;
  for (int64_t i = 0; i < rows; i += L) {
    const int64_t r = rows - i < L ? rows - i : L;
    for (int64_t j = 0; j < columns; j += L) {
      const int64_t w = columns - j < L ? columns - j : L;
      Vec<T> x[L];
      load_transposed<T>(tile + i * tile_stride + j, tile_stride, r, L, x);
      T* out = c + j * c_stride + i;
      AXONE_UNROLL
      for (int q = 0; q < int(L); ++q) {
        if (q < w) store_first<T>(out, accumulate ? load_first<T>(out, r) + x[q] : x[q], r);
        out += c_stride;
      }
    }
  }
}

// Slivers of A that is stored along k. Each store writes a whole vector; what it writes too much belongs to
// later columns or slivers and is overwritten by them, so the rows of the partial chunk come first.
template <class T>
void pack_a_rows(int64_t r, int64_t k, const T* a, int64_t stride, T* out) {
  constexpr int64_t L = kLanes<T>;
  for (int64_t i = r / L * L; i >= 0; i -= L) {
    const int64_t height = r - i < L ? r - i : L;
    if (height == 0) continue;
    for (int64_t p = 0; p < k; p += L) {
      const int64_t width = k - p < L ? k - p : L;
      Vec<T> x[L];
      load_transposed<T>(a + i * stride + p, stride, height, width, x);
      T* to = out + p * r + i;
      AXONE_UNROLL
      for (int q = 0; q < int(L); ++q) {
        if (q < width) store<T>(to, x[q]);
        to += r;
      }
    }
  }
}

// Columns of A that lie far apart are out of the hardware prefetcher's sight.
constexpr int64_t kAheadPack = 8;

// r elements of a column, of which `valid` can be read; `room`: elements up to the sliver's end.
template <class T>
AXONE_INLINE void pack_a_column(int64_t r, int64_t valid, int64_t room, const T* from, int64_t stride,
                                T* to) {
  constexpr int64_t L = kLanes<T>;
  __builtin_prefetch(from + kAheadPack * stride);
  for (int64_t q = 0; q < r; q += L) {
    const int64_t w = r - q < L ? r - q : L;
    // Whole vectors where neither the load leaves A's row nor the store hits the next sliver.
    const Vec<T> x = q + L <= valid ? load<T>(from + q) : load_first<T>(from + q, w);
    if (room - q >= L)
      store<T>(to + q, x);
    else
      store_first<T>(to + q, x, w);
  }
}

template <class T>
void pack_a(int64_t m, int64_t k, const void* a_, int64_t stride, GemmALayout layout, int rows, void* out_) {
  const T* a = static_cast<const T*>(a_);
  T* out = static_cast<T*>(out_);
  const int64_t tiles = (m + rows - 1) / rows, base = m / tiles, extra = m % tiles;
  if (layout == GemmALayout::rows) {
    for (int64_t t = 0, i = 0; t < tiles; ++t) {
      const int64_t r = base + (t < extra);
      pack_a_rows<T>(r, k, a + i * stride, stride, out + i * k);
      i += r;
    }
    return;
  }
  // A few columns at a time: slivers begin about a power of two apart, so that walking all of them for each
  // column would throw their lines out of L1 before they are full.
  for (int64_t p = 0; p < k; p += kAheadPack)
    for (int64_t t = 0, i = 0; t < tiles; ++t) {
      const int64_t r = base + (t < extra), last = k - p < kAheadPack ? k : p + kAheadPack;
      for (int64_t q = p; q < last; ++q)
        pack_a_column<T>(r, m - i, (k - q) * r, a + q * stride + i, stride, out + i * k + q * r);
      i += r;
    }
}

// One panel of `width` columns, of which `valid` exist.
template <class T>
void pack_panel(int64_t k, int64_t valid, int64_t width, const T* b, int64_t stride, T* out) {
  constexpr int64_t L = kLanes<T>;
  const int64_t whole = valid / L * L;
  for (int64_t p = 0; p < k; ++p, b += stride, out += width) {
    for (int64_t j = 0; j < whole; j += L) store<T>(out + j, load<T>(b + j));
    if (whole < valid) store<T>(out + whole, load_first<T>(b + whole, valid - whole));
  }
}

// Whole panels, row by row of B, so that memory is read in long runs.
template <class T>
void pack_whole_panels(int64_t k, int64_t panels, int64_t width, const T* b, int64_t stride, T* out) {
  constexpr int64_t L = kLanes<T>;
  for (int64_t p = 0; p < k; ++p, b += stride, out += width)
    for (int64_t q = 0; q < panels; ++q)
      for (int64_t j = 0; j < width; j += L) store<T>(out + q * k * width + j, load<T>(b + q * width + j));
}

template <class T>
void pack_panel_transposed(int64_t k, int64_t valid, int64_t width, const T* b, int64_t stride, T* out) {
  constexpr int64_t L = kLanes<T>;
  for (int64_t j = 0; j < valid; j += L) {
    for (int64_t p = 0; p < k; p += L) {
      const int64_t depth = k - p < L ? k - p : L;
      Vec<T> x[L];
      load_transposed<T>(b + j * stride + p, stride, valid - j < L ? valid - j : L, depth, x);
      T* to = out + p * width + j;
      AXONE_UNROLL
      for (int q = 0; q < int(L); ++q) {
        if (q < depth) store<T>(to, x[q]);
        to += width;
      }
    }
  }
}

template <class T>
void pack_b(int64_t k, int64_t n, const void* b_, int64_t stride, bool transposed, int panel_vectors,
            void* out_) {
  constexpr int64_t L = kLanes<T>;
  const T* b = static_cast<const T*>(b_);
  T* out = static_cast<T*>(out_);
  const int64_t full = panel_vectors * L;
  int64_t j = 0;
  if (!transposed) {
    pack_whole_panels<T>(k, n / full, full, b, stride, out);
    j = n / full * full;
  }
  for (; j < n; j += full) {
    const int64_t valid = n - j < full ? n - j : full;
    const int64_t width = (valid + L - 1) / L * L;
    if (transposed)
      pack_panel_transposed<T>(k, valid, width, b + j * stride, stride, out + j * k);
    else
      pack_panel<T>(k, valid, width, b + j, stride, out + j * k);
  }
}
