// The depthwise kernels: contract in depthwise.h.
#include "kernels/depthwise.h"

#include "kernels/families.h"
#include "simd/vec.h"

namespace axone {
namespace AXONE_TARGET {
namespace {

constexpr int64_t least(int64_t a, int64_t b) {
  return a < b ? a : b;
}
constexpr int64_t most(int64_t a, int64_t b) {
  return a > b ? a : b;
}

template <class T, bool Whole>
AXONE_INLINE Vec<T> load_some(const T* p, int64_t n) {
  return Whole ? load<T>(p) : load_first<T>(p, n);
}
template <class T, bool Whole>
AXONE_INLINE void store_some(T* p, Vec<T> v, int64_t n) {
  if (Whole)
    store<T>(p, v);
  else
    store_first<T>(p, v, n);
}

// Q positions times V vectors of channels, where every tap meets the input at all of them.
template <class T, int Q, int V, bool Whole>
AXONE_INLINE void inner_tile(const DepthwiseLine& line, const DepthwiseTap* taps, int64_t tap_count,
                             int64_t q, int64_t c, int64_t last, T* y) {
  constexpr int64_t L = kLanes<T>;
  Vec<T> acc[Q][V] = {};
  for (int64_t t = 0; t < tap_count; ++t) {
    const T* const x = static_cast<const T*>(taps[t].x) + q * line.x_stride + c;
    const T* const w = static_cast<const T*>(taps[t].w) + c;
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      const Vec<T> weight = load_some<T, Whole>(w + v * L, last);
#pragma GCC unroll 8
      for (int i = 0; i < Q; ++i)
        acc[i][v] += load_some<T, Whole>(x + i * line.x_stride + v * L, last) * weight;
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < Q; ++i)
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v)
      store_some<T, Whole>(y + (q + i) * line.y_stride + c + v * L, acc[i][v], last);
}

// One position at a border: only the taps that meet the input.
template <class T, bool Whole>
AXONE_INLINE void border(const DepthwiseLine& line, const DepthwiseTap* taps, int64_t tap_count, int64_t q,
                         int64_t c, int64_t last, T* y) {
  Vec<T> acc = {};
  for (int64_t t = 0; t < tap_count; ++t)
    if (taps[t].begin <= q && q < taps[t].end)
      acc += load_some<T, Whole>(static_cast<const T*>(taps[t].x) + q * line.x_stride + c, last) *
             load_some<T, Whole>(static_cast<const T*>(taps[t].w) + c, last);
  store_some<T, Whole>(y + q * line.y_stride + c, acc, last);
}

template <class T, int V, bool Whole>
void channels_of_line(const DepthwiseLine& line, const DepthwiseTap* taps, int64_t tap_count, int64_t begin,
                      int64_t end, int64_t c, int64_t last, T* y) {
  constexpr int Q = V == 1 ? 8 : 4;
  auto edge = [&](int64_t q) {
    for (int v = 0; v < V; ++v) border<T, Whole>(line, taps, tap_count, q, c + v * kLanes<T>, last, y);
  };
  for (int64_t q = 0; q < begin; ++q) edge(q);
  int64_t q = begin;
  for (; q + Q <= end; q += Q) inner_tile<T, Q, V, Whole>(line, taps, tap_count, q, c, last, y);
  for (; q < end; ++q) inner_tile<T, 1, V, Whole>(line, taps, tap_count, q, c, last, y);
  for (q = end; q < line.count; ++q) edge(q);
}

template <class T>
void line(const DepthwiseLine& line, const DepthwiseTap* taps, int64_t tap_count, void* y_) {
  constexpr int64_t L = kLanes<T>;
  T* const y = static_cast<T*>(y_);
  // Positions at which every tap meets the input.
  int64_t begin = 0, end = line.count;
  for (int64_t t = 0; t < tap_count; ++t) begin = most(begin, taps[t].begin), end = least(end, taps[t].end);
  begin = least(begin, line.count);
  end = most(begin, end);
  int64_t c = 0;
  for (; c + 2 * L <= line.channels; c += 2 * L)
    channels_of_line<T, 2, true>(line, taps, tap_count, begin, end, c, L, y);
  for (; c + L <= line.channels; c += L)
    channels_of_line<T, 1, true>(line, taps, tap_count, begin, end, c, L, y);
  if (c < line.channels)
    channels_of_line<T, 1, false>(line, taps, tap_count, begin, end, c, line.channels - c, y);
}

// Up to N taps at once, so that dy is read once for all.
template <class T, int N, bool Whole>
AXONE_INLINE void weight_tile(const DepthwiseLine& line, const DepthwiseTap* taps, const T* dy, T* dw,
                              int64_t c, int64_t last) {
  Vec<T> acc[N] = {};
  const T* x[N];
  int64_t begin = 0, end = line.count, first = line.count, behind = 0;
#pragma GCC unroll 8
  for (int t = 0; t < N; ++t) {
    x[t] = static_cast<const T*>(taps[t].x) + c;
    begin = most(begin, taps[t].begin), end = least(end, taps[t].end);
    first = least(first, taps[t].begin), behind = most(behind, taps[t].end);
  }
  auto edge = [&](int64_t q) {
    const Vec<T> d = load_some<T, Whole>(dy + q * line.y_stride + c, last);
    for (int t = 0; t < N; ++t)
      if (taps[t].begin <= q && q < taps[t].end)
        acc[t] += load_some<T, Whole>(x[t] + q * line.x_stride, last) * d;
  };
  if (end < begin) begin = end = behind;
  for (int64_t q = most(first, 0); q < begin; ++q) edge(q);
  for (int64_t q = begin; q < end; ++q) {
    const Vec<T> d = load_some<T, Whole>(dy + q * line.y_stride + c, last);
#pragma GCC unroll 8
    for (int t = 0; t < N; ++t) acc[t] += load_some<T, Whole>(x[t] + q * line.x_stride, last) * d;
  }
  for (int64_t q = end; q < behind; ++q) edge(q);
#pragma GCC unroll 8
  for (int t = 0; t < N; ++t) {
    T* const p = dw + t * line.channels + c;
    store_some<T, Whole>(p, load_some<T, Whole>(p, last) + acc[t], last);
  }
}

template <class T, bool Whole>
void channels_of_weights(const DepthwiseLine& line, const DepthwiseTap* taps, int64_t tap_count, const T* dy,
                         T* dw, int64_t c, int64_t last) {
  int64_t t = 0;
  for (; t + 5 <= tap_count; t += 5)
    weight_tile<T, 5, Whole>(line, taps + t, dy, dw + t * line.channels, c, last);
  for (; t + 3 <= tap_count; t += 3)
    weight_tile<T, 3, Whole>(line, taps + t, dy, dw + t * line.channels, c, last);
  for (; t < tap_count; ++t) weight_tile<T, 1, Whole>(line, taps + t, dy, dw + t * line.channels, c, last);
}

template <class T>
void weights(const DepthwiseLine& line, const DepthwiseTap* taps, int64_t tap_count, const void* dy_,
             void* dw_) {
  constexpr int64_t L = kLanes<T>;
  const T* dy = static_cast<const T*>(dy_);
  T* dw = static_cast<T*>(dw_);
  int64_t c = 0;
  for (; c + L <= line.channels; c += L) channels_of_weights<T, true>(line, taps, tap_count, dy, dw, c, L);
  if (c < line.channels) channels_of_weights<T, false>(line, taps, tap_count, dy, dw, c, line.channels - c);
}

template <class F>
void (*plain(F f))() {
  return reinterpret_cast<void (*)()>(f);
}

const KernelEntry kEntries[] = {
    {"depthwise.line", DType::f32, plain(DepthwiseLineFunction(line<float>)), nullptr},
    {"depthwise.line", DType::f64, plain(DepthwiseLineFunction(line<double>)), nullptr},
    {"depthwise.weights", DType::f32, plain(DepthwiseWeightsFunction(weights<float>)), nullptr},
    {"depthwise.weights", DType::f64, plain(DepthwiseWeightsFunction(weights<double>)), nullptr},
};

}  // namespace

extern const KernelFamily depthwise_family;
const KernelFamily depthwise_family = {kEntries, sizeof(kEntries) / sizeof(kEntries[0])};

}  // namespace AXONE_TARGET
}  // namespace axone
