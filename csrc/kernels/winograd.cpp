// The Winograd kernels: contract in winograd.h.
#include "kernels/winograd.h"

#include "kernels/families.h"
#include "simd/bits.h"
#include "simd/vec.h"

namespace axone {
namespace AXONE_TARGET {
namespace {

using V = Vec<float>;
constexpr int64_t L = kLanes<float>;

AXONE_INLINE V load_some(const float* p, int64_t n) {
  return n == L ? load<float>(p) : load_first<float>(p, n);
}
AXONE_INLINE void store_some(float* p, V v, int64_t n) {
  if (n == L)
    store<float>(p, v);
  else
    store_first<float>(p, v, n);
}

// The one-dimensional transforms, on places `S` apart.

template <int S>
AXONE_INLINE void times_b(const V* d, V* out) {
  const V even = d[S] - d[3 * S], odd = d[2 * S] - d[4 * S];
  out[0] = (d[0] + d[4 * S]) - 2.f * d[2 * S] - 1.5f * even;
  out[S] = 5.f * d[3 * S] + d[2 * S] + 2.f * (d[4 * S] - d[S]);
  out[2 * S] = 5.f * d[2 * S] - d[3 * S] - 2.f * (d[S] + d[4 * S]);
  out[3 * S] = 2.f * even + odd;
  out[4 * S] = even - 2.f * odd;
  out[5 * S] = (d[S] + d[5 * S]) - 2.f * d[3 * S] - 1.5f * odd;
}

// m = 4, kernels of side 3. Their arguments lie S apart, their results R apart.
struct Winograd3 {
  static constexpr int kTile = 4, kTaps = 3;

  template <int S, int R>
  AXONE_INLINE void times_a_transposed(const V* m, V* out) {
    const V sum = m[S] + m[2 * S], difference = m[S] - m[2 * S];
    out[0] = (m[0] + sum) + (m[3 * S] + m[4 * S]);
    out[R] = 0.5f * m[3 * S] - 2.f * m[4 * S] + difference;
    out[2 * R] = 0.25f * m[3 * S] + 4.f * m[4 * S] + sum;
    out[3 * R] = 0.125f * m[3 * S] - 8.f * m[4 * S] + (difference + m[5 * S]);
  }
  template <int S, int R>
  AXONE_INLINE void times_a(const V* y, V* out) {
    const V even = y[0] + y[2 * S], odd = y[S] + y[3 * S];
    out[0] = y[0];
    out[R] = even + odd;
    out[2 * R] = even - odd;
    out[3 * R] = (0.25f * y[2 * S] + y[0]) + (0.125f * y[3 * S] + 0.5f * y[S]);
    out[4 * R] = (4.f * y[2 * S] + y[0]) - (8.f * y[3 * S] + 2.f * y[S]);
    out[5 * R] = y[3 * S];
  }
  template <int S, int R>
  AXONE_INLINE void times_g(const V* w, V* out) {
    const V outer = w[0] + w[2 * S];
    out[0] = w[0];
    out[R] = (outer + w[S]) * (1.f / 6);
    out[2 * R] = (outer - w[S]) * (1.f / 6);
    out[3 * R] = (0.25f * w[2 * S] + 0.5f * w[S] + w[0]) * (16.f / 15);
    out[4 * R] = (4.f * w[2 * S] - 2.f * w[S] + w[0]) * (1.f / 30);
    out[5 * R] = w[2 * S];
  }
  template <int S, int R>
  AXONE_INLINE void times_g_transposed(const V* u, V* out) {
    const V sum = (u[S] + u[2 * S]) * (1.f / 6), difference = (u[S] - u[2 * S]) * (1.f / 6);
    const V half = u[3 * S] * (16.f / 15), minus_two = u[4 * S] * (1.f / 30);
    out[0] = (u[0] + sum) + (half + minus_two);
    out[R] = 0.5f * half - 2.f * minus_two + difference;
    out[2 * R] = 0.25f * half + 4.f * minus_two + (sum + u[5 * S]);
  }
};

// m = 2, kernels of side 5.
struct Winograd5 {
  static constexpr int kTile = 2, kTaps = 5;

  template <int S, int R>
  AXONE_INLINE void times_a_transposed(const V* m, V* out) {
    out[0] = (m[0] + (m[S] + m[2 * S])) + (m[3 * S] + m[4 * S]);
    out[R] = 0.5f * m[3 * S] - 2.f * m[4 * S] + ((m[S] - m[2 * S]) + m[5 * S]);
  }
  template <int S, int R>
  AXONE_INLINE void times_a(const V* y, V* out) {
    out[0] = y[0];
    out[R] = y[0] + y[S];
    out[2 * R] = y[0] - y[S];
    out[3 * R] = 0.5f * y[S] + y[0];
    out[4 * R] = y[0] - 2.f * y[S];
    out[5 * R] = y[S];
  }
  template <int S, int R>
  AXONE_INLINE void times_g(const V* w, V* out) {
    const V even = w[0] + w[2 * S] + w[4 * S], odd = w[S] + w[3 * S];
    out[0] = w[0];
    out[R] = (even + odd) * (1.f / 6);
    out[2 * R] = (even - odd) * (1.f / 6);
    out[3 * R] =
        ((w[0] + 0.5f * w[S]) + (0.25f * w[2 * S] + 0.125f * w[3 * S]) + 0.0625f * w[4 * S]) * (16.f / 15);
    out[4 * R] = ((w[0] - 2.f * w[S]) + (4.f * w[2 * S] - 8.f * w[3 * S]) + 16.f * w[4 * S]) * (1.f / 30);
    out[5 * R] = w[4 * S];
  }
  template <int S, int R>
  AXONE_INLINE void times_g_transposed(const V* u, V* out) {
    const V sum = (u[S] + u[2 * S]) * (1.f / 6), difference = (u[S] - u[2 * S]) * (1.f / 6);
    const V half = u[3 * S] * (16.f / 15), minus_two = u[4 * S] * (1.f / 30);
    out[0] = (u[0] + sum) + (half + minus_two);
    out[R] = 0.5f * half - 2.f * minus_two + difference;
    out[2 * R] = 0.25f * half + 4.f * minus_two + sum;
    out[3 * R] = 0.125f * half - 8.f * minus_two + difference;
    out[4 * R] = 0.0625f * half + 16.f * minus_two + (sum + u[5 * S]);
  }
};

// The pixels of a tile's patch of N x N that lie in the image.
struct Patch {
  const float* first;  // pixel (0, 0) of the patch, which need not exist
  int64_t h_begin, h_end, w_begin, w_end;
  bool inside;
};

struct TileAt {
  int64_t n, h, w;  // h, w: the first pixel of the tile's patch
  TileAt(const WinogradImage& g, int64_t tile) {
    n = tile / (g.tiles_h * g.tiles_w);
    h = tile / g.tiles_w % g.tiles_h * g.tile - g.low_h;
    w = tile % g.tiles_w * g.tile - g.low_w;
  }
};

template <int N>
AXONE_INLINE Patch patch_of(const WinogradImage& g, const float* x, int64_t tile) {
  const TileAt at(g, tile);
  Patch p;
  p.first = x + at.n * g.sample + at.h * g.row + at.w * g.pixel;
  p.h_begin = at.h < 0 ? -at.h : 0, p.h_end = g.height - at.h < N ? g.height - at.h : N;
  p.w_begin = at.w < 0 ? -at.w : 0, p.w_end = g.width - at.w < N ? g.width - at.w : N;
  p.inside = p.h_begin == 0 && p.h_end == N && p.w_begin == 0 && p.w_end == N;
  return p;
}

// d[i * N + j]: channels [c, c + n) of pixel (i, j).
template <int N>
AXONE_INLINE void load_patch(const WinogradImage& g, const Patch& p, int64_t c, int64_t n, V* d) {
  if (p.inside && n == L) {
#pragma GCC unroll 8
    for (int i = 0; i < N; ++i)
#pragma GCC unroll 8
      for (int j = 0; j < N; ++j) d[i * N + j] = load<float>(p.first + i * g.row + j * g.pixel + c);
    return;
  }
  for (int i = 0; i < N; ++i)
    for (int j = 0; j < N; ++j) {
      const bool there = p.h_begin <= i && i < p.h_end && p.w_begin <= j && j < p.w_end;
      d[i * N + j] = there ? load_some(p.first + i * g.row + j * g.pixel + c, n) : V{};
    }
}

AXONE_INLINE void store_planes(const V* v, int64_t n, const WinogradPlanes& planes, float* out) {
  if (planes.far) {
#pragma GCC unroll 36
    for (int p = 0; p < kWinogradPlaces; ++p) __builtin_prefetch(out + p * planes.plane + L, 1);
  }
#pragma GCC unroll 36
  for (int p = 0; p < kWinogradPlaces; ++p) store_some(out + p * planes.plane, v[p], n);
}

AXONE_INLINE void load_planes(const float* m, int64_t n, const WinogradPlanes& planes, V* v) {
#pragma GCC unroll 36
  for (int p = 0; p < kWinogradPlaces; ++p) v[p] = load_some(m + p * planes.plane, n);
}

AXONE_INLINE void input_vector(const WinogradImage& g, const Patch& p, int64_t c, int64_t n,
                               const WinogradPlanes& planes, float* out) {
  V d[36], t[36];
  load_patch<6>(g, p, c, n, d);
#pragma GCC unroll 8
  for (int j = 0; j < 6; ++j) times_b<6>(d + j, t + j);
#pragma GCC unroll 8
  for (int i = 0; i < 6; ++i) times_b<1>(t + 6 * i, d + 6 * i);
  store_planes(d, n, planes, out);
}

void input(const WinogradImage& g, const float* x, int64_t tile, int64_t tile_end, int64_t channels,
           const WinogradPlanes& planes, float* out) {
  for (; tile < tile_end; ++tile, out += planes.stride) {
    const Patch p = patch_of<6>(g, x, tile);
    int64_t c = 0;
    for (; c + L <= channels; c += L) input_vector(g, p, c, L, planes, out + c);
    if (c < channels) input_vector(g, p, c, channels - c, planes, out + c);
  }
}

template <class W>
AXONE_INLINE void output_grad_vector(const WinogradImage& g, const Patch& p, int64_t c, int64_t n,
                                     const WinogradPlanes& planes, float* out) {
  constexpr int T = W::kTile;
  V y[T * T], t[6 * T], m[36];
  load_patch<T>(g, p, c, n, y);
#pragma GCC unroll 8
  for (int j = 0; j < T; ++j) W::template times_a<T, T>(y + j, t + j);
#pragma GCC unroll 8
  for (int i = 0; i < 6; ++i) W::template times_a<1, 1>(t + T * i, m + 6 * i);
  store_planes(m, n, planes, out);
}

template <class W>
void output_grad(const WinogradImage& g, const float* dy, int64_t tile, int64_t tile_end, int64_t channels,
                 const WinogradPlanes& planes, float* out) {
  for (; tile < tile_end; ++tile, out += planes.stride) {
    const Patch p = patch_of<W::kTile>(g, dy, tile);
    int64_t c = 0;
    for (; c + L <= channels; c += L) output_grad_vector<W>(g, p, c, L, planes, out + c);
    if (c < channels) output_grad_vector<W>(g, p, c, channels - c, planes, out + c);
  }
}

// Channels [c, c + n) of `count` pixels, refined.
AXONE_INLINE void finish_pixels(const ChannelFinish& f, int64_t c, int64_t n, int count, V* y) {
  const V scale = load_some(static_cast<const float*>(f.scale) + c, n),
          shift = load_some(static_cast<const float*>(f.shift) + c, n);
  const float low = float(f.low), high = float(f.high);
#pragma GCC unroll 16
  for (int i = 0; i < count; ++i) y[i] = at_most<float>(at_least<float>(y[i] * scale + shift, low), high);
}

template <class W>
AXONE_INLINE void output_vector(const WinogradImage& g, const float* m, int64_t c, int64_t n,
                                const WinogradPlanes& planes, int64_t rows, int64_t columns,
                                const ChannelFinish* finish, float* y) {
  constexpr int T = W::kTile;
  V v[36], t[6 * T], out[T * T];
  load_planes(m + c, n, planes, v);
#pragma GCC unroll 8
  for (int j = 0; j < 6; ++j) W::template times_a_transposed<6, 6>(v + j, t + j);
#pragma GCC unroll 8
  for (int i = 0; i < T; ++i) W::template times_a_transposed<1, 1>(t + 6 * i, out + T * i);
  if (finish) finish_pixels(*finish, c, n, T * T, out);
  y += c;
  if (rows == T && columns == T && n == L) {
#pragma GCC unroll 8
    for (int i = 0; i < T; ++i)
#pragma GCC unroll 8
      for (int j = 0; j < T; ++j) store<float>(y + i * g.row + j * g.pixel, out[i * T + j]);
    return;
  }
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < columns; ++j) store_some(y + i * g.row + j * g.pixel, out[i * T + j], n);
}

template <class W>
void output(const WinogradImage& g, const float* m, const WinogradPlanes& planes, int64_t tile,
            int64_t tile_end, int64_t channels, const ChannelFinish* finish, float* y) {
  constexpr int64_t T = W::kTile;
  for (; tile < tile_end; ++tile, m += planes.stride) {
    const TileAt at(g, tile);
    float* const out = y + at.n * g.sample + at.h * g.row + at.w * g.pixel;
    const int64_t rows = g.height - at.h < T ? g.height - at.h : T,
                  columns = g.width - at.w < T ? g.width - at.w : T;
    int64_t c = 0;
    for (; c + L <= channels; c += L) output_vector<W>(g, m, c, L, planes, rows, columns, finish, out);
    if (c < channels) output_vector<W>(g, m, c, channels - c, planes, rows, columns, finish, out);
  }
}

// Rows of weights that are fetched ahead: they come from memory, in short pieces far from each other.
constexpr int64_t kRowsAhead = 4;

template <class W>
void weights(const WinogradWeights& g, const float* w, const WinogradPlanes& planes, float* out) {
  constexpr int K = W::kTaps;
  for (int64_t i = 0; i < g.rows; ++i)
    for (int64_t j = 0; j < g.columns; j += L) {
      const int64_t n = g.columns - j < L ? g.columns - j : L;
      V k[K * K], t[6 * K], u[36];
#pragma GCC unroll 32
      for (int tap = 0; tap < K * K; ++tap)
        k[tap] = load_some(w + (g.rotated ? K * K - 1 - tap : tap) * g.tap + i * g.row + j, n);
#pragma GCC unroll 32
      for (int tap = 0; tap < K * K; ++tap)
        __builtin_prefetch(w + tap * g.tap + (i + kRowsAhead) * g.row + j);
#pragma GCC unroll 8
      for (int c = 0; c < K; ++c) W::template times_g<K, K>(k + c, t + c);
#pragma GCC unroll 8
      for (int r = 0; r < 6; ++r) W::template times_g<1, 1>(t + K * r, u + 6 * r);
      store_planes(u, L, planes, out + i * planes.stride + j);
    }
}

template <class W>
void weights_grad(const WinogradWeights& g, const float* u, const WinogradPlanes& planes, bool add,
                  float* dw) {
  constexpr int K = W::kTaps;
  for (int64_t i = 0; i < g.rows; ++i)
    for (int64_t j = 0; j < g.columns; j += L) {
      const int64_t n = g.columns - j < L ? g.columns - j : L;
      V v[36], t[6 * K], k[K * K];
      load_planes(u + i * planes.stride + j, n, planes, v);
#pragma GCC unroll 8
      for (int c = 0; c < 6; ++c) W::template times_g_transposed<6, 6>(v + c, t + c);
#pragma GCC unroll 8
      for (int r = 0; r < K; ++r) W::template times_g_transposed<1, 1>(t + 6 * r, k + K * r);
#pragma GCC unroll 32
      for (int tap = 0; tap < K * K; ++tap) {
        float* const p = dw + tap * g.tap + i * g.row + j;
        store_some(p, add ? load_some(p, n) + k[tap] : k[tap], n);
      }
    }
}

template <class F>
void (*plain(F f))() {
  return reinterpret_cast<void (*)()>(f);
}

#define AXONE_WINOGRAD(family, W)                                                             \
  {family "input", DType::f32, plain(WinogradInput(input)), nullptr},                         \
      {family "output", DType::f32, plain(WinogradOutput(output<W>)), nullptr},               \
      {family "output_grad", DType::f32, plain(WinogradOutputGrad(output_grad<W>)), nullptr}, \
      {family "weights", DType::f32, plain(WinogradWeightsFunction(weights<W>)), nullptr}, {  \
    family "weights_grad", DType::f32, plain(WinogradWeightsGrad(weights_grad<W>)), nullptr   \
  }

const KernelEntry kEntries[] = {
    AXONE_WINOGRAD("winograd3.", Winograd3),
    AXONE_WINOGRAD("winograd5.", Winograd5),
};

}  // namespace

extern const KernelFamily winograd_family;
const KernelFamily winograd_family = {kEntries, sizeof(kEntries) / sizeof(kEntries[0])};

}  // namespace AXONE_TARGET
}  // namespace axone
