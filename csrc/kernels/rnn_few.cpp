// The kernels for few sequences: contract in rnn_few.h.
#include "kernels/rnn_few.h"

#include "kernels/families.h"
#include "simd/lanes.h"

namespace axone {
namespace AXONE_TARGET {
namespace {

#define AXONE_PRAGMA_(x) _Pragma(#x)
#if defined(__clang__)
#define AXONE_UNROLL AXONE_PRAGMA_(clang loop unroll(full))
#else
#define AXONE_UNROLL AXONE_PRAGMA_(GCC unroll 16)
#endif

// Registers for sums, as in gemm_tile.inl.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kAccumulators = 24;
#else
constexpr int kAccumulators = 12;
#endif
constexpr int kMostRows = 7, kMostVectors = 8;

// R rows times one panel of V vectors: U sums for each, of every U-th k, so that eight multiply-adds are
// under way.
template <class T, int R, int V>
AXONE_INLINE void one_panel(const RnnFewProduct& g, const T* b, T* c) {
  constexpr int U = R * V >= 8 ? 1 : R * V >= 4 ? 2 : R * V >= 2 ? 4 : 8;
  constexpr int64_t L = kLanes<T>;
  const T* const a = static_cast<const T*>(g.a);
  Vec<T> sum[U][R][V] = {};
  const auto step = [&](Vec<T>(&to)[R][V], int64_t p) __attribute__((always_inline)) {
    Vec<T> row[V];
    AXONE_UNROLL
    for (int v = 0; v < V; ++v) row[v] = load<T>(b + v * L);
    AXONE_UNROLL
    for (int r = 0; r < R; ++r) AXONE_UNROLL
    for (int v = 0; v < V; ++v) to[r][v] += row[v] * a[r * g.a_stride + p];
    b += V * L;
  };
  int64_t p = 0;
  for (; p + U <= g.k; p += U) AXONE_UNROLL
  for (int u = 0; u < U; ++u) step(sum[u], p + u);
  for (; p < g.k; ++p) step(sum[0], p);
  AXONE_UNROLL
  for (int half = U / 2; half > 0; half /= 2) AXONE_UNROLL
  for (int u = 0; u < half; ++u) AXONE_UNROLL
  for (int r = 0; r < R; ++r) AXONE_UNROLL
  for (int v = 0; v < V; ++v) sum[u][r][v] += sum[u + half][r][v];
  AXONE_UNROLL
  for (int r = 0; r < R; ++r) AXONE_UNROLL
  for (int v = 0; v < V; ++v) {
    T* const to = c + r * g.c_stride + v * L;
    store<T>(to, g.add ? load<T>(to) + sum[0][r][v] : sum[0][r][v]);
  }
}

template <class T, int R, int V>
void panels_of(const RnnFewProduct& g, const T* b, int64_t panels, T* c) {
  for (int64_t i = 0; i < panels; ++i)
    one_panel<T, R, V>(g, b + i * V * kLanes<T> * g.k, c + i * V * kLanes<T>);
}

template <class T>
using Panels = void (*)(const RnnFewProduct& g, const T* b, int64_t panels, T* c);

template <class T, int R, int V>
constexpr Panels<T> panels_or_null() {
  if constexpr (R * V <= kAccumulators)
    return panels_of<T, R, V>;
  else
    return nullptr;
}

template <class T>
void rows(const RnnFewProduct& g) {
#define AXONE_PANELS(R)                                                                  \
  {                                                                                      \
    panels_or_null<T, R, 1>(), panels_or_null<T, R, 2>(), panels_or_null<T, R, 3>(),     \
        panels_or_null<T, R, 4>(), panels_or_null<T, R, 5>(), panels_or_null<T, R, 6>(), \
        panels_or_null<T, R, 7>(), panels_or_null<T, R, 8>()                             \
  }
  static constexpr Panels<T> kPanels[kMostRows][kMostVectors] = {
      AXONE_PANELS(1), AXONE_PANELS(2), AXONE_PANELS(3), AXONE_PANELS(4),
      AXONE_PANELS(5), AXONE_PANELS(6), AXONE_PANELS(7)};
#undef AXONE_PANELS
  const auto& of_rows = kPanels[g.m - 1];
  const int64_t whole = g.vectors / g.panel_vectors, rest = g.vectors % g.panel_vectors;
  const int64_t done = whole * g.panel_vectors * kLanes<T>;
  const T* const b = static_cast<const T*>(g.panels);
  T* const c = static_cast<T*>(g.c);
  if (whole) of_rows[g.panel_vectors - 1](g, b, whole, c);
  if (rest) of_rows[rest - 1](g, b + done * g.k, 1, c + done);
}

// Words are whole vectors of 64-bit elements, which processors load and store one by one or many together,
// but never in part.
using Words = Vec<uint64_t>;
typedef uint32_t Pieces __attribute__((vector_size(AXONE_VECTOR_BYTES / 2)));
constexpr int64_t kPieces = kLanes<uint64_t>;

template <class T>
void put(uint32_t turn, int64_t n, const void* values, uint64_t* words) {
  const char* from = static_cast<const char*>(values);
  const uint64_t tag = uint64_t(turn) << 32;
  int64_t left = n * int64_t(sizeof(T) / 4);
  for (; left > 0; left -= kPieces, from += sizeof(Pieces), words += kPieces) {
    Pieces pieces = {};
    memcpy(&pieces, from, left < kPieces ? size_t(left) * 4 : sizeof(Pieces));
    *reinterpret_cast<volatile Words*>(words) = __builtin_convertvector(pieces, Words) | tag;
  }
}

template <class T>
int64_t get(uint32_t turn, int64_t n, const uint64_t* words, void* values) {
  char* to = static_cast<char*>(values);
  const uint64_t tag = uint64_t(turn) << 32;
  const int64_t all = n * int64_t(sizeof(T) / 4);
  for (int64_t done = 0; done < all; done += kPieces, to += sizeof(Pieces)) {
    const Words w = *reinterpret_cast<const volatile Words*>(words + done);
    if (join_lanes<JoinOr, uint64_t>((w ^ tag) >> 32)) return done * 4 / int64_t(sizeof(T));
    const Pieces pieces = __builtin_convertvector(w, Pieces);
    memcpy(to, &pieces, all - done < kPieces ? size_t(all - done) * 4 : sizeof(Pieces));
  }
  return n;
}

template <class T>
constexpr RnnFewKernels kFew = {rows<T>, put<T>, get<T>};

const KernelEntry kEntries[] = {{"rnn.few", DType::f32, nullptr, &kFew<float>},
                                {"rnn.few", DType::f64, nullptr, &kFew<double>}};

}  // namespace

extern const KernelFamily rnn_few_family;
const KernelFamily rnn_few_family = {kEntries, sizeof(kEntries) / sizeof(kEntries[0])};

}  // namespace AXONE_TARGET
}  // namespace axone
