// Contract of the random kernels (family "random.", f32 and f64). Counter-based: element i of a stream
// depends on (seed, counter, i) alone. Compiled without contraction, so that every instruction set gives the
// same bits.
//
// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011) with key = seed and
// counter words = (64-bit block number, 64-bit counter) makes four 32-bit words a block. Sixteen blocks are a
// group; word w of block 16 g + l is element 64 g + 16 w + l of the stream of 32-bit words.
//   float32: one word an element.  float64: words (2 p, 2 p + 1) of block 16 g + l are element 32 g + 16 p +
//   l.
#pragma once

#include <stdint.h>

namespace axone {

// Elements of a group: fills begin at a multiple of it.
inline constexpr int64_t kRandomGroup = 64;

// out[0 .. n) = elements begin .. begin + n of a stream; begin is a multiple of kRandomGroup.
// "random.uniform": [0, 1), multiples of 2^-24 (f32) or 2^-53 (f64).
// "random.normal": Box and Muller's transform (1958) of two uniform numbers.
// "random.truncated_normal": the standard normal distribution within [-2, 2], by its inverse.
using RandomFill = void (*)(void* out, uint64_t seed, uint64_t counter, int64_t begin, int64_t n);

// "random.words" (i32): the 32-bit words themselves; a RandomFill.

// "random.dropout": out[i] = x[i] * scale where word begin + i is at least `threshold`, else 0. One word an
// element for both types.
using RandomDropout = void (*)(void* out, const void* x, uint64_t seed, uint64_t counter, int64_t begin,
                               int64_t n, uint32_t threshold, double scale);

}  // namespace axone
