// How one product is computed: orientation, algorithm, blocking. Private to ops/gemm*.cpp.
#pragma once

#include "base/buffer.h"
#include "kernels/gemm.h"
#include "kernels/map.h"
#include "ops/gemm.h"

namespace axone {

enum class GemmAlgorithm : uint8_t {
  empty,    // no element of C, or k == 0
  tasks,    // each task reads or packs what it needs by itself; no barrier
  dot,      // like tasks, but both operands are read along k
  split_k,  // the inner axis in `parts` parts, whose results are added at the end
  strips,   // B is packed in turns of (column strip, k block), by the team or by each lane; of several parts
            // of the inner axis the results are added at the end
};

// The product in the orientation in which it is computed: rows x columns, where the columns lie along the
// vectors. It is A B, or its transpose B^T A^T where that saves packing.
struct GemmPlan {
  explicit GemmPlan(const GemmShape& shape);

  GemmAlgorithm algorithm = GemmAlgorithm::empty;
  DType dtype;
  const GemmKernels* kernels = nullptr;
  MapFunction add = nullptr;  // split_k: adds the parts
  bool swapped = false;       // the caller's A is the column operand
  bool transposed_c = false;  // the tile goes to C transposed
  bool pack_a = false;        // each lane packs the rows of its task
  bool pack_b =
      false;  // each lane packs the columns of its task (tasks), or strips of them are packed (strips)
  bool swapped_far = false;  // swapped, as columns of A have pages of their own
  bool fetch_b = false;  // so have rows of the column operand, read in place: panels are fetched one ahead
  bool columns_along_k = false;  // the column operand is stored (columns, k)
  GemmALayout row_layout = GemmALayout::rows;
  int panel_vectors = 1;
  int64_t m = 0, n = 0, k = 0, batch = 1;  // oriented: m rows, n columns
  int64_t row_stride = 0, column_stride = 0, c_stride = 0;
  int64_t row_batch = 0, column_batch = 0;
  int64_t k_blocks = 1;    // passes over C
  int64_t k_block = 1;     // depth of one pass
  int64_t row_blocks = 1;  // tasks of one product: row_blocks x column_blocks
  int64_t column_blocks = 1;
  bool dynamic = false;      // a lane that has done its tasks takes others'
  int64_t parts = 1;         // of the inner axis, each computed like a product of its own
  int64_t strip_panels = 1;  // strips: panels packed at a time
  int64_t strips = 1;
  bool strip_rows = false;  // of few lanes each takes rows, not columns
  size_t shared_bytes = 0, strip_bytes = 0, lane_a_bytes = 0, lane_b_bytes = 0, lane_tail_bytes = 0;
  bool in_order = false;  // GemmShape::samples
  int64_t runs = 1;       // of equal length in which k falls: a part takes whole ones
  bool serial = true;
  char name[64];

  // Rows of the caller's A, as it is stored, if they may lie apart: rows along k, or the inner axis.
  int64_t rows_apart() const {
    if (batch > 1) return 0;
    if (algorithm == GemmAlgorithm::dot) return swapped ? (pack_b ? 0 : n) : (pack_a || m == 1 ? 0 : m);
    const bool tiles = (algorithm == GemmAlgorithm::tasks || algorithm == GemmAlgorithm::split_k) && !pack_b;
    const bool inner = swapped && row_layout == GemmALayout::columns && !columns_along_k;
    return tiles && inner && is_float(dtype) && panel_vectors <= 2 ? k : 0;
  }
  int64_t panel_width() const { return int64_t(panel_vectors) * kernels->lanes; }
  int64_t panels() const { return ceil_div(n, panel_width()); }
  // First row of a row block, first column of a panel, first k of a pass.
  int64_t row_begin(int64_t block) const { return m * block / row_blocks; }
  int64_t column_begin(int64_t panel) const;
  int64_t k_begin(int64_t pass) const { return pass * k_block < k ? pass * k_block : k; }
  size_t lane_bytes() const { return lane_region(lane_a_bytes + lane_b_bytes + lane_tail_bytes); }
  size_t part_bytes() const { return lane_region(size_t(m * n) * item_size(dtype)); }
  int64_t part_begin(int64_t part) const { return runs * part / parts * (k / runs); }

 private:
  void orient(const GemmShape& shape);
  bool deep_and_narrow() const;
  bool far_and_narrow() const;
  bool in_place_if_swapped() const;
  void choose_tile();
  void choose_packing();
  void widen_panels();
  void choose_split();
  void cut();
  // A weight's gradient of few samples: many rows, and few products to add up.
  bool tall() const { return m >= 2 * k && m >= 4 * kernels->rows(panel_vectors); }
  bool many_samples() const;
  // A gradient of many samples: these outnumber what they add up to.
  bool deep() const;
  // The inner axis for choices that change the order of sums.
  int64_t depth() const;
  void cut_strips();
  void cut_tasks();
  void size_scratch();
  void describe();
};

}  // namespace axone
