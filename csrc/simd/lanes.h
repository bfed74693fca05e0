// Across the lanes of one vector: reductions by a fixed tree, and tails filled with a neutral element.
#pragma once

#include "simd/vec.h"

namespace axone {
namespace AXONE_TARGET {

// The lanes [First, First + Count) as a vector of their own. By shuffle: a copy through memory would keep the
// source in memory, also in the loop that made it.
template <int First, int Count, int... Lane>
struct LanesFrom : LanesFrom<First, Count - 1, First + Count - 1, Lane...> {};
template <int First, int... Lane>
struct LanesFrom<First, 0, Lane...> {
  template <class V>
  AXONE_INLINE auto of(V v) {
    return __builtin_shufflevector(v, v, Lane...);
  }
};

// Joins halves until one lane is left: lane i with lane i + half, the same tree as sum_lanes. Op::join works
// on vectors of any width and on scalars.
template <class Op, class T, int Bytes = AXONE_VECTOR_BYTES>
struct LaneTree {
  typedef T Whole __attribute__((vector_size(Bytes)));
  static constexpr int kCount = Bytes / int(sizeof(T));
  // Lane i once `width` lanes are left.
  template <int I, int Width>
  AXONE_INLINE T lane(Whole v) {
    if constexpr (Width == kCount)
      return v[I];
    else
      return Op::join(lane<I, 2 * Width>(v), lane<I + Width, 2 * Width>(v));
  }
  AXONE_INLINE T join(Whole v) {
    if constexpr (Bytes <= 16)
      return lane<0, 1>(v);
    else
      return LaneTree<Op, T, Bytes / 2>::join(
          Op::join(LanesFrom<0, kCount / 2>::of(v), LanesFrom<kCount / 2, kCount / 2>::of(v)));
  }
};

template <class Op, class T>
AXONE_INLINE T join_lanes(Vec<T> v) {
  return LaneTree<Op, T>::join(v);
}

template <class T>
struct LaneIndex {
  Int<T> at[kLanes<T>];
  constexpr LaneIndex() : at{} {
    for (int64_t i = 0; i < kLanes<T>; ++i) at[i] = Int<T>(i);
  }
};
template <class T>
static constexpr LaneIndex<T> kLaneIndex{};

// Lane for lane -1 before n, 0 from n on.
template <class T>
AXONE_INLINE Mask<T> first_lanes(int64_t n) {
  return load<Int<T>>(kLaneIndex<T>.at) < Int<T>(n);
}

// load_first with `fill` in the other lanes.
template <class T>
AXONE_INLINE Vec<T> load_first_or(const T* p, int64_t n, T fill) {
  return first_lanes<T>(n) ? load_first<T>(p, n) : splat<T>(fill);
}

// The joins. NaN wins in max and min.
struct JoinSum {
  template <class V>
  AXONE_INLINE V join(V a, V b) {
    return a + b;
  }
};
struct JoinProduct {
  template <class V>
  AXONE_INLINE V join(V a, V b) {
    return a * b;
  }
};
struct JoinMax {
  template <class V>
  AXONE_INLINE V join(V a, V b) {
    V most = a > b ? a : b;
    return a != a ? a : most;
  }
  AXONE_INLINE Vec<float> join(Vec<float> a, Vec<float> b) { return vmax<float>(a, b); }
  AXONE_INLINE Vec<double> join(Vec<double> a, Vec<double> b) { return vmax<double>(a, b); }
};
struct JoinMin {
  template <class V>
  AXONE_INLINE V join(V a, V b) {
    V least = a < b ? a : b;
    return a != a ? a : least;
  }
  AXONE_INLINE Vec<float> join(Vec<float> a, Vec<float> b) { return vmin<float>(a, b); }
  AXONE_INLINE Vec<double> join(Vec<double> a, Vec<double> b) { return vmin<double>(a, b); }
};
struct JoinAnd {
  template <class V>
  AXONE_INLINE V join(V a, V b) {
    return a & b;
  }
};
struct JoinOr {
  template <class V>
  AXONE_INLINE V join(V a, V b) {
    return a | b;
  }
};

}  // namespace AXONE_TARGET
}  // namespace axone
