// The pooling kernels: contract in pool.h. Vectors run along the channels.
#include "kernels/pool.h"

#include "kernels/families.h"
#include "simd/lanes.h"
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

// Output positions ahead of which a window's input is fetched: pixels are too short for the hardware to
// follow.
constexpr int64_t kAhead = 8;

// Taps of an output position along one axis that meet the input: [begin, end).
struct Range {
  int64_t begin, end;
  int64_t count() const { return end - begin; }
};
AXONE_INLINE Range taps_inside(const ConvGather& g, int axis, int64_t out) {
  const int64_t at = out * g.step[axis] - g.low[axis];
  return {most(0, -at), least(g.taps[axis], g.size[axis] - at)};
}

// The window of one output position: what of it lies in the input.
struct Window {
  Range d, h, w;
  int64_t first;  // element of the input at tap (0, 0, 0), which need not exist
  int64_t count() const { return d.count() * h.count() * w.count(); }
};

// Output positions one after another.
struct Walk {
  const ConvGather& g;
  int64_t n, od, oh, ow;

  Walk(const ConvGather& gather, int64_t row) : g(gather) {
    ow = row % g.out[2], oh = row / g.out[2] % g.out[1];
    od = row / (g.out[2] * g.out[1]) % g.out[0], n = row / g.positions();
  }
  void next() {
    if (++ow < g.out[2]) return;
    ow = 0;
    if (++oh < g.out[1]) return;
    oh = 0;
    if (++od == g.out[0]) od = 0, ++n;
  }
  Window window() const {
    return {taps_inside(g, 0, od), taps_inside(g, 1, oh), taps_inside(g, 2, ow),
            n * g.sample + (od * g.step[0] - g.low[0]) * g.stride[0] +
                (oh * g.step[1] - g.low[1]) * g.stride[1] + (ow * g.step[2] - g.low[2]) * g.stride[2]};
  }
};

// Calls body(offset, tap) for each position of the window, in order.
template <class Body>
AXONE_INLINE void for_taps(const ConvGather& g, const Window& w, const Body& body) {
  for (int64_t d = w.d.begin; d < w.d.end; ++d)
    for (int64_t h = w.h.begin; h < w.h.end; ++h) {
      const int64_t line = w.first + d * g.stride[0] + h * g.stride[1];
      const int64_t tap = (d * g.taps[1] + h) * g.taps[2];
      for (int64_t t = w.w.begin; t < w.w.end; ++t) body(line + t * g.stride[2], tap + t);
    }
}

template <class T>
AXONE_INLINE Vec<T> load_some(const T* p, int64_t n) {
  return n == kLanes<T> ? load<T>(p) : load_first<T>(p, n);
}
template <class T>
AXONE_INLINE void store_some(T* p, Vec<T> v, int64_t n) {
  if (n == kLanes<T>)
    store<T>(p, v);
  else
    store_first<T>(p, v, n);
}

// Vectors of window numbers from and to their stored form.
template <class I, class T>
AXONE_INLINE void store_index(I* p, Mask<T> v, int64_t n) {
  typedef I Narrow __attribute__((vector_size(kLanes<T> * sizeof(I))));
  const Narrow narrow = __builtin_convertvector(v, Narrow);
  memcpy(p, &narrow, n == kLanes<T> ? sizeof(narrow) : size_t(n) * sizeof(I));
}
template <class I, class T>
AXONE_INLINE Mask<T> load_index(const I* p, int64_t n) {
  typedef I Narrow __attribute__((vector_size(kLanes<T> * sizeof(I))));
  Narrow narrow = {};
  if (n == kLanes<T>)
    memcpy(&narrow, p, sizeof(narrow));
  else
    memcpy(&narrow, p, size_t(n) * sizeof(I));
  return __builtin_convertvector(narrow, Mask<T>);
}

// One pixel's channels [c, c + V vectors), the last vector of `last` elements.
template <class T, class I, int V>
AXONE_INLINE void max_pixel(const ConvGather& g, const Window& w, const T* x, T* y, I* index, int64_t last) {
  constexpr int64_t L = kLanes<T>;
  Vec<T> best[V] = {};
  Mask<T> where[V] = {};
  bool first = true;
  const int64_t ahead = kAhead * g.step[2] * g.stride[2];
  for_taps(g, w, [&](int64_t at, int64_t tap) __attribute__((always_inline)) {
    const Mask<T> number = Mask<T>{} + Int<T>(tap);
    for (int v = 0; v < V; ++v) {
      __builtin_prefetch(x + at + v * L + ahead);
      const Vec<T> e = load_some<T>(x + at + v * L, v == V - 1 ? last : L);
      const Mask<T> take = first ? Mask<T>{} - 1 : (e > best[v]) | (e != e);
      best[v] = take ? e : best[v];
      where[v] = take ? number : where[v];
    }
    first = false;
  });
  for (int v = 0; v < V; ++v) {
    store_some<T>(y + v * L, best[v], v == V - 1 ? last : L);
    store_index<I, T>(index + v * L, where[v], v == V - 1 ? last : L);
  }
}

// Calls body.run<V>(c, last) for the channels in blocks of up to four vectors.
template <class T, class Body>
AXONE_INLINE void for_channels(int64_t channels, const Body& body) {
  constexpr int64_t L = kLanes<T>;
  int64_t c = 0;
  for (; c + 4 * L <= channels; c += 4 * L) body.template run<4>(c, L);
  for (; c + L <= channels; c += L) body.template run<1>(c, L);
  if (c < channels) body.template run<1>(c, channels - c);
}

template <class T, class I>
struct MaxBody {
  const ConvGather& g;
  const Window& w;
  const T* x;
  T* y;
  I* index;
  template <int V>
  AXONE_MEMBER_INLINE void run(int64_t c, int64_t last) const {
    max_pixel<T, I, V>(g, w, x + c, y + c, index + c, last);
  }
};

template <class T, class I>
void max_rows(const ConvGather& g, const T* x, int64_t row, int64_t row_end, T* y, I* index) {
  Walk walk(g, row);
  for (; row < row_end; ++row, walk.next()) {
    const Window w = walk.window();
    for_channels<T>(g.channels, MaxBody<T, I>{g, w, x, y + row * g.channels, index + row * g.channels});
  }
}

bool small_window(const ConvGather& g) {
  return g.taps[0] * g.taps[1] * g.taps[2] <= kSmallWindow;
}

template <class T>
void max(const ConvGather& g, const void* x_, int64_t row, int64_t row_end, void* y_, void* index) {
  const T* x = static_cast<const T*>(x_);
  T* y = static_cast<T*>(y_);
  if (small_window(g))
    max_rows<T>(g, x, row, row_end, y, static_cast<uint8_t*>(index));
  else
    max_rows<T>(g, x, row, row_end, y, static_cast<int32_t*>(index));
}

template <class T, class I>
struct PickBody {
  const ConvGather& g;
  const Window& w;
  const T* x;
  const I* index;
  T* y;
  template <int V>
  AXONE_MEMBER_INLINE void run(int64_t c, int64_t last) const {
    constexpr int64_t L = kLanes<T>;
    Vec<T> out[V];
    Mask<T> where[V];
    for (int v = 0; v < V; ++v) {
      out[v] = Vec<T>{};
      where[v] = load_index<I, T>(index + c + v * L, v == V - 1 ? last : L);
    }
    for_taps(g, w, [&](int64_t at, int64_t tap) __attribute__((always_inline)) {
      for (int v = 0; v < V; ++v) {
        const Vec<T> e = load_some<T>(x + at + c + v * L, v == V - 1 ? last : L);
        out[v] = where[v] == Int<T>(tap) ? e : out[v];
      }
    });
    for (int v = 0; v < V; ++v) store_some<T>(y + c + v * L, out[v], v == V - 1 ? last : L);
  }
};

template <class T>
void pick(const ConvGather& g, const void* x_, const void* index, int64_t row, int64_t row_end, void* y_) {
  const T* x = static_cast<const T*>(x_);
  Walk walk(g, row);
  for (; row < row_end; ++row, walk.next()) {
    const Window w = walk.window();
    T* y = static_cast<T*>(y_) + row * g.channels;
    if (small_window(g))
      for_channels<T>(g.channels, PickBody<T, uint8_t>{
                                      g, w, x, static_cast<const uint8_t*>(index) + row * g.channels, y});
    else
      for_channels<T>(g.channels, PickBody<T, int32_t>{
                                      g, w, x, static_cast<const int32_t*>(index) + row * g.channels, y});
  }
}

template <class T>
struct AverageBody {
  const ConvGather& g;
  const Window& w;
  const T* x;
  T* y;
  T factor;
  template <int V>
  AXONE_MEMBER_INLINE void run(int64_t c, int64_t last) const {
    constexpr int64_t L = kLanes<T>;
    Vec<T> sum[V] = {};
    for_taps(g, w, [&](int64_t at, int64_t) __attribute__((always_inline)) {
      for (int v = 0; v < V; ++v) sum[v] += load_some<T>(x + at + c + v * L, v == V - 1 ? last : L);
    });
    for (int v = 0; v < V; ++v) store_some<T>(y + c + v * L, sum[v] * factor, v == V - 1 ? last : L);
  }
};

template <class T>
void average(const ConvGather& g, const void* x, int64_t row, int64_t row_end, void* y) {
  Walk walk(g, row);
  for (; row < row_end; ++row, walk.next()) {
    const Window w = walk.window();
    for_channels<T>(g.channels, AverageBody<T>{g, w, static_cast<const T*>(x),
                                               static_cast<T*>(y) + row * g.channels, T(1) / T(w.count())});
  }
}

// Calls body(row, window, factor) for each output position that meets the band, its window cut to the band.
template <class Body>
AXONE_INLINE void for_band(const ConvGather& g, const PoolBand& b, const Body& body) {
  auto first = [&](int axis, int64_t at) {  // the first output position whose window reaches position `at`
    const int64_t before = at + g.low[axis] - g.taps[axis];
    return before < 0 ? 0 : before / g.step[axis] + 1;
  };
  for (int64_t od = first(0, b.d); od < g.out[0] && od * g.step[0] - g.low[0] <= b.d; ++od)
    for (int64_t oh = first(1, b.h); oh < g.out[1] && oh * g.step[1] - g.low[1] < b.h_end; ++oh) {
      Walk walk(g, ((b.n * g.out[0] + od) * g.out[1] + oh) * g.out[2]);
      const int64_t d = b.d - (od * g.step[0] - g.low[0]), top = oh * g.step[1] - g.low[1];
      for (int64_t ow = 0; ow < g.out[2]; ++ow, walk.next()) {
        Window w = walk.window();
        const int64_t count = w.count();
        w.d = {d, d + 1};
        w.h = {most(w.h.begin, b.h - top), least(w.h.end, b.h_end - top)};
        body(((b.n * g.out[0] + od) * g.out[1] + oh) * g.out[2] + ow, w, count);
      }
    }
}

template <class T>
void clear_band(const ConvGather& g, const PoolBand& b, T* dx) {
  memset(dx + b.n * g.sample + b.d * g.stride[0] + b.h * g.stride[1], 0,
         size_t((b.h_end - b.h) * g.stride[1]) * sizeof(T));
}

// Whether windows cover the input and do not meet: then each element has one gradient or 0, and need not be
// cleared before.
bool windows_tile(const ConvGather& g) {
  for (int axis = 0; axis < 3; ++axis)
    if (g.taps[axis] != g.step[axis] || g.low[axis] != 0 || g.out[axis] * g.step[axis] != g.size[axis])
      return false;
  return true;
}

template <class T, class I, bool Alone>
struct MaxGradBody {
  const ConvGather& g;
  const Window& w;
  const T* dy;
  const I* index;
  T* dx;
  template <int V>
  AXONE_MEMBER_INLINE void run(int64_t c, int64_t last) const {
    constexpr int64_t L = kLanes<T>;
    Vec<T> d[V];
    Mask<T> where[V];
    for (int v = 0; v < V; ++v) {
      d[v] = load_some<T>(dy + c + v * L, v == V - 1 ? last : L);
      where[v] = load_index<I, T>(index + c + v * L, v == V - 1 ? last : L);
    }
    for_taps(g, w, [&](int64_t at, int64_t tap) __attribute__((always_inline)) {
      for (int v = 0; v < V; ++v) {
        T* const p = dx + at + c + v * L;
        const int64_t n = v == V - 1 ? last : L;
        const Vec<T> old = Alone ? Vec<T>{} : load_some<T>(p, n);
        store_some<T>(p, where[v] == Int<T>(tap) ? old + d[v] : old, n);
      }
    });
  }
};

template <class T, class I, bool Alone>
void max_grad_windows(const ConvGather& g, const T* dy, const I* index, const PoolBand& band, T* dx) {
  for_band(g, band, [&](int64_t row, const Window& w, int64_t) __attribute__((always_inline)) {
    for_channels<T>(g.channels,
                    MaxGradBody<T, I, Alone>{g, w, dy + row * g.channels, index + row * g.channels, dx});
  });
}

template <class T, class I>
void max_grad_band(const ConvGather& g, const T* dy, const I* index, const PoolBand& band, T* dx) {
  if (windows_tile(g)) return max_grad_windows<T, I, true>(g, dy, index, band, dx);
  clear_band<T>(g, band, dx);
  max_grad_windows<T, I, false>(g, dy, index, band, dx);
}

template <class T>
void max_grad(const ConvGather& g, const void* dy_, const void* index, const PoolBand& band, void* dx_) {
  const T* dy = static_cast<const T*>(dy_);
  T* dx = static_cast<T*>(dx_);
  if (small_window(g))
    max_grad_band<T>(g, dy, static_cast<const uint8_t*>(index), band, dx);
  else
    max_grad_band<T>(g, dy, static_cast<const int32_t*>(index), band, dx);
}

template <class T, bool Alone>
struct AverageGradBody {
  const ConvGather& g;
  const Window& w;
  const T* dy;
  T* dx;
  T factor;
  template <int V>
  AXONE_MEMBER_INLINE void run(int64_t c, int64_t last) const {
    constexpr int64_t L = kLanes<T>;
    Vec<T> d[V];
    for (int v = 0; v < V; ++v) d[v] = load_some<T>(dy + c + v * L, v == V - 1 ? last : L) * factor;
    for_taps(g, w, [&](int64_t at, int64_t) __attribute__((always_inline)) {
      for (int v = 0; v < V; ++v) {
        T* const p = dx + at + c + v * L;
        const int64_t n = v == V - 1 ? last : L;
        store_some<T>(p, (Alone ? Vec<T>{} : load_some<T>(p, n)) + d[v], n);
      }
    });
  }
};

template <class T, bool Alone>
void average_grad_windows(const ConvGather& g, const T* dy, const PoolBand& band, T* dx) {
  for_band(g, band, [&](int64_t row, const Window& w, int64_t count) __attribute__((always_inline)) {
    for_channels<T>(g.channels, AverageGradBody<T, Alone>{g, w, dy + row * g.channels, dx, T(1) / T(count)});
  });
}

template <class T>
void average_grad(const ConvGather& g, const void* dy_, const PoolBand& band, void* dx_) {
  const T* const dy = static_cast<const T*>(dy_);
  T* const dx = static_cast<T*>(dx_);
  if (windows_tile(g)) return average_grad_windows<T, true>(g, dy, band, dx);
  clear_band<T>(g, band, dx);
  average_grad_windows<T, false>(g, dy, band, dx);
}

template <class F>
void (*plain(F f))() {
  return reinterpret_cast<void (*)()>(f);
}
#define AXONE_FLOATS(name, Type, function)                             \
  {"pool." name, DType::f32, plain(Type(function<float>)), nullptr}, { \
    "pool." name, DType::f64, plain(Type(function<double>)), nullptr   \
  }

const KernelEntry kEntries[] = {
    AXONE_FLOATS("max", PoolMax, max),
    AXONE_FLOATS("pick", PoolPick, pick),
    AXONE_FLOATS("average", PoolAverage, average),
    AXONE_FLOATS("max_grad", PoolMaxGrad, max_grad),
    AXONE_FLOATS("average_grad", PoolAverageGrad, average_grad),
};

}  // namespace

extern const KernelFamily pool_family;
const KernelFamily pool_family = {kEntries, sizeof(kEntries) / sizeof(kEntries[0])};

}  // namespace AXONE_TARGET
}  // namespace axone
