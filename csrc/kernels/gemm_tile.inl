// The tile: R rows times V vectors of C in registers, one pass over k. Included by gemm.cpp.

// Registers for C: all but what B's vectors, A's broadcast and the mask take.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kFloatAccumulators = 24, kFloatRows = 12, kFloatVectors = 8;
#else
constexpr int kFloatAccumulators = 12, kFloatRows = 6, kFloatVectors = 4;
#endif
constexpr int kIntAccumulators = 8, kIntRows = 4, kIntVectors = 2;

// Integers compute as unsigned ones, which wrap around by definition.
template <class T>
inline constexpr bool kIsFloat = T(0.5) != T(0);
template <class T>
inline constexpr int kAccumulators = kIsFloat<T> ? kFloatAccumulators : kIntAccumulators;
template <class T>
inline constexpr int kMaxRows = kIsFloat<T> ? kFloatRows : kIntRows;
template <class T>
inline constexpr int kMaxVectors = kIsFloat<T> ? kFloatVectors : kIntVectors;

// Whether a tile may load the partial last vector of B's rows in its inner loop.
#if defined(__AVX512F__)
constexpr bool kMaskedLoads = true;
#else
constexpr bool kMaskedLoads = false;
#endif

#define AXONE_PRAGMA_(x) _Pragma(#x)
#if defined(__clang__)
#define AXONE_UNROLL AXONE_PRAGMA_(clang loop unroll(full))
#else
#define AXONE_UNROLL AXONE_PRAGMA_(GCC unroll 64)
#endif

// Lines that a tile fetches beside its work: a row as wide as the tile with each step, or `p` again and
// again.
template <class T>
struct Stream {
  const T* p;
  int64_t stride, steps;
};

// Tiles of so many sums keep one of each element; smaller ones several, to keep the units busy.
constexpr int kWholeTile = 8;

template <class T>
struct TileArguments {
  int64_t k;
  const T* a;
  int64_t a_stride;
  const T* b;
  int64_t b_stride;
  const void* const* b_rows;  // B's rows, if they lie apart; then `b` is the place of the first
  int64_t b_first;            // and this the panel's first element in each
  T* c;
  int64_t c_stride;
  int64_t last;       // columns in the last vector: 1 ... lanes
  bool accumulate;    // C is added at the end
  bool begin_with_c;  // sums begin with it
  bool in_order;
  int64_t a_ahead;        // A by columns: elements from the current column to one to prefetch
  Stream<T> ahead;        // fetched first; where its steps are less than k,
  const Stream<T>* then;  // these in turn
  bool fetch_c;           // before anything else
  const T* scale;         // of the finish, or null
  const T* shift;
  T low, high;
};

// Element i of the current column of A. Along rows, every third row has a pointer of its own: x86 addresses
// reach one and two strides further for free, so that twelve rows need four pointers.
template <class T, int R, bool Rows>
struct ACursor {
  static constexpr int kPointers = Rows ? (R + 2) / 3 : 1;
  const T* p[kPointers];
  int64_t stride, ahead;

  AXONE_MEMBER_INLINE ACursor(const T* a, int64_t s, int64_t prefetch) : stride(s), ahead(prefetch) {
    AXONE_UNROLL
    for (int i = 0; i < kPointers; ++i) p[i] = a + 3 * i * s;
  }
  AXONE_MEMBER_INLINE T at(int i) const { return Rows ? p[i / 3][(i % 3) * stride] : p[0][i]; }
  AXONE_MEMBER_INLINE void next() {
    AXONE_UNROLL
    for (int i = 0; i < kPointers; ++i) p[i] += Rows ? 1 : stride;
  }
};

// The current row of B: rows follow each other, or each has an address.
template <class T, bool Apart>
struct BCursor {
  const T* p;
  int64_t stride;
  AXONE_MEMBER_INLINE explicit BCursor(const TileArguments<T>& t) : p(t.b), stride(t.b_stride) {}
  AXONE_MEMBER_INLINE const T* row() const { return p; }
  AXONE_MEMBER_INLINE void next() { p += stride; }
};
template <class T>
struct BCursor<T, true> {
  const void* const* p;
  int64_t first;
  AXONE_MEMBER_INLINE explicit BCursor(const TileArguments<T>& t) : p(t.b_rows), first(t.b_first) {}
  AXONE_MEMBER_INLINE const T* row() const { return static_cast<const T*>(*p) + first; }
  AXONE_MEMBER_INLINE void next() { ++p; }
};

// What the tile fetches into the cache for later, one row of a panel for each k.
template <class T, int R, int V, bool Rows, bool Apart>
AXONE_INLINE void tile_step(Vec<T> (&acc)[R][V], ACursor<T, R, Rows>& a, BCursor<T, Apart>& b, int64_t last,
                            Stream<T>& ahead) {
  const T* const from = b.row();
  Vec<T> row[V];
  AXONE_UNROLL
  for (int v = 0; v < V; ++v)
    row[v] = kMaskedLoads && v == V - 1 ? load_first<T>(from + v * kLanes<T>, last)
                                        : load<T>(from + v * kLanes<T>);
  AXONE_UNROLL
  for (int v = 0; v < V; ++v) __builtin_prefetch(ahead.p + v * kLanes<T>);
  if (!Rows) __builtin_prefetch(a.p[0] + a.ahead);
  AXONE_UNROLL
  for (int i = 0; i < R; ++i) {
    const T x = a.at(i);
    AXONE_UNROLL
    for (int v = 0; v < V; ++v) acc[i][v] += row[v] * x;
  }
  a.next();
  b.next();
  ahead.p += ahead.stride;
}

// All that is added up, with C where that counts, refined column by column.
template <class T, int R, int V>
AXONE_INLINE void finish_tile(Vec<T> (&acc)[R][V], const TileArguments<T>& t) {
  AXONE_UNROLL
  for (int v = 0; v < V; ++v) {
    const int64_t n = v < V - 1 ? kLanes<T> : t.last;
    const Vec<T> scale = load_first<T>(t.scale + v * kLanes<T>, n),
                 shift = load_first<T>(t.shift + v * kLanes<T>, n);
    AXONE_UNROLL
    for (int r = 0; r < R; ++r) {
      Vec<T> x = acc[r][v];
      if (t.accumulate) x += load_first<T>(t.c + r * t.c_stride + v * kLanes<T>, n);
      acc[r][v] = at_most<T>(at_least<T>(x * scale + shift, t.low), t.high);
    }
  }
}

// An FMA takes 4 cycles and two start in each, so fewer than 8 sums in flight leave the units idle: small
// tiles keep several sums per element, for every U-th k, and add them at the end, if not told to keep order.
template <class T, int R, int V, bool Rows, bool Apart>
void tile(const TileArguments<T>& t) {
  constexpr int U = R * V >= kWholeTile ? 1 : R * V >= 4 ? 2 : R * V >= 2 ? 4 : 8;
  constexpr int64_t L = kLanes<T>;
  Vec<T> acc[U][R][V];
  AXONE_UNROLL
  for (int u = 0; u < U; ++u) AXONE_UNROLL
  for (int i = 0; i < R; ++i) AXONE_UNROLL
  for (int v = 0; v < V; ++v) acc[u][i][v] = Vec<T>{};
  if (t.begin_with_c) {
    AXONE_UNROLL
    for (int i = 0; i < R; ++i) AXONE_UNROLL
    for (int v = 0; v < V; ++v)
      acc[0][i][v] = load_first<T>(t.c + i * t.c_stride + v * L, v < V - 1 ? L : t.last);
  }
  if (t.fetch_c) AXONE_UNROLL
  for (int i = 0; i < R; ++i) AXONE_UNROLL
  for (int v = 0; v < V; ++v) __builtin_prefetch(t.c + i * t.c_stride + v * L, 1);
  ACursor<T, R, Rows> a(t.a, t.a_stride, t.a_ahead);
  BCursor<T, Apart> b(t);
  const int64_t last = t.last;
  Stream<T> ahead = t.ahead;
  int64_t k = t.k;
  if constexpr (U == 1) {
    for (const Stream<T>* then = t.then;; ahead = *then++) {
      k -= ahead.steps;
      for (int64_t steps = ahead.steps; steps > 0; --steps)
        tile_step<T, R, V, Rows>(acc[0], a, b, last, ahead);
      if (k == 0) break;
    }
  } else {
    if (!t.in_order)
      for (; k >= U; k -= U) AXONE_UNROLL
    for (int u = 0; u < U; ++u) tile_step<T, R, V, Rows>(acc[u], a, b, last, ahead);
    for (; k > 0; --k) tile_step<T, R, V, Rows>(acc[0], a, b, last, ahead);
  }
  AXONE_UNROLL
  for (int half = U / 2; half > 0; half /= 2) AXONE_UNROLL
  for (int u = 0; u < half; ++u) AXONE_UNROLL
  for (int i = 0; i < R; ++i) AXONE_UNROLL
  for (int v = 0; v < V; ++v) acc[u][i][v] += acc[u + half][i][v];

  if (t.scale) finish_tile<T, R, V>(acc[0], t);
  // Asked once, not for each vector: a tenth less code, at the same speed.
  if (t.accumulate && !t.scale) AXONE_UNROLL
  for (int r = 0; r < R; ++r) AXONE_UNROLL
  for (int v = 0; v < V; ++v)
    acc[0][r][v] += load_first<T>(t.c + r * t.c_stride + v * L, v < V - 1 ? L : last);
  T* c = t.c;
  if (last == L) {
    AXONE_UNROLL
    for (int r = 0; r < R; ++r, c += t.c_stride) AXONE_UNROLL
    for (int v = 0; v < V; ++v) store<T>(c + v * L, acc[0][r][v]);
  } else {
    AXONE_UNROLL
    for (int r = 0; r < R; ++r, c += t.c_stride) AXONE_UNROLL
    for (int v = 0; v < V; ++v) store_first<T>(c + v * L, acc[0][r][v], v < V - 1 ? L : last);
  }
}

template <class T>
using TileFunction = void (*)(const TileArguments<T>&);

// How a tile reads: A by columns or along rows; A by columns and B's rows by their addresses, for which two
// vectors are wide enough.
enum TileKind : int { kColumnsTile, kRowsTile, kApartTile, kTileKinds };
constexpr int kApartVectors = 2;

template <class T, int R, int V, int Kind>
constexpr TileFunction<T> tile_or_null() {
  constexpr bool rows = Kind == kRowsTile, apart = Kind == kApartTile;
  if constexpr (R * V <= kAccumulators<T> && R <= kMaxRows<T> && V <= kMaxVectors<T> &&
                (!apart || (kIsFloat<T> && V <= kApartVectors)))
    return tile<T, R, V, rows, apart>;
  else
    return nullptr;
}

// Every tile of one element type: [kind][R - 1][V - 1].
template <class T>
struct TileTable {
#define AXONE_TILE_ROW(R, Kind)                                                                 \
  {tile_or_null<T, R, 1, Kind>(), tile_or_null<T, R, 2, Kind>(), tile_or_null<T, R, 3, Kind>(), \
   tile_or_null<T, R, 4, Kind>(), tile_or_null<T, R, 5, Kind>(), tile_or_null<T, R, 6, Kind>(), \
   tile_or_null<T, R, 7, Kind>(), tile_or_null<T, R, 8, Kind>()}
#define AXONE_TILE_ROWS(Kind)                                                                            \
  {AXONE_TILE_ROW(1, Kind), AXONE_TILE_ROW(2, Kind),  AXONE_TILE_ROW(3, Kind),  AXONE_TILE_ROW(4, Kind), \
   AXONE_TILE_ROW(5, Kind), AXONE_TILE_ROW(6, Kind),  AXONE_TILE_ROW(7, Kind),  AXONE_TILE_ROW(8, Kind), \
   AXONE_TILE_ROW(9, Kind), AXONE_TILE_ROW(10, Kind), AXONE_TILE_ROW(11, Kind), AXONE_TILE_ROW(12, Kind)}
  static constexpr TileFunction<T> get[kTileKinds][12][8] = {
      AXONE_TILE_ROWS(kColumnsTile), AXONE_TILE_ROWS(kRowsTile), AXONE_TILE_ROWS(kApartTile)};
#undef AXONE_TILE_ROWS
#undef AXONE_TILE_ROW
};
