// The depthwise kernels: contract in depthwise.h.
#include "kernels/depthwise.h"

#include "kernels/families.h"
#include "simd/bits.h"
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

// A finish, at hand: what is read through a pointer would be read again behind every store.
template <class T>
struct Final {
  const T *scale = nullptr, *shift = nullptr;
  T low = 0, high = 0;

  AXONE_MEMBER_INLINE explicit Final(const ChannelFinish* f) {
    if (!f) return;
    scale = static_cast<const T*>(f->scale), shift = static_cast<const T*>(f->shift);
    low = T(f->low), high = T(f->high);
  }
  // N vectors of the same channels.
  template <bool Whole, int N>
  AXONE_MEMBER_INLINE void apply(Vec<T>* v, int64_t c, int64_t last) const {
    if (!scale) return;
    const Vec<T> factor = load_some<T, Whole>(scale + c, last), more = load_some<T, Whole>(shift + c, last);
#pragma GCC unroll 16
    for (int i = 0; i < N; ++i) {
      const Vec<T> x = v[i] * factor + more;
      v[i] = at_most<T>(at_least<T>(x, low), high);
    }
  }
};

// V vectors of channels of one position, from the taps that meet the input there.
template <class T, int V, bool Whole>
AXONE_INLINE void pixel_tile(const Final<T>& final, const T* const* x, const T* const* w, int64_t tap_count,
                             int64_t c, int64_t last, T* y) {
  constexpr int64_t L = kLanes<T>;
  Vec<T> acc[V] = {};
  for (int64_t t = 0; t < tap_count; ++t)
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v)
      acc[v] += load_some<T, Whole>(x[t] + c + v * L, last) * load_some<T, Whole>(w[t] + c + v * L, last);
#pragma GCC unroll 8
  for (int v = 0; v < V; ++v) {
    final.template apply<Whole, 1>(acc + v, c + v * L, last);
    store_some<T, Whole>(y + c + v * L, acc[v], last);
  }
}

constexpr int kMostTaps = 128;

// One position, at a border or where nothing better fits.
template <class T>
void pixel(const DepthwiseLine& line, const DepthwiseTap* taps, int64_t tap_count, int64_t q, T* y) {
  constexpr int64_t L = kLanes<T>;
  const T *x[kMostTaps], *w[kMostTaps];
  int64_t count = 0;
  for (int64_t t = 0; t < tap_count; ++t) {
    if (q < taps[t].begin || q >= taps[t].end) continue;
    x[count] = static_cast<const T*>(taps[t].x) + q * line.x_stride;
    w[count++] = static_cast<const T*>(taps[t].w);
  }
  y += q * line.y_stride;
  const Final<T> final(line.finish);
  const int64_t channels = line.channels;
  int64_t c = 0;
  for (; c + 4 * L <= channels; c += 4 * L) pixel_tile<T, 4, true>(final, x, w, count, c, L, y);
  for (; c + L <= channels; c += L) pixel_tile<T, 1, true>(final, x, w, count, c, L, y);
  if (c < channels) pixel_tile<T, 1, false>(final, x, w, count, c, channels - c, y);
}

// Asks for a vector of each of N pixels: some of a line that is read for the first time, two blocks of
// positions ahead. Steps from pixel to pixel and from line to line hide from the hardware's prefetcher what
// comes next.
template <int N, class T>
AXONE_INLINE void fetch(const T* x, int64_t pixel) {
#pragma GCC unroll 32
  for (int i = 0; i < N; ++i) __builtin_prefetch(x + i * pixel);
}

// What line r of taps adds to one vector of channels of Q positions of Lines lines, where all taps meet the
// input. Taps come in lines of K that read neighbouring pixels, and positions are S of these apart; a line of
// output is `down` lines of taps behind the one before. What several taps read is loaded once.
template <class T, int K, int S, int Q, int Lines, bool Whole>
AXONE_INLINE void add_line(Vec<T> (&acc)[Lines][Q], const DepthwiseTap* taps, int64_t rows, int64_t down,
                           int64_t r, int64_t from, int64_t pixel, int64_t c, int64_t last) {
  // The second line's taps follow behind the first's: those of its last rows.
  const T* const x = static_cast<const T*>(taps[r * K].x) + from + c;
  Vec<T> e[(Q - 1) * S + K];
  if (Lines == 1 || r >= rows - 1) fetch<Q * S>(x + 2 * Q * S * pixel, pixel);
#pragma GCC unroll 32
  for (int i = 0; i < (Q - 1) * S + K; ++i) e[i] = load_some<T, Whole>(x + i * pixel, last);
#pragma GCC unroll 2
  for (int l = 0; l < Lines; ++l) {
    const int64_t row = r - l * down;
    if (Lines > 1 && (row < 0 || row >= rows)) continue;
#pragma GCC unroll 8
    for (int k = 0; k < K; ++k) {
      const Vec<T> w = load_some<T, Whole>(static_cast<const T*>(taps[row * K + k].w) + c, last);
#pragma GCC unroll 8
      for (int q = 0; q < Q; ++q) acc[l][q] += e[q * S + k] * w;
    }
  }
}

// Square: there are K lines of taps, and `down` is S.
template <class T, int K, int S, int Q, int Lines, bool Square, bool Whole>
AXONE_INLINE void tile(const Final<T>& final, const DepthwiseTap* taps, int64_t rows, int64_t down,
                       int64_t from, int64_t pixel, int64_t c, int64_t last, T* y, int64_t y_stride,
                       int64_t y_line) {
  Vec<T> acc[Lines][Q] = {};
  if constexpr (Square) {
#pragma GCC unroll 8
    for (int r = 0; r < K + (Lines - 1) * S; ++r)
      add_line<T, K, S, Q, Lines, Whole>(acc, taps, K, S, r, from, pixel, c, last);
  } else {
    for (int64_t r = 0; r < rows + (Lines - 1) * down; ++r)
      add_line<T, K, S, Q, Lines, Whole>(acc, taps, rows, down, r, from, pixel, c, last);
  }
  final.template apply<Whole, Lines * Q>(&acc[0][0], c, last);
#pragma GCC unroll 2
  for (int l = 0; l < Lines; ++l)
#pragma GCC unroll 8
    for (int q = 0; q < Q; ++q) store_some<T, Whole>(y + l * y_line + q * y_stride + c, acc[l][q], last);
}

// Channels [c, end): whole vectors of them, but for the last of all.
template <class T, int K, int S, int Q, int Lines, bool Square = false>
void positions(const DepthwiseLine& line, const DepthwiseTap* taps, int64_t rows, int64_t down, int64_t q,
               int64_t c, int64_t end, T* y, int64_t y_line) {
  constexpr int64_t L = kLanes<T>;
  const int64_t pixel = K == 1 ? line.x_stride : line.channels, y_stride = line.y_stride;
  const int64_t from = q * line.x_stride;
  const Final<T> final(line.finish);
  y += q * y_stride;
  for (; c + L <= end; c += L)
    tile<T, K, S, Q, Lines, Square, true>(final, taps, rows, down, from, pixel, c, L, y, y_stride, y_line);
  if (c < end)
    tile<T, K, S, Q, Lines, false, false>(final, taps, rows, down, from, pixel, c, end - c, y, y_stride,
                                          y_line);
}

// Whether the taps come in lines of k that read neighbouring pixels.
template <class T>
bool in_lines(const DepthwiseLine& line, const DepthwiseTap* taps, int64_t tap_count, int64_t k) {
  if (tap_count % k != 0) return false;
  for (int64_t t = 0; t < tap_count; ++t)
    if (static_cast<const T*>(taps[t].x) != static_cast<const T*>(taps[t - t % k].x) + t % k * line.channels)
      return false;
  return true;
}

// Positions at which every tap meets the input: [*begin, *end).
void whole_positions(const DepthwiseLine& line, const DepthwiseTap* taps, int64_t tap_count, int64_t* begin,
                     int64_t* end) {
  *begin = 0, *end = line.count;
  for (int64_t t = 0; t < tap_count; ++t)
    *begin = most(*begin, taps[t].begin), *end = least(*end, taps[t].end);
  *begin = least(*begin, line.count);
  *end = most(*begin, *end);
}

template <class T>
void edges(const DepthwiseLine& line, const DepthwiseTap* taps, int64_t tap_count, int64_t begin, int64_t end,
           T* y) {
  for (int64_t q = 0; q < begin; ++q) pixel<T>(line, taps, tap_count, q, y);
  for (int64_t q = end; q < line.count; ++q) pixel<T>(line, taps, tap_count, q, y);
}

// Vectors of channels that go along all positions together: what neighbours share of the input, and the
// weights, stays in the first-level cache.
constexpr int64_t kTogether = 12;

// Positions [begin, end) of one or two lines, where all taps meet the input.
template <class T, int K, int S, int Lines>
void inner(const DepthwiseLine& line, const DepthwiseTap* taps, int64_t rows, int64_t down, int64_t begin,
           int64_t end, T* y, int64_t y_line) {
  constexpr int kWide = Lines == 1 ? 6 : 4;
  constexpr int64_t L = kLanes<T>;
  const int64_t vectors = (line.channels + L - 1) / L, blocks = (vectors + kTogether - 1) / kTogether;
  for (int64_t block = 0; block < blocks; ++block) {
    const int64_t c = vectors * block / blocks * L,
                  c_end = least(line.channels, vectors * (block + 1) / blocks * L);
    int64_t q = begin;
    // The usual window, in single precision; for others it would be much code.
    if constexpr (K == 3 && sizeof(T) == 4)
      if (rows == K && (Lines == 1 || down == S))
        for (; q + kWide <= end; q += kWide)
          positions<T, K, S, kWide, Lines, true>(line, taps, rows, down, q, c, c_end, y, y_line);
    for (; q + kWide <= end; q += kWide)
      positions<T, K, S, kWide, Lines>(line, taps, rows, down, q, c, c_end, y, y_line);
    for (; q + 2 <= end; q += 2) positions<T, K, S, 2, Lines>(line, taps, rows, down, q, c, c_end, y, y_line);
    for (; q < end; ++q) positions<T, K, S, 1, Lines>(line, taps, rows, down, q, c, c_end, y, y_line);
  }
}

// Taps of a line that read neighbouring pixels at positions of distance 1 or 2; else 1.
template <class T>
int64_t taps_in_line(const DepthwiseLine& line, const DepthwiseTap* taps, int64_t tap_count) {
  if (line.x_stride > 2 * line.channels) return 1;
  return in_lines<T>(line, taps, tap_count, 3) ? 3 : in_lines<T>(line, taps, tap_count, 5) ? 5 : 1;
}

template <class T, int Lines>
void inner_lines(const DepthwiseLine& line, const DepthwiseTap* taps, int64_t tap_count, int64_t down,
                 int64_t k, int64_t begin, int64_t end, T* y, int64_t y_line) {
  const bool close = line.x_stride == line.channels;
  auto* const function = k == 1   ? inner<T, 1, 1, Lines>
                         : k == 3 ? (close ? inner<T, 3, 1, Lines> : inner<T, 3, 2, Lines>)
                                  : (close ? inner<T, 5, 1, Lines> : inner<T, 5, 2, Lines>);
  function(line, taps, tap_count / k, down, begin, end, y, y_line);
}

template <class T>
void line(const DepthwiseLine& line, const DepthwiseTap* taps, int64_t tap_count, void* y_) {
  T* const y = static_cast<T*>(y_);
  int64_t begin, end;
  whole_positions(line, taps, tap_count, &begin, &end);
  edges(line, taps, tap_count, begin, end, y);
  inner_lines<T, 1>(line, taps, tap_count, 0, taps_in_line<T>(line, taps, tap_count), begin, end, y, 0);
}

template <class T>
void two_lines(const DepthwiseLine& line, const DepthwiseTap* taps, int64_t tap_count, int64_t further,
               void* y_, int64_t y_line) {
  T* const y = static_cast<T*>(y_);
  int64_t begin, end;
  whole_positions(line, taps, tap_count, &begin, &end);
  DepthwiseTap second[kMostTaps];
  for (int64_t t = 0; t < tap_count; ++t) {
    second[t] = taps[t + further];
    second[t].w = taps[t].w;
  }
  edges(line, taps, tap_count, begin, end, y);
  edges(line, second, tap_count, begin, end, y + y_line);
  const int64_t k = taps_in_line<T>(line, taps, tap_count);
  inner_lines<T, 2>(line, taps, tap_count, further / k, k, begin, end, y, y_line);
}

// One position's part of the weights' gradient, at a border.
template <class T>
void weights_pixel(const DepthwiseLine& line, const DepthwiseTap* taps, int64_t tap_count, int64_t q,
                   const T* dy) {
  constexpr int64_t L = kLanes<T>;
  dy += q * line.y_stride;
  for (int64_t t = 0; t < tap_count; ++t) {
    if (q < taps[t].begin || q >= taps[t].end) continue;
    const T* const x = static_cast<const T*>(taps[t].x) + q * line.x_stride;
    T* const dw = static_cast<T*>(const_cast<void*>(taps[t].w));
    int64_t c = 0;
    for (; c + L <= line.channels; c += L)
      store<T>(dw + c, load<T>(dw + c) + load<T>(x + c) * load<T>(dy + c));
    if (const int64_t rest = line.channels - c)
      store_first<T>(dw + c,
                     load_first<T>(dw + c, rest) + load_first<T>(x + c, rest) * load_first<T>(dy + c, rest),
                     rest);
  }
}

// One vector of channels of Q positions, for all taps: what several taps read, and dy, is loaded once.
template <class T, int K, int S, int Q, bool Whole>
AXONE_INLINE void weights_tile(const DepthwiseTap* taps, int64_t rows, int64_t from, int64_t pixel, int64_t c,
                               int64_t last, const T* dy, int64_t y_stride) {
  Vec<T> d[Q];
#pragma GCC unroll 8
  for (int q = 0; q < Q; ++q) d[q] = load_some<T, Whole>(dy + q * y_stride + c, last);
  fetch<Q>(dy + 2 * Q * y_stride + c, y_stride);
  for (int64_t r = 0; r < rows; ++r) {
    const T* const x = static_cast<const T*>(taps[r * K].x) + from + c;
    Vec<T> acc[K] = {};
    if (r == rows - 1) fetch<Q * S>(x + 2 * Q * S * pixel, pixel);
#pragma GCC unroll 32
    for (int i = 0; i < (Q - 1) * S + K; ++i) {
      const Vec<T> e = load_some<T, Whole>(x + i * pixel, last);
#pragma GCC unroll 8
      for (int k = 0; k < K; ++k)
        if (i >= k && (i - k) % S == 0 && (i - k) / S < Q) acc[k] += e * d[(i - k) / S];
    }
#pragma GCC unroll 8
    for (int k = 0; k < K; ++k) {
      T* const dw = static_cast<T*>(const_cast<void*>(taps[r * K + k].w)) + c;
      store_some<T, Whole>(dw, load_some<T, Whole>(dw, last) + acc[k], last);
    }
  }
}

template <class T, int K, int S, int Q>
void weights_positions(const DepthwiseLine& line, const DepthwiseTap* taps, int64_t rows, int64_t q,
                       const T* dy) {
  constexpr int64_t L = kLanes<T>;
  const int64_t from = q * line.x_stride, pixel = K == 1 ? line.x_stride : line.channels;
  dy += q * line.y_stride;
  int64_t c = 0;
  for (; c + L <= line.channels; c += L)
    weights_tile<T, K, S, Q, true>(taps, rows, from, pixel, c, L, dy, line.y_stride);
  if (c < line.channels)
    weights_tile<T, K, S, Q, false>(taps, rows, from, pixel, c, line.channels - c, dy, line.y_stride);
}

template <class T, int K, int S>
void weights_inner(const DepthwiseLine& line, const DepthwiseTap* taps, int64_t rows, int64_t q, int64_t end,
                   const T* dy) {
  for (; q + 8 <= end; q += 8) weights_positions<T, K, S, 8>(line, taps, rows, q, dy);
  for (; q + 4 <= end; q += 4) weights_positions<T, K, S, 4>(line, taps, rows, q, dy);
  for (; q < end; ++q) weights_positions<T, K, S, 1>(line, taps, rows, q, dy);
}

template <class T>
void weights(const DepthwiseLine& line, const DepthwiseTap* taps, int64_t tap_count, const void* dy_) {
  const T* const dy = static_cast<const T*>(dy_);
  int64_t begin, end;
  whole_positions(line, taps, tap_count, &begin, &end);
  for (int64_t q = 0; q < begin; ++q) weights_pixel<T>(line, taps, tap_count, q, dy);
  const int64_t k = taps_in_line<T>(line, taps, tap_count);
  const bool close = line.x_stride == line.channels;
  auto* const function = k == 1   ? weights_inner<T, 1, 1>
                         : k == 3 ? (close ? weights_inner<T, 3, 1> : weights_inner<T, 3, 2>)
                                  : (close ? weights_inner<T, 5, 1> : weights_inner<T, 5, 2>);
  function(line, taps, tap_count / k, begin, end, dy);
  for (int64_t q = end; q < line.count; ++q) weights_pixel<T>(line, taps, tap_count, q, dy);
}

template <class F>
void (*plain(F f))() {
  return reinterpret_cast<void (*)()>(f);
}

const KernelEntry kEntries[] = {
    {"depthwise.line", DType::f32, plain(DepthwiseLineFunction(line<float>)), nullptr},
    {"depthwise.line", DType::f64, plain(DepthwiseLineFunction(line<double>)), nullptr},
    {"depthwise.two_lines", DType::f32, plain(DepthwiseTwoLinesFunction(two_lines<float>)), nullptr},
    {"depthwise.two_lines", DType::f64, plain(DepthwiseTwoLinesFunction(two_lines<double>)), nullptr},
    {"depthwise.weights", DType::f32, plain(DepthwiseWeightsFunction(weights<float>)), nullptr},
    {"depthwise.weights", DType::f64, plain(DepthwiseWeightsFunction(weights<double>)), nullptr},
};

}  // namespace

extern const KernelFamily depthwise_family;
const KernelFamily depthwise_family = {kEntries, sizeof(kEntries) / sizeof(kEntries[0])};

}  // namespace AXONE_TARGET
}  // namespace axone
