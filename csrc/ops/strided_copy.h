// Copies elements between two strided views of equal sizes: what transpose, slice, flip, repeat and
// concatenate are.
#pragma once

#include <vector>

#include "base/shape.h"
#include "cpu/team.h"

namespace axone {

class StridedCopy {
 public:
  using Strides = std::vector<int64_t>;

  // out[dst_offset + <i, dst>] = in[src_offset + <i, src>] for every index i below sizes; strides and offsets
  // in elements of item_size (1, 4 or 8) bytes. Source strides may be 0 or negative; targets must not
  // overlap.
  StridedCopy(const Shape& sizes, const Strides& src, const Strides& dst, size_t item_size,
              int64_t src_offset = 0, int64_t dst_offset = 0);

  // Every lane of a team calls it with the same arguments; the views must not overlap.
  void run(const Lane& lane, const void* in, void* out) const;

  // Bytes read and written.
  int64_t bytes() const { return bytes_; }

 private:
  struct Axis {
    int64_t size, src, dst;
  };
  enum class Mode { rows, transposed, strided };

  void merge_axes(std::vector<Axis> axes);
  void choose_mode();
  void cut_into_tiles();
  template <class U>
  void run_tasks(int64_t begin, int64_t end, const U* in, U* out) const;

  Mode mode_ = Mode::rows;
  size_t item_size_;
  int64_t src_offset_, dst_offset_, bytes_ = 0, tasks_ = 0;
  std::vector<Axis> loops_;              // the axes around a tile, slowest first; the last two count tiles
  Axis row_{1, 0, 0}, column_{1, 0, 0};  // the axes of a tile; columns are next to each other in the target
  int64_t tile_rows_ = 1, tile_columns_ = 1;
};

}  // namespace axone
