// The attention kernels: contract in attention.h.
#include "kernels/attention.h"

#include "kernels/families.h"
#include "simd/lanes.h"
#include "simd/math.h"

namespace axone {
namespace AXONE_TARGET {
namespace {

template <class T>
constexpr T kFar = sizeof(T) == 4 ? T(-1.7e38) : T(-8.9e307);

// Calls body(i, count) for each whole vector of n elements and once for the rest.
template <class T, class Body>
AXONE_INLINE void for_vectors(int64_t n, const Body& body) {
  int64_t i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) body(i, kLanes<T>);
  if (i < n) body(i, n - i);
}
template <class T>
AXONE_INLINE Vec<T> load_some(const T* p, int64_t n, T fill = T(0)) {
  return n == kLanes<T> ? load<T>(p) : load_first_or<T>(p, n, fill);
}
template <class T>
AXONE_INLINE void store_some(T* p, Vec<T> v, int64_t n) {
  n == kLanes<T> ? store<T>(p, v) : store_first<T>(p, v, n);
}

// Scales a row's scores and puts those that do not count far away; returns the largest.
template <class T>
AXONE_INLINE T prepare_row(const AttentionTile& t, int64_t r, T* x) {
  const T scale = T(t.scale);
  int64_t seen = t.columns;
  if (r + t.past < seen) seen = r + t.past > 0 ? r + t.past : 0;
  const uint8_t* mask = t.mask ? t.mask + r * t.mask_row : nullptr;
  Vec<T> most = splat<T>(kFar<T>);
  if (mask) {
    for (int64_t c = 0; c < seen; ++c) x[c] = mask[c * t.mask_column] ? x[c] * scale : kFar<T>;
    for_vectors<T>(seen, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
      most = vmax<T>(most, load_some<T>(x + i, n, kFar<T>));
    });
  } else {
    for_vectors<T>(seen, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
      const Vec<T> v = load_some<T>(x + i, n) * scale;
      store_some<T>(x + i, v, n);
      most = vmax<T>(most, n == kLanes<T> ? v : first_lanes<T>(n) ? v : splat<T>(kFar<T>));
    });
  }
  for (int64_t c = seen; c < t.columns; ++c) x[c] = kFar<T>;
  return join_lanes<JoinMax, T>(most);
}

template <class T>
void forward(const AttentionTile& t) {
  T *most = static_cast<T*>(t.most), *sum = static_cast<T*>(t.sum);
  for (int64_t r = 0; r < t.rows; ++r) {
    T* x = static_cast<T*>(t.scores) + r * t.stride;
    const T found = prepare_row<T>(t, r, x);
    const T m = found > most[r] || found != found ? found : most[r];
    Vec<T> total = {};
    for_vectors<T>(t.columns, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
      const Vec<T> e = vexp<T>(load_some<T>(x + i, n, -FloatBits<T>::kInfinity) - m);
      store_some<T>(x + i, e, n);
      total += e;
    });
    if (m != most[r]) {
      const T factor = sum[r] > T(0) ? vexp<T>(splat<T>(most[r] - m))[0] : T(0);
      sum[r] *= factor;
      T* out = static_cast<T*>(t.out) + r * t.out_stride;
      for_vectors<T>(t.width, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
        store_some<T>(out + i, load_some<T>(out + i, n) * factor, n);
      });
      most[r] = m;
    }
    sum[r] += join_lanes<JoinSum, T>(total);
  }
}

template <class T>
void backward(const AttentionTile& t) {
  const T scale = T(t.scale);
  const T* means = static_cast<const T*>(t.means);
  for (int64_t r = 0; r < t.rows; ++r) {
    T* x = static_cast<T*>(t.scores) + r * t.stride;
    T* g = static_cast<T*>(t.grads) + r * t.stride;
    const T* stats = static_cast<const T*>(t.stats) + r * t.stats_stride;
    prepare_row<T>(t, r, x);
    const T most = stats[0], share = stats[1], mean = means[r];
    for_vectors<T>(t.columns, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
      const Vec<T> score = load_some<T>(x + i, n, kFar<T>);
      const Vec<T> p = vexp<T>(score - most) * share;
      // No gradient reaches a pair that does not count.
      const Vec<T> d = p * (load_some<T>(g + i, n) - mean) * scale;
      store_some<T>(x + i, p, n);
      store_some<T>(g + i, score > kFar<T> ? d : Vec<T>{}, n);
    });
  }
}

template <class T>
void finish(const AttentionRows& a) {
  for (int64_t r = 0; r < a.rows; ++r) {
    const T* from = static_cast<const T*>(a.scaled) + r * a.scaled_stride;
    T* to = static_cast<T*>(a.out) + r * a.out_stride;
    const T share = T(1) / static_cast<const T*>(a.sum)[r];
    for_vectors<T>(a.width, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
      store_some<T>(to + i, load_some<T>(from + i, n) * share, n);
    });
    T* stats = static_cast<T*>(a.stats) + r * a.stats_stride;
    stats[0] = static_cast<const T*>(a.most)[r];
    stats[1] = share;
  }
}

template <class T>
void means(void* out, const void* a, int64_t a_stride, const void* b, int64_t b_stride, int64_t rows,
           int64_t width) {
  for (int64_t r = 0; r < rows; ++r) {
    const T *x = static_cast<const T*>(a) + r * a_stride, *y = static_cast<const T*>(b) + r * b_stride;
    Vec<T> sum = {};
    for_vectors<T>(width, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
      sum += load_some<T>(x + i, n) * load_some<T>(y + i, n);
    });
    static_cast<T*>(out)[r] = join_lanes<JoinSum, T>(sum);
  }
}

#define AXONE_FLOATS(name, Type)                                                                \
  {"attention." #name, DType::f32, reinterpret_cast<void (*)()>(Type(name<float>)), nullptr}, { \
    "attention." #name, DType::f64, reinterpret_cast<void (*)()>(Type(name<double>)), nullptr   \
  }

const KernelEntry kEntries[] = {AXONE_FLOATS(forward, AttentionFunction),
                                AXONE_FLOATS(backward, AttentionFunction),
                                AXONE_FLOATS(finish, AttentionFinish), AXONE_FLOATS(means, AttentionMeans)};

}  // namespace

extern const KernelFamily attention_family;
const KernelFamily attention_family = {kEntries, sizeof(kEntries) / sizeof(kEntries[0])};

}  // namespace AXONE_TARGET
}  // namespace axone
