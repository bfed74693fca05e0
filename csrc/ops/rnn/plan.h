// Recurrent layers as one operation: the operands, and how the work is cut. Private to ops/rnn.
#pragma once

#include <algorithm>

#include "base/buffer.h"
#include "kernels/gemm.h"
#include "kernels/rnn.h"
#include "ops/execution.h"

namespace axone {

// A cell that the engine knows.
struct RnnCell {
  const char* name;
  int64_t gates;   // of the product with the state
  int64_t kept;    // values per unit and step that the backward pass needs
  bool memory;     // whether it has a memory c beside the state h
  bool two_grads;  // whether the gradient of the product is not that of the projected inputs
};
extern const RnnCell kRnnCells[3];
// The cell of "lstm" or "lstm_grad".
const RnnCell& rnn_cell(const std::string& op);

// Positions of a node's operands; -1: not there. Forward: x, kernel, h0, c0, bias, mask -> h of all steps,
// last h, last c, and with the attribute "keep": kept gates, c of all steps. With "zero" h0 is known to be 0.
// With "projects" 1 or 2 the inputs are still to be multiplied by weights, and 2: a bias to be added.
// Gradient: h of all steps, kernel, h0, c0, kept gates, c of all steps, mask, gradients of the first three
// outputs as "grads" says -> gradients of x, product (where it differs), h before every step, what reaches h0
// past the first step's product, gradient of c0.
struct RnnOperands {
  RnnOperands(const RnnCell& cell, const Attrs& attrs, bool gradient);

  int x = -1, kernel = 1, h0 = 2, c0 = -1, bias = -1, mask = -1;
  int in_weights = -1, in_bias = -1;
  int h_all = -1, kept = -1, c_all = -1;  // forward: outputs; gradient: inputs
  int h_grad = -1, h_last_grad = -1, c_last_grad = -1;
  int h_last = -1, c_last = -1;
  int x_grad = -1, product_grad = -1, h_before = -1, h0_grad = -1, c0_grad = -1;
  int inputs = 0, outputs = 0;
  bool reverse = false;
};

// What the gates of some rows will read and write, for the product in front of them to fetch.
class RnnFetches {
 public:
  // Columns [0, units) of rows, in pieces of `width`.
  void add(const RnnRows& m, int64_t rows, int64_t units, int64_t width, int64_t item) {
    for (int64_t i = 0; m.data && i < units && count_ < kMost; i += width)
      list_[count_++] = {static_cast<const char*>(m.data) + i * item, m.stride, rows};
  }
  const GemmFetch* list() const { return list_; }
  int64_t count() const { return count_; }

 private:
  static constexpr int64_t kMost = 40;
  GemmFetch list_[kMost];
  int64_t count_ = 0;
};

// One pass of a product: the part of some states' depth that it takes, times columns [unit, unit + units) of
// every matrix.
struct RnnProduct {
  int64_t pass;
  bool more;  // added to what is in c
  int64_t rows, unit, units;
  RnnRows states, c;
  const void* packed;  // the kernel
  const void* behind;  // what of it is read next
  void* lane_scratch;
  const RnnFetches* fetches = nullptr;
};

// Sizes and cuts. Work is cut into blocks of sequences and of units. Where the kernel fits into a core's own
// cache, a block of sequences goes through all steps by itself; else units are cut, so that each lane reads
// its part of the kernel alone. The depth has two halves then, those of the units of either half of the
// blocks: as a sum of two does not depend on their order, lanes need not wait for each other all the time
// (run.cpp).
struct RnnPlan {
  RnnPlan(const RnnCell& cell, DType dtype, int64_t batch, int64_t steps, int64_t units, bool gradient);

  const RnnCell& cell;
  const GemmKernels* gemm;
  RnnFunction kernel;
  int64_t batch, steps, units;
  int64_t item;            // bytes of an element
  int64_t depth, columns;  // of the product: state to gates; backwards: gates to state
  int64_t products;        // matrices of `columns` columns side by side: the gates, or one
  int64_t row_blocks = 1, unit_blocks = 1, unit_block = 0;
  int64_t runs;         // of `units` rows each in the depth: backwards the gates
  bool halves = false;  // of the depth
  int64_t passes = 1;   // over the depth, half by half
  int64_t padded_columns = 0;
  size_t tile_bytes = 0;
  // Rows a multiple of 4 KB apart share one set of L1, which does not hold all rows of a tile: they are
  // copied to `copy_stride` elements from one to the next first. So are halves of several runs.
  size_t copy_bytes = 0;
  int64_t copy_stride = 0;
  int panel_vectors = 1;
  bool transposed;  // the product is with the kernel's transpose: backwards
  bool serial = true;
  bool handed_over = false;  // few sequences on the way forward, see few.cpp

  int64_t row_begin(int64_t block) const { return batch * block / row_blocks; }
  int64_t most_rows() const { return ceil_div(batch, row_blocks); }
  // The units of a half.
  int64_t half_begin(int64_t half) const {
    return half == 0 ? 0 : half == 1 ? unit_blocks / 2 * unit_block : units;
  }
  int64_t pass_begin(int64_t pass) const {
    if (!halves) return depth * pass / passes;
    const int64_t in_half = passes / 2, half = pass / in_half, begin = runs * half_begin(half);
    if (half == 2) return depth;
    return begin + (runs * half_begin(half + 1) - begin) * (pass % in_half) / in_half;
  }
  // A pass as the rows that it takes: body(place in the depth, row, rows that follow each other).
  template <class Body>
  void for_rows(int64_t pass, const Body& body) const {
    const int64_t end = pass_begin(pass + 1);
    const int64_t half = halves ? pass / (passes / 2) : 0, unit = half_begin(half), first = runs * unit;
    const int64_t run = halves ? half_begin(half + 1) - unit : depth;
    for (int64_t at = pass_begin(pass), next; at < end; at = next) {
      const int64_t index = (at - first) / run;
      next = std::min(end, first + (index + 1) * run);
      body(at, index * units + unit + (at - first) % run, next - at);
    }
  }
  // The packed kernel: block of units by block, pass by pass, matrix by matrix, panel by panel.
  size_t packed_bytes() const { return size_t(products * depth * padded_columns * item); }
  // Of the block of units that begins with column `first`.
  int64_t packed_block(int64_t product, int64_t pass, int64_t first) const {
    const int64_t begin = pass_begin(pass), deep = pass_begin(pass + 1) - begin;
    const int64_t wide = first + unit_block >= columns ? padded_columns - first : unit_block;
    return products * (depth * first + begin * wide) + deep * product * wide;
  }
  int64_t packed_at(int64_t product, int64_t pass, int64_t column) const;
  // Packs the kernel, shared among the lanes.
  void pack(const Lane& lane, const void* weights, void* packed) const;
  // One lane's scratch: the product's tile, the copied rows, and what it has done.
  size_t progress_at() const { return tile_bytes + copy_bytes; }
  size_t lane_bytes() const { return lane_region(progress_at() + kAlignment); }
  // Copies the part of the states that a pass takes, where that is wanted: once for all units.
  void copy_states(const RnnProduct& product) const;
  void multiply(const RnnProduct& product) const;
  double flops() const { return 2.0 * double(batch * steps) * double(depth * columns * products); }
};

}  // namespace axone
