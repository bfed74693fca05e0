// Contract of the attention kernels (family "attention.", f32 and f64): what happens to a tile of scores
// between two products. Row r of the tile has its scores at scores[r * stride ...]. Strides count elements.
#pragma once

#include <stdint.h>

namespace axone {

struct AttentionTile {
  int64_t rows, columns;
  void* scores;  // queries times keys; forward: becomes e^(x - max)
  int64_t stride;
  double scale;         // of the scores
  const uint8_t* mask;  // pair (r, c) at mask[r * mask_row + c * mask_column] (0 or 1); null: all count
  int64_t mask_row, mask_column;
  int64_t past;  // row r sees the columns below r + past; INT64_MAX / 2: all

  // Forward. Each row's largest score so far and the sum of e^(x - max); what was summed up in `out` before,
  // `width` elements a row, is scaled to the new maximum.
  void* most;
  void* sum;
  void* out;
  int64_t out_stride, width;

  // Backward. Of each row the largest score and the reciprocal sum, and sum(out out'); `grads` holds the
  // gradient of the weights and becomes that of the products, `scores` become the weights.
  const void* stats;  // (rows, 2) with `stats_stride` from row to row
  int64_t stats_stride;
  const void* means;
  void* grads;
};

// "attention.forward", "attention.backward". A pair that does not count has the score -max / 2, so that a row
// without any has equal weights.
using AttentionFunction = void (*)(const AttentionTile& tile);

// "attention.finish": out = scaled / sum, and stats = (most, 1 / sum), for `rows` rows of a tile.
struct AttentionRows {
  int64_t rows, width;
  const void* scaled;
  int64_t scaled_stride;
  const void* most;
  const void* sum;
  void* out;
  int64_t out_stride;
  void* stats;
  int64_t stats_stride;
};
using AttentionFinish = void (*)(const AttentionRows& rows);

// "attention.means": means[r] = sum(a[r] b[r]) over `width` elements.
using AttentionMeans = void (*)(void* means, const void* a, int64_t a_stride, const void* b, int64_t b_stride,
                                int64_t rows, int64_t width);

}  // namespace axone
