// Attention by blocks: sizes, cuts, and the products of a tile. Private to ops/attention.
#pragma once

#include "kernels/attention.h"
#include "kernels/gemm.h"
#include "ops/execution.h"

namespace axone {

// Queries (batch, targets, heads, size), keys (batch, sources, key heads, size), values likewise with their
// own size; mask broadcasts to (batch, heads, targets, sources).
struct AttentionShape {
  AttentionShape(const OpCall& call, size_t mask_position);

  DType dtype;
  int64_t batch, targets, sources, heads, key_heads, size, value_size;
  int64_t item;
  double scale;
  bool causal;
  bool masked;
  int64_t mask_strides[4] = {0, 0, 0, 0};

  int64_t group() const { return heads / key_heads; }
};

// What both directions do with a block of targets and a block of sources of one head. All is in one lane's
// scratch.
class AttentionBlocks {
 public:
  static constexpr int64_t kTargets = 48;  // of a tile; with kSources 48 KB of float32
  static constexpr int64_t kSources = 256;

  AttentionBlocks(const AttentionShape& shape, bool gradient);

  const AttentionShape& shape() const { return s_; }
  size_t lane_bytes() const;

  // The parts of one lane's scratch.
  struct Scratch {
    char *keys, *values;   // packed transposes
    char *scores, *grads;  // tiles
    char* out;             // (kTargets, value size)
    char *most, *sum;      // of rows; backwards the means of rows
    char* tail;
  };
  Scratch scratch(void* base, int lane) const;

  const char* at(const void* base, int64_t batch, int64_t position, int64_t head, int64_t positions,
                 int64_t heads, int64_t size) const {
    return static_cast<const char*>(base) +
           (((batch * positions + position) * heads + head) * size) * s_.item;
  }

  // Packs rows [begin, end) of keys or values of one head as the columns of a product.
  void pack(const char* rows, int64_t stride, int64_t size, int64_t count, char* packed) const;
  // tile (rows, columns) = left (rows, size) times packed columns from `column` on.
  void scores(char* tile, int64_t rows, int64_t columns, const char* left, int64_t stride, int64_t size,
              const char* packed, int64_t column, const Scratch& scratch) const;
  // out (rows, size) += tile (rows, columns) times right (columns, size).
  void apply(char* out, int64_t out_stride, const char* tile, int64_t rows, int64_t columns,
             const char* right, int64_t stride, int64_t size, bool accumulate, const Scratch& scratch) const;
  // out (columns, size) += tile's transpose times right (rows, size).
  void apply_transposed(char* out, int64_t out_stride, const char* tile, int64_t rows, int64_t columns,
                        const char* right, int64_t stride, int64_t size, const Scratch& scratch) const;

  // The tile's description, without what only one direction needs.
  AttentionTile tile(const Operands& io, size_t mask_position, int64_t batch, int64_t head, int64_t target,
                     int64_t rows, int64_t source, int64_t columns, const Scratch& scratch) const;
  // Whether a tile lies in the future as a whole.
  bool hidden(int64_t target, int64_t rows, int64_t source) const {
    return s_.causal && !s_.masked && source > target + rows - 1;
  }

 private:
  // out (m, size) = tile (m, k), read as `layout` says, times right (k, size), added where `accumulate`.
  void multiply(GemmALayout layout, int64_t m, int64_t k, char* out, int64_t out_stride, const char* tile,
                const char* right, int64_t stride, int64_t size, bool accumulate,
                const Scratch& scratch) const;

  const AttentionShape s_;
  const GemmKernels* gemm_;
  const bool gradient_;
  int panel_vectors_ = 2;
  size_t packed_keys_, packed_values_;
};

}  // namespace axone
