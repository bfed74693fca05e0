// Contract of the kernels for few sequences (entry "rnn.few", f32 and f64): a product of one row, and words
// in which lanes hand states to each other.
#pragma once

#include <stdint.h>

namespace axone {

// A word holds four bytes of a value below the number of the turn that they belong to. Words are written and
// read as one each, so that whoever reads one knows from itself whether it is there: no flag is waited for
// before.
struct RnnFewKernels {
  // C = a B, or C += a B: a has k elements, B is packed (gemm.h) in panels of up to `panel_vectors` vectors,
  // `vectors` in all; C takes whole vectors. Panels are all that is read, in their order, and loops are
  // short, so that it runs as fast as the second-level cache.
  void (*row)(int64_t k, const void* a, const void* panels, int64_t vectors, int panel_vectors, void* c,
              bool add);
  // Writes n elements as words of one turn.
  void (*put)(uint32_t turn, int64_t n, const void* values, uint64_t* words);
  // Reads up to n elements from words of that turn; stops at the first vector that is not all there. Returns
  // how many it has read.
  int64_t (*get)(uint32_t turn, int64_t n, const uint64_t* words, void* values);
};

}  // namespace axone
