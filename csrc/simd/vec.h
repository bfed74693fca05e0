// The vector type of one instruction set, on the compiler's vector extension. Code on it is written once
// and compiled once per target: AXONE_TARGET names the namespace, AXONE_VECTOR_BYTES the register's width.
// Arithmetic, comparison and a ? b : c on Vec<T> are the compiler's own; multiply-add contracts to FMA.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#ifndef AXONE_TARGET
#error "compile this file once per target, with AXONE_TARGET and AXONE_VECTOR_BYTES defined"
#endif

#define AXONE_INLINE static inline __attribute__((always_inline))
#define AXONE_MEMBER_INLINE inline __attribute__((always_inline))

namespace axone {
namespace AXONE_TARGET {

template <class T>
struct VecOf {
  typedef T type __attribute__((vector_size(AXONE_VECTOR_BYTES)));
  typedef T unaligned __attribute__((vector_size(AXONE_VECTOR_BYTES), aligned(alignof(T)), may_alias));
};
template <class T>
using Vec = typename VecOf<T>::type;

// Elements of T in one vector.
template <class T>
inline constexpr int64_t kLanes = AXONE_VECTOR_BYTES / int64_t(sizeof(T));

// The signed integer as wide as T: what a comparison of Vec<T> gives, lane for lane 0 or -1.
template <size_t Bytes>
struct IntOfSize;
template <>
struct IntOfSize<8> {
  typedef int64_t type;
  typedef uint64_t unsigned_type;
};
template <>
struct IntOfSize<4> {
  typedef int32_t type;
  typedef uint32_t unsigned_type;
};
template <>
struct IntOfSize<1> {
  typedef int8_t type;
  typedef uint8_t unsigned_type;
};
template <class T>
using Int = typename IntOfSize<sizeof(T)>::type;
template <class T>
using Mask = Vec<Int<T>>;

// The unsigned integer as wide as T: its arithmetic wraps, so bits are computed in it.
template <class T>
using UInt = typename IntOfSize<sizeof(T)>::unsigned_type;
template <class T>
using Bits = Vec<UInt<T>>;

template <class T>
AXONE_INLINE Vec<T> load(const T* p) {
  return (Vec<T>)*reinterpret_cast<const typename VecOf<T>::unaligned*>(p);
}

template <class T>
AXONE_INLINE void store(T* p, Vec<T> v) {
  *reinterpret_cast<typename VecOf<T>::unaligned*>(p) = v;
}

template <class T>
AXONE_INLINE Vec<T> splat(T x) {
  return x - Vec<T>{};  // 0 + x would turn -0 into 0, so the compiler could not drop the sum
}

template <class T>
AXONE_INLINE Vec<T> select(Mask<T> m, Vec<T> a, Vec<T> b) {
  return m ? a : b;
}

template <class To, class From>
AXONE_INLINE To bit_cast(From v) {
  static_assert(sizeof(To) == sizeof(From), "a bit cast keeps the size");
  To out;
  memcpy(&out, &v, sizeof(out));
  return out;
}

// a < b ? a : b: one instruction, whose result is b where either is NaN. GCC finds it for all sets but
// AVX-512.
template <class T>
AXONE_INLINE Vec<T> smaller(Vec<T> a, Vec<T> b) {
#if defined(__AVX512F__)
  if constexpr (T(0.5) != T(0) && sizeof(T) == 4)
    return (Vec<T>)_mm512_maskz_min_ps(__mmask16(-1), (__m512)a, (__m512)b);
  else if constexpr (T(0.5) != T(0))
    return (Vec<T>)_mm512_maskz_min_pd(__mmask8(-1), (__m512d)a, (__m512d)b);
  else
#endif
    return a < b ? a : b;
}
template <class T>
AXONE_INLINE Vec<T> larger(Vec<T> a, Vec<T> b) {
#if defined(__AVX512F__)
  if constexpr (T(0.5) != T(0) && sizeof(T) == 4)
    return (Vec<T>)_mm512_maskz_max_ps(__mmask16(-1), (__m512)a, (__m512)b);
  else if constexpr (T(0.5) != T(0))
    return (Vec<T>)_mm512_maskz_max_pd(__mmask8(-1), (__m512d)a, (__m512d)b);
  else
#endif
    return a > b ? a : b;
}

// NaN in either operand gives NaN, as NumPy's minimum and maximum do.
template <class T>
AXONE_INLINE Vec<T> vmin(Vec<T> a, Vec<T> b) {
  Vec<T> least = smaller<T>(a, b);
  return a != a ? a : least;
}
template <class T>
AXONE_INLINE Vec<T> vmax(Vec<T> a, Vec<T> b) {
  Vec<T> most = larger<T>(a, b);
  return a != a ? a : most;
}

// Sum of the lanes, always by the same tree: halves are added until one lane is left.
template <class T>
AXONE_INLINE T sum_lanes(Vec<T> v) {
  T lane[kLanes<T>];
  memcpy(lane, &v, sizeof(v));
  for (int64_t half = kLanes<T> / 2; half > 0; half /= 2)
    for (int64_t i = 0; i < half; ++i) lane[i] += lane[i + half];
  return lane[0];
}

}  // namespace AXONE_TARGET
}  // namespace axone

#include "simd/partial.h"
