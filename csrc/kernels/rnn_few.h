// Contract of the kernels for few sequences (entry "rnn.few", f32 and f64): a product of few rows, and words
// in which lanes hand states to each other.
#pragma once

#include <stdint.h>

namespace axone {

struct RnnFewProduct {
  int64_t m, k;
  const void* a;
  int64_t a_stride;
  const void* panels;
  int64_t vectors;
  int panel_vectors;
  void* c;
  int64_t c_stride;
  bool add;
};

// A word holds four bytes of a value below the number of the turn that they belong to. Words are written and
// read as one each, so that whoever reads one knows from itself whether it is there: no flag is waited for
// before.
struct RnnFewKernels {
  // C = A B, or C += A B: A has m <= 7 rows of k elements, B is packed (gemm.h) in panels of up to
  // `panel_vectors` vectors, `vectors` in all, with m * panel_vectors <= GemmKernels::accumulators; C takes
  // whole vectors. Strides count elements. Panels are nearly all that is read, in their order and without
  // much between, so that it runs as fast as the second-level cache.
  void (*rows)(const RnnFewProduct& product);
  // Writes n elements as words of one turn.
  void (*put)(uint32_t turn, int64_t n, const void* values, uint64_t* words);
  // Reads up to n elements from words of that turn; stops at the first vector that is not all there. Returns
  // how many it has read.
  int64_t (*get)(uint32_t turn, int64_t n, const uint64_t* words, void* values);
};

}  // namespace axone
