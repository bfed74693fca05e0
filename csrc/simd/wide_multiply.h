// Products of 32-bit integers in 64 bits: no set has full 64-bit multiplication that is as fast.
#pragma once

#include "simd/vec.h"

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace axone {
namespace AXONE_TARGET {

// Lane for lane the product of the low halves; the high halves may hold anything.
AXONE_INLINE Vec<uint64_t> multiply_low_halves(Vec<uint64_t> a, Vec<uint64_t> b) {
#if defined(__AVX512F__)
  // The masked form: GCC 12 warns of an uninitialised value inside the plain one.
  return (Vec<uint64_t>)_mm512_maskz_mul_epu32(__mmask8(-1), (__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
  return (Vec<uint64_t>)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#elif defined(__SSE2__)
  return (Vec<uint64_t>)_mm_mul_epu32((__m128i)a, (__m128i)b);
#elif defined(__aarch64__)
  return (Vec<uint64_t>)vmull_u32(vmovn_u64((uint64x2_t)a), vmovn_u64((uint64x2_t)b));
#else
  return (a & uint64_t(0xffffffff)) * (b & uint64_t(0xffffffff));
#endif
}

}  // namespace AXONE_TARGET
}  // namespace axone
