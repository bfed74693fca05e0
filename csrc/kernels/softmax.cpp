// The softmax and cross-entropy kernels: contract in softmax.h.
#include "kernels/softmax.h"

#include "kernels/families.h"
#include "simd/lanes.h"
#include "simd/math.h"

namespace axone {
namespace AXONE_TARGET {
namespace {

#include "kernels/reduce_block.inl"

// A body called from two places is inlined only on demand.
#define AXONE_FLAT __attribute__((always_inline))

// Calls body(i, n) for each whole vector and once for the rest: body(i, count) with count <= kLanes.
template <class T, class Body>
AXONE_INLINE void for_vectors(int64_t n, const Body& body) {
  int64_t i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) body(i, kLanes<T>);
  if (i < n) body(i, n - i);
}

// Sum of body(i, count) over the same vectors; body gives 0 in the lanes from count on. The sum is a local:
// captured by a body it would live in memory.
template <class T, class Body>
AXONE_INLINE T sum_vectors(int64_t n, const Body& body) {
  Vec<T> sum = {};
  int64_t i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) sum += body(i, kLanes<T>);
  if (i < n) sum += body(i, n - i);
  return join_lanes<JoinSum, T>(sum);
}

template <class T>
AXONE_INLINE Vec<T> load_some(const T* p, int64_t count) {
  return count == kLanes<T> ? load<T>(p) : load_first<T>(p, count);
}
template <class T>
AXONE_INLINE Vec<T> load_some(const T* p, int64_t count, T fill) {
  return count == kLanes<T> ? load<T>(p) : load_first_or<T>(p, count, fill);
}
template <class T>
AXONE_INLINE void store_some(T* p, Vec<T> v, int64_t count) {
  if (count == kLanes<T>)
    store<T>(p, v);
  else
    store_first<T>(p, v, count);
}

template <class T>
AXONE_INLINE T row_max(const T* x, int64_t n) {
  return reduce_block<Max<T>>(x, n);
}

// sum(e^(x - m)); stores the terms where `terms` is given.
template <class T, bool Store>
AXONE_INLINE T row_exp_sum(T* terms, const T* x, int64_t n, T m) {
  return sum_vectors<T>(n, [&](int64_t i, int64_t k) AXONE_FLAT -> Vec<T> {
    Vec<T> e = vexp<T>(load_some<T>(x + i, k, -FloatBits<T>::kInfinity) - m);
    if constexpr (Store) store_some<T>(terms + i, e, k);
    return e;
  });
}

// A row of V vectors, the last one perhaps in part, kept in registers: a masked store that is read back at
// once would stall.
template <class T, int V>
AXONE_INLINE void softmax_short_row(T* out, const T* x, int64_t n, T scale) {
  constexpr int64_t kStep = kLanes<T>, kLast = (V - 1) * kStep;
  Vec<T> e[V];
  for (int u = 0; u < V - 1; ++u) e[u] = load<T>(x + u * kStep);
  e[V - 1] = load_first_or<T>(x + kLast, n - kLast, -FloatBits<T>::kInfinity);
  Vec<T> most = e[0];
  for (int u = 1; u < V; ++u) most = vmax<T>(most, e[u]);
  const T m = join_lanes<JoinMax, T>(most);
  Vec<T> sum = {};
  for (Vec<T>& v : e) {
    v = vexp<T>(v - m);
    sum += v;
  }
  const T factor = scale / join_lanes<JoinSum, T>(sum);
  for (int u = 0; u < V - 1; ++u) store<T>(out + u * kStep, e[u] * factor);
  store_first<T>(out + kLast, e[V - 1] * factor, n - kLast);
}

// out = scale * softmax(x).
template <class T>
AXONE_INLINE void softmax_row(T* out, const T* x, int64_t n, T scale) {
  if (n <= 0) return;
  switch ((n - 1) / kLanes<T>) {
    case 0:
      return softmax_short_row<T, 1>(out, x, n, scale);
    case 1:
      return softmax_short_row<T, 2>(out, x, n, scale);
    case 2:
      return softmax_short_row<T, 3>(out, x, n, scale);
    default:
      break;
  }
  const T m = row_max<T>(x, n);
  const T factor = scale / row_exp_sum<T, true>(out, x, n, m);
  for_vectors<T>(n, [&](int64_t i, int64_t k)
                        AXONE_FLAT { store_some<T>(out + i, load_some<T>(out + i, k) * factor, k); });
}

template <class T>
AXONE_INLINE T scalar_log(T x) {
  return vlog<T>(splat<T>(x))[0];
}

template <class T>
struct LogSum {
  T max, log;  // log(sum(e^x)) = max + log
};
template <class T>
AXONE_INLINE LogSum<T> row_log_sum(const T* x, int64_t n) {
  T m = row_max<T>(x, n);
  return {m, scalar_log<T>(row_exp_sum<T, false>(nullptr, x, n, m))};
}

template <class T>
void softmax_rows(void* out, const void* x, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; ++r)
    softmax_row<T>(static_cast<T*>(out) + r * n, static_cast<const T*>(x) + r * n, n, T(1));
}

template <class T>
void log_softmax_rows(void* out, const void* x, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; ++r) {
    const T* a = static_cast<const T*>(x) + r * n;
    T* y = static_cast<T*>(out) + r * n;
    LogSum<T> s = row_log_sum<T>(a, n);
    for_vectors<T>(n, [&](int64_t i, int64_t k)
                          AXONE_FLAT { store_some<T>(y + i, (load_some<T>(a + i, k) - s.max) - s.log, k); });
  }
}

template <class T>
void logsumexp_rows(void* out, const void* x, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; ++r) {
    const T* a = static_cast<const T*>(x) + r * n;
    T m = row_max<T>(a, n);
    bool infinite = m == FloatBits<T>::kInfinity || m == -FloatBits<T>::kInfinity;
    static_cast<T*>(out)[r] = infinite ? m : m + scalar_log<T>(row_exp_sum<T, false>(nullptr, a, n, m));
  }
}

template <class T>
void softmax_grad_rows(void* dx, const void* y, const void* dy, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; ++r) {
    const T *a = static_cast<const T*>(y) + r * n, *g = static_cast<const T*>(dy) + r * n;
    T* d = static_cast<T*>(dx) + r * n;
    const T dot = sum_vectors<T>(n, [&](int64_t i, int64_t k) AXONE_FLAT -> Vec<T> {
      return load_some<T>(a + i, k) * load_some<T>(g + i, k);
    });
    for_vectors<T>(n, [&](int64_t i, int64_t k) AXONE_FLAT {
      store_some<T>(d + i, load_some<T>(a + i, k) * (load_some<T>(g + i, k) - dot), k);
    });
  }
}

template <class T>
void log_softmax_grad_rows(void* dx, const void* y, const void* dy, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; ++r) {
    const T *a = static_cast<const T*>(y) + r * n, *g = static_cast<const T*>(dy) + r * n;
    T* d = static_cast<T*>(dx) + r * n;
    const T total =
        sum_vectors<T>(n, [&](int64_t i, int64_t k) AXONE_FLAT -> Vec<T> { return load_some<T>(g + i, k); });
    for_vectors<T>(n, [&](int64_t i, int64_t k) AXONE_FLAT {
      store_some<T>(d + i, load_some<T>(g + i, k) - vexp<T>(load_some<T>(a + i, k)) * total, k);
    });
  }
}

template <class T>
void sparse_xent_rows(void* loss, const void* x, const int64_t* labels, int64_t rows, int64_t n,
                      int64_t* bad_label) {
  for (int64_t r = 0; r < rows; ++r) {
    const T* a = static_cast<const T*>(x) + r * n;
    T result = FloatBits<T>::kNan;
    if (uint64_t(labels[r]) < uint64_t(n)) {
      LogSum<T> s = row_log_sum<T>(a, n);
      result = (s.max - a[labels[r]]) + s.log;
    } else if (bad_label && r < *bad_label) {
      *bad_label = r;
    }
    static_cast<T*>(loss)[r] = result;
  }
}

template <class T>
void sparse_xent_grad_rows(void* dx, const void* x, const int64_t* labels, const void* dloss, int64_t rows,
                           int64_t n) {
  for (int64_t r = 0; r < rows; ++r) {
    T* d = static_cast<T*>(dx) + r * n;
    T g = static_cast<const T*>(dloss)[r];
    const bool good = uint64_t(labels[r]) < uint64_t(n);
    softmax_row<T>(d, static_cast<const T*>(x) + r * n, n, good ? g : T(0));
    if (good) d[labels[r]] -= g;
  }
}

template <class T>
void dense_xent_rows(void* loss, const void* x, const void* target, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; ++r) {
    const T *a = static_cast<const T*>(x) + r * n, *t = static_cast<const T*>(target) + r * n;
    LogSum<T> s = row_log_sum<T>(a, n);
    static_cast<T*>(loss)[r] = sum_vectors<T>(n, [&](int64_t i, int64_t k) AXONE_FLAT -> Vec<T> {
      Vec<T> weight = load_some<T>(t + i, k);
      Vec<T> term = weight * ((s.max - load_some<T>(a + i, k)) + s.log);
      return weight == T(0) ? Vec<T>{} : term;
    });
  }
}

template <class T>
void dense_xent_grad_rows(void* dx, const void* x, const void* target, const void* dloss, int64_t rows,
                          int64_t n) {
  for (int64_t r = 0; r < rows; ++r) {
    const T *a = static_cast<const T*>(x) + r * n, *t = static_cast<const T*>(target) + r * n;
    T* d = static_cast<T*>(dx) + r * n;
    T g = static_cast<const T*>(dloss)[r];
    T m = row_max<T>(a, n);
    const T weight =
        sum_vectors<T>(n, [&](int64_t i, int64_t k) AXONE_FLAT -> Vec<T> { return load_some<T>(t + i, k); });
    const T factor = g * weight / row_exp_sum<T, false>(nullptr, a, n, m);
    // The terms are computed again: d may be the array of x or of the targets.
    for_vectors<T>(n, [&](int64_t i, int64_t k) AXONE_FLAT {
      Vec<T> p = vexp<T>(load_some<T>(a + i, k) - m) * factor;
      store_some<T>(d + i, p - g * load_some<T>(t + i, k), k);
    });
  }
}

#define AXONE_FLOATS(name, Type)                                                              \
  {"softmax." #name, DType::f32, reinterpret_cast<void (*)()>(Type(name<float>)), nullptr}, { \
    "softmax." #name, DType::f64, reinterpret_cast<void (*)()>(Type(name<double>)), nullptr   \
  }

const KernelEntry kEntries[] = {
    AXONE_FLOATS(softmax_rows, SoftmaxRows),
    AXONE_FLOATS(log_softmax_rows, SoftmaxRows),
    AXONE_FLOATS(logsumexp_rows, LogSumExpRows),
    AXONE_FLOATS(softmax_grad_rows, SoftmaxGradRows),
    AXONE_FLOATS(log_softmax_grad_rows, SoftmaxGradRows),
    AXONE_FLOATS(sparse_xent_rows, SparseXentRows),
    AXONE_FLOATS(sparse_xent_grad_rows, SparseXentGradRows),
    AXONE_FLOATS(dense_xent_rows, DenseXentRows),
    AXONE_FLOATS(dense_xent_grad_rows, DenseXentGradRows),
};

}  // namespace

extern const KernelFamily softmax_family;
const KernelFamily softmax_family = {kEntries, sizeof(kEntries) / sizeof(kEntries[0])};

}  // namespace AXONE_TARGET
}  // namespace axone
