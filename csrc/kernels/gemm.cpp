// Matrix multiplication, compiled once per target. See gemm.h for the contract.
#include "kernels/gemm.h"

#include "kernels/adam.h"
#include "kernels/registry.h"
#include "simd/bits.h"
#include "simd/vec.h"

namespace axone {
namespace AXONE_TARGET {
namespace {
// Steps of k that a tile prefetches ahead: B by the first tile of each panel, A stored by columns in the
// first panel.
constexpr int64_t kAheadB = 16, kAheadA = 32;
// Steps of k from which a tile fetches C during the first of them.
constexpr int64_t kSpreadDepth = 64;

// clang-format off: each builds on those before it.
#include "kernels/gemm_tile.inl"
#include "kernels/gemm_beside.inl"
#include "kernels/gemm_transpose.inl"
#include "kernels/gemm_packing.inl"
#include "kernels/gemm_dot.inl"
// clang-format on

// Where a tile lies in its block.
struct TilePlace {
  int64_t tile, tiles, row, rows;  // of the tiles in its panel of B
  int64_t column, columns, width;  // of that panel: columns in whole vectors
};

// The panel behind the current one, fetched by the second tile; where it is packed, half of it by the third.
template <class T>
bool fetch_next_panel(const GemmBlock& g, const TilePlace& at, TileArguments<T>* t) {
  const bool packed = g.b_layout == GemmBLayout::panels, inner = at.column + at.columns < g.n;
  if (!g.panels_behind || at.tile == 0 || at.tile > 1 + packed || (inner && g.unpacked)) return false;
  const T* const behind =
      inner ? t->b + (packed ? at.width * g.k : at.columns) : static_cast<const T*>(g.panels_behind);
  t->ahead = {behind + (at.tile - 1) * (at.width / 2) * g.k, packed ? at.width / 2 : t->b_stride, g.k};
  return true;
}

// Which of those tiles of a panel that fetch nothing of B a tile is, and how many there are: all but the
// first, which has its panel from the one before where B comes from far away, or all but the next two.
struct FreeTile {
  int64_t index, count;
};
inline FreeTile free_tile(const GemmBlock& g, const TilePlace& at) {
  if (!g.panels_behind) return {at.tile - 1, at.tiles - 1};
  return {at.tile == 0 ? 0 : at.tile - 2, at.tiles > 3 ? at.tiles - 2 : 1};
}

// A tile's share of what else is wanted.
template <class T>
void fetch_beside(const GemmBlock& g, const TilePlace& at, LastStreams<T>* streams, TileArguments<T>* t) {
  const int64_t width = g.panel_vectors * kLanes<T>, panels = (g.n + width - 1) / width;
  const FreeTile free = free_tile(g, at);
  const int64_t turn = at.column / width * free.count + free.index, turns = panels * free.count;
  const int64_t end = g.fetch_count * (turn + 1) / turns;
  t->ahead = {t->b, 0, 0};
  streams->begin(t->b, g.k);
  for (int64_t i = g.fetch_count * turn / turns; i < end; ++i)
    streams->add({static_cast<const T*>(g.fetches[i].p), g.fetches[i].stride, g.fetches[i].rows});
}

// Changes what a tile fetches, which is all of C first, where there is more: the next panel; what else is
// wanted; or, with steps enough, C row by row (all at once would leave A and B no miss to wait in) and at the
// end what is read and written behind the tile.
template <class T>
void plan_fetches(const GemmBlock& g, const TilePlace& at, const PanelPacking<T>& packing,
                  LastStreams<T>* last, TileArguments<T>* t) {
  if (fetch_next_panel<T>(g, at, t)) return;
  if (g.fetch_count && (g.panels_behind || at.tile > 0)) return fetch_beside<T>(g, at, last, t);
  if (g.k < kSpreadDepth || at.rows * at.width < kWholeTile * kLanes<T>) return;
  t->fetch_c = false;
  t->ahead = {t->c, t->c_stride, g.transposed ? 0 : at.rows};
  last->begin(t->b, g.k - t->ahead.steps);
  if (g.transposed)
    last->add({static_cast<const T*>(g.c) + at.column * g.c_stride + at.row, g.c_stride, at.columns});
  if (g.unpacked) packing.fetch(at.tile, last);
}

// Where the panel of B lies whose first column is j. A partial vector of rows is packed where it cannot be
// masked.
template <class T>
void place_panel(const GemmBlock& g, int64_t j, int64_t columns, int64_t width, TileArguments<T>* t) {
  const bool apart = g.b_rows != nullptr, packed = !apart && g.b_layout == GemmBLayout::panels;
  t->b_rows = g.b_rows;
  t->b_first = g.b_first + j;
  t->b = apart ? static_cast<const T*>(g.b_rows[0]) + t->b_first
               : static_cast<const T*>(g.b) + (packed ? j * g.k : j);
  t->b_stride = packed ? width : apart ? 0 : g.b_stride;
  if (kMaskedLoads || packed || columns == width) return;
  T* const tail = static_cast<T*>(g.tail);
  if (!apart) pack_panel<T>(g.k, columns, width, t->b, t->b_stride, tail);
  for (int64_t p = 0; apart && p < g.k; ++p)
    pack_panel<T>(1, columns, width, static_cast<const T*>(g.b_rows[p]) + t->b_first, 0, tail + p * width);
  t->b = tail;
  t->b_stride = width;
  t->b_rows = nullptr;
}

template <class T>
int64_t block(const GemmBlock& g) {
  constexpr int64_t L = kLanes<T>;
  const T* const a = static_cast<const T*>(g.a);
  T* const c = static_cast<T*>(g.c);
  const int limit = kAccumulators<T> / g.panel_vectors;
  const int64_t rows = limit < kMaxRows<T> ? limit : kMaxRows<T>;
  const int64_t tiles = (g.m + rows - 1) / rows, base = g.m / tiles, extra = g.m % tiles;
  const int tile_kind = g.a_layout == GemmALayout::rows ? kRowsTile : kColumnsTile;
  alignas(64) T scratch[kAccumulators<T> * L];
  const bool carries = g.update_elements > 0 && g.a_layout != GemmALayout::rows && g.panel_vectors == 2 &&
                       !g.transposed && !g.accumulate;
  int64_t updated = 0;
  TileArguments<T> t{};
  t.k = g.k;
  t.a_stride = g.a_stride;
  t.begin_with_c = g.accumulate && g.in_order && !g.c_last;
  t.accumulate = g.accumulate && !g.transposed && !t.begin_with_c;
  t.in_order = g.in_order;
  if (g.finish) t.low = T(g.finish->low), t.high = T(g.finish->high);
  const int64_t done = carries ? carry_panels<T>(g, &updated) : 0;
  PanelPacking<T> packing(g, g.panel_vectors * L, tiles);
  LastStreams<T> last_streams;
  t.then = last_streams.get();
  const bool plans = g.panels_behind || g.k >= kSpreadDepth;
  for (int64_t j = done; j < g.n; j += g.panel_vectors * L) {
    const int64_t columns = g.n - j < g.panel_vectors * L ? g.n - j : g.panel_vectors * L;
    const int64_t vectors = (columns + L - 1) / L, last = columns - (vectors - 1) * L;
    place_panel<T>(g, j, columns, vectors * L, &t);
    const auto& functions = TileTable<T>::get[t.b_rows ? kApartTile : tile_kind];
    // A packed panel has whole vectors, so a tile that goes to the scratch tile needs no mask.
    t.last = last;
    t.a_ahead = g.a_layout == GemmALayout::columns && j == 0 ? kAheadA * g.a_stride : 0;
    if (g.finish) {
      t.scale = static_cast<const T*>(g.finish->scale) + j;
      t.shift = static_cast<const T*>(g.finish->shift) + j;
    }
    if (g.unpacked) packing.begin_panel(j + columns);
    for (int64_t n = 0, i = 0; n < tiles; ++n) {
      const int64_t r = base + (n < extra);
      t.a = a + (g.a_layout == GemmALayout::rows      ? i * g.a_stride
                 : g.a_layout == GemmALayout::columns ? i
                                                      : i * g.k);
      if (g.a_layout == GemmALayout::slivers) t.a_stride = r;
      t.c = g.transposed ? scratch : c + i * g.c_stride + j;
      t.c_stride = g.transposed ? vectors * L : g.c_stride;
      const int64_t b_ahead = n == 0 && !g.unpacked ? t.b_stride : 0;
      t.fetch_c = true;
      t.ahead = {t.b + kAheadB * b_ahead, b_ahead, g.k};
      if (plans && (b_ahead == 0 || g.fetch_count))
        plan_fetches<T>(g, {n, tiles, i, r, j, columns, vectors * L}, packing, &last_streams, &t);
      functions[r - 1][vectors - 1](t);
      if (g.unpacked) packing.pack(n);
      if (g.transposed)
        store_transposed<T>(scratch, vectors * L, r, columns, c + j * g.c_stride + i, g.c_stride,
                            g.accumulate);
      i += r;
    }
  }
  return updated;
}

template <class T>
double peak(int64_t rounds) {
  constexpr int N = kAccumulators<T>;
  Vec<T> acc[N], x = splat<T>(T(1)), y = splat<T>(T(1));
  AXONE_UNROLL
  for (int i = 0; i < N; ++i) acc[i] = splat<T>(T(i));
  for (int64_t n = 0; n < rounds; ++n) {
#if defined(__x86_64__)
    __asm__ volatile("" : "+x"(x), "+x"(y));  // unknown to the compiler, in registers
#elif defined(__aarch64__)
    __asm__ volatile("" : "+w"(x), "+w"(y));
#endif
    AXONE_UNROLL
    for (int i = 0; i < N; ++i) acc[i] += x * y;
  }
  AXONE_UNROLL
  for (int i = 1; i < N; ++i) acc[0] += acc[i];
  return double(sum_lanes<T>(acc[0]));
}

template <class T>
constexpr GemmKernels make_kernels(const char* prefix) {
  return {prefix,           int32_t(kLanes<T>),
          kMaxRows<T>,      kMaxVectors<T>,
          kAccumulators<T>, int32_t(2 * kAccumulators<T> * kLanes<T>),
          block<T>,         dot<T>,
          pack_a<T>,        pack_b<T>,
          peak<T>};
}

constexpr GemmKernels kFloat32 = make_kernels<float>("sgemm");
constexpr GemmKernels kFloat64 = make_kernels<double>("dgemm");
constexpr GemmKernels kInt32 = make_kernels<uint32_t>("igemm");
constexpr GemmKernels kInt64 = make_kernels<uint64_t>("lgemm");

constexpr KernelEntry kEntries[] = {
    {"gemm.kernels", DType::f32, nullptr, &kFloat32},
    {"gemm.kernels", DType::f64, nullptr, &kFloat64},
    {"gemm.kernels", DType::i32, nullptr, &kInt32},
    {"gemm.kernels", DType::i64, nullptr, &kInt64},
};

}  // namespace

extern const KernelFamily gemm_family;
const KernelFamily gemm_family = {kEntries, sizeof(kEntries) / sizeof(kEntries[0])};

}  // namespace AXONE_TARGET
}  // namespace axone
