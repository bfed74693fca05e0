// Loads and stores of the first n <= kLanes lanes only: the tail of a row. Included by vec.h.
// AVX-512 and AVX2 have masked instructions, which never touch the bytes beyond; elsewhere it goes through
// memory.
#pragma once

namespace axone {
namespace AXONE_TARGET {

#if defined(__AVX2__) && !defined(__AVX512BW__)
// Sliding windows: a load at k[width - n] has n lanes of ones, then zeros.
static constexpr int32_t kOnes32[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
static constexpr int64_t kOnes64[8] = {-1, -1, -1, -1};
#endif

// The first n elements; the other lanes are 0. n = 0 reads nothing: p may then be no address at all.
template <class T>
AXONE_INLINE Vec<T> load_first(const T* p, int64_t n) {
#if defined(__AVX512BW__)
  if constexpr (sizeof(T) == 4)
    return (Vec<T>)_mm512_maskz_loadu_epi32(__mmask16((1u << n) - 1), p);
  else if constexpr (sizeof(T) == 8)
    return (Vec<T>)_mm512_maskz_loadu_epi64(__mmask8((1u << n) - 1), p);
  else
    return (Vec<T>)_mm512_maskz_loadu_epi8(__mmask64(~uint64_t(0) >> (64 - n)), p);
#else
#if defined(__AVX2__)
  if constexpr (sizeof(T) == 4) {
    __m256i mask = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kOnes32 + 8 - n));
    return (Vec<T>)_mm256_maskload_epi32(reinterpret_cast<const int*>(p), mask);
  }
  if constexpr (sizeof(T) == 8) {
    __m256i mask = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kOnes64 + 4 - n));
    return (Vec<T>)_mm256_maskload_epi64(reinterpret_cast<const long long*>(p), mask);
  }
#endif
  if constexpr (kLanes<T> == 2) return n == 1 ? Vec<T>{p[0]} : n == 2 ? load<T>(p) : Vec<T>{};
  if constexpr (kLanes<T> == 4)
    return n == 1   ? Vec<T>{p[0]}
           : n == 2 ? Vec<T>{p[0], p[1]}
           : n == 3 ? Vec<T>{p[0], p[1], p[2]}
           : n == 4 ? load<T>(p)
                    : Vec<T>{};
  Vec<T> v = {};
  memcpy(&v, p, size_t(n) * sizeof(T));
  return v;
#endif
}

// Copies `Size` bytes where that power of two is part of `bytes`.
template <size_t Size>
AXONE_INLINE char* store_piece(char* to, const char** from, size_t bytes) {
  if (!(bytes & Size)) return to;
  memcpy(to, *from, Size);
  *from += Size;
  return to + Size;
}

// Stores the first n lanes and leaves the memory behind them alone.
template <class T>
AXONE_INLINE void store_first(T* p, Vec<T> v, int64_t n) {
#if defined(__AVX512BW__)
  if constexpr (sizeof(T) == 4)
    _mm512_mask_storeu_epi32(p, __mmask16((1u << n) - 1), (__m512i)v);
  else if constexpr (sizeof(T) == 8)
    _mm512_mask_storeu_epi64(p, __mmask8((1u << n) - 1), (__m512i)v);
  else
    _mm512_mask_storeu_epi8(p, __mmask64(~uint64_t(0) >> (64 - n)), (__m512i)v);
#else
  // By powers of two: AVX2's masked store takes tens of cycles on AMD.
  const size_t bytes = size_t(n) * sizeof(T);
  if (bytes == sizeof(v)) return store<T>(p, v);
  char* to = reinterpret_cast<char*>(p);
  const char* from = reinterpret_cast<const char*>(&v);
  if constexpr (sizeof(v) > 16) to = store_piece<16>(to, &from, bytes);
  to = store_piece<8>(to, &from, bytes);
  if constexpr (sizeof(T) <= 4) to = store_piece<4>(to, &from, bytes);
  if constexpr (sizeof(T) == 1) {
    to = store_piece<2>(to, &from, bytes);
    store_piece<1>(to, &from, bytes);
  }
#endif
}

}  // namespace AXONE_TARGET
}  // namespace axone
