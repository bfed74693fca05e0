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

// One panel of V vectors: U sums for each, of every U-th k, so that eight multiply-adds are under way.
template <class T, int V>
AXONE_INLINE void row_panel(int64_t k, const T* a, const T* b, T* c, bool add) {
  constexpr int U = V >= 5 ? 1 : V >= 3 ? 2 : V == 2 ? 4 : 8;
  constexpr int64_t L = kLanes<T>;
  Vec<T> sum[U][V] = {};
  int64_t p = 0;
  for (; p + U <= k; p += U) AXONE_UNROLL
  for (int u = 0; u < U; ++u, b += V * L) AXONE_UNROLL
  for (int v = 0; v < V; ++v) sum[u][v] += load<T>(b + v * L) * a[p + u];
  for (; p < k; ++p, b += V * L) AXONE_UNROLL
  for (int v = 0; v < V; ++v) sum[0][v] += load<T>(b + v * L) * a[p];
  AXONE_UNROLL
  for (int half = U / 2; half > 0; half /= 2) AXONE_UNROLL
  for (int u = 0; u < half; ++u) AXONE_UNROLL
  for (int v = 0; v < V; ++v) sum[u][v] += sum[u + half][v];
  AXONE_UNROLL
  for (int v = 0; v < V; ++v) store<T>(c + v * L, add ? load<T>(c + v * L) + sum[0][v] : sum[0][v]);
}

template <class T, int V>
void row_panels(int64_t k, const T* a, const T* b, int64_t panels, T* c, bool add) {
  for (int64_t i = 0; i < panels; ++i)
    row_panel<T, V>(k, a, b + i * V * kLanes<T> * k, c + i * V * kLanes<T>, add);
}

template <class T>
void row(int64_t k, const void* a, const void* b, int64_t vectors, int panel_vectors, void* c, bool add) {
  using Panels = void (*)(int64_t, const T*, const T*, int64_t, T*, bool);
  static constexpr Panels kPanels[] = {row_panels<T, 1>, row_panels<T, 2>, row_panels<T, 3>,
                                       row_panels<T, 4>, row_panels<T, 5>, row_panels<T, 6>,
                                       row_panels<T, 7>, row_panels<T, 8>};
  const int64_t whole = vectors / panel_vectors, rest = vectors % panel_vectors;
  const int64_t done = whole * panel_vectors * kLanes<T>;
  const T* const x = static_cast<const T*>(a);
  if (whole) kPanels[panel_vectors - 1](k, x, static_cast<const T*>(b), whole, static_cast<T*>(c), add);
  if (rest) kPanels[rest - 1](k, x, static_cast<const T*>(b) + done * k, 1, static_cast<T*>(c) + done, add);
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
constexpr RnnFewKernels kFew = {row<T>, put<T>, get<T>};

const KernelEntry kEntries[] = {{"rnn.few", DType::f32, nullptr, &kFew<float>},
                                {"rnn.few", DType::f64, nullptr, &kFew<double>}};

}  // namespace

extern const KernelFamily rnn_few_family;
const KernelFamily rnn_few_family = {kEntries, sizeof(kEntries) / sizeof(kEntries[0])};

}  // namespace AXONE_TARGET
}  // namespace axone
