#include "ops/strided_copy.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/buffer.h"
#include "base/error.h"

namespace axone {

namespace {

constexpr size_t kMaxLoops = 66;         // NumPy's 64 axes and the two of the tiles
constexpr int64_t kTileElements = 8192;  // one task: 8 to 64 KiB
constexpr int64_t kTransposeTile = 128;  // side of a transposed task; blocks inside are one cache line wide

template <class U>
void copy_run(const U* in, U* out, int64_t n) {
  if (n * int64_t(sizeof(U)) > 64) {  // below, the call costs more than the copy
    std::memcpy(out, in, size_t(n) * sizeof(U));
  } else {
    for (int64_t i = 0; i < n; ++i) out[i] = in[i];
  }
}

template <class U>
void copy_rows(const U* in, int64_t src, U* out, int64_t dst, int64_t rows, int64_t columns) {
  for (int64_t r = 0; r < rows; ++r) copy_run(in + r * src, out + r * dst, columns);
}

template <class U>
void copy_strided(const U* in, int64_t row_src, int64_t src, U* out, int64_t row_dst, int64_t dst,
                  int64_t rows, int64_t columns) {
  for (int64_t r = 0; r < rows; ++r, in += row_src, out += row_dst) {
    if (src == 0 && dst == 1) {
      std::fill_n(out, columns, *in);
    } else if (dst == 1) {
      for (int64_t c = 0; c < columns; ++c) out[c] = in[c * src];
    } else {
      for (int64_t c = 0; c < columns; ++c) out[c * dst] = in[c * src];
    }
  }
}

typedef uint32_t Four __attribute__((vector_size(16)));
typedef uint32_t FourUnaligned __attribute__((vector_size(16), aligned(4), may_alias));

// out[r][c] = in[c][r] for 4 x 4 elements.
void transpose_4x4(const uint32_t* in, int64_t src, uint32_t* out, int64_t dst) {
  auto load = [&](int64_t i) { return (Four) * reinterpret_cast<const FourUnaligned*>(in + i * src); };
  const Four a = load(0), b = load(1), c = load(2), d = load(3);
  const Four ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5),
             ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Four cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5),
             cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  auto store = [&](int64_t i, Four v) { *reinterpret_cast<FourUnaligned*>(out + i * dst) = v; };
  store(0, __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5));
  store(1, __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7));
  store(2, __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5));
  store(3, __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7));
}

// out[r * dst + c] = in[c * src + r].
template <class U>
void transpose_block(const U* in, int64_t src, U* out, int64_t dst, int64_t rows, int64_t columns) {
  int64_t r = 0;
  if constexpr (sizeof(U) == 4) {
    for (; r + 4 <= rows; r += 4) {
      int64_t c = 0;
      for (; c + 4 <= columns; c += 4) transpose_4x4(in + c * src + r, src, out + r * dst + c, dst);
      for (; c < columns; ++c)
        for (int64_t k = 0; k < 4; ++k) out[(r + k) * dst + c] = in[c * src + r + k];
    }
  }
  for (; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) out[r * dst + c] = in[c * src + r];
}

template <class U>
void copy_transposed(const U* in, int64_t src, U* out, int64_t dst, int64_t rows, int64_t columns) {
  constexpr int64_t block = std::min<int64_t>(32, 64 / sizeof(U));
  for (int64_t r = 0; r < rows; r += block)
    for (int64_t c = 0; c < columns; c += block)
      transpose_block(in + c * src + r, src, out + r * dst + c, dst, std::min(block, rows - r),
                      std::min(block, columns - c));
}

}  // namespace

StridedCopy::StridedCopy(const Shape& sizes, const Strides& src, const Strides& dst, size_t item_size,
                         int64_t src_offset, int64_t dst_offset)
    : item_size_(item_size), src_offset_(src_offset), dst_offset_(dst_offset) {
  const int64_t count = element_count(sizes);
  bytes_ = 2 * count * int64_t(item_size);
  if (count == 0) return;
  std::vector<Axis> axes;
  for (size_t i = 0; i < sizes.size(); ++i)
    if (sizes[i] != 1) axes.push_back({sizes[i], src[i], dst[i]});
  merge_axes(std::move(axes));
  require(loops_.size() + 2 <= kMaxLoops, "a tensor may have at most 64 axes");
  choose_mode();
  cut_into_tiles();
}

// Orders the axes as they lie in the target and makes neighbours that are one run in both views one axis.
void StridedCopy::merge_axes(std::vector<Axis> axes) {
  std::stable_sort(axes.begin(), axes.end(),
                   [](const Axis& a, const Axis& b) { return std::abs(a.dst) > std::abs(b.dst); });
  for (const Axis& a : axes) {
    if (!loops_.empty() && loops_.back().src == a.src * a.size && loops_.back().dst == a.dst * a.size)
      loops_.back() = {loops_.back().size * a.size, a.src, a.dst};
    else
      loops_.push_back(a);
  }
}

// Takes the last axis as the tile's columns and, of the rest, the one that runs fastest in the source as its
// rows.
void StridedCopy::choose_mode() {
  if (loops_.empty()) return;
  column_ = loops_.back();
  loops_.pop_back();
  mode_ = column_.src == 1 && column_.dst == 1 ? Mode::rows : Mode::strided;
  if (loops_.empty()) return;
  auto row = loops_.end() - 1;
  if (mode_ == Mode::strided && column_.dst == 1) {
    auto dense = std::find_if(loops_.begin(), loops_.end(), [](const Axis& a) { return a.src == 1; });
    if (dense != loops_.end()) row = dense, mode_ = Mode::transposed;
  }
  row_ = *row;
  loops_.erase(row);
}

void StridedCopy::cut_into_tiles() {
  if (mode_ == Mode::transposed) {
    tile_rows_ = std::min(row_.size, kTransposeTile);
    tile_columns_ = std::min(column_.size, kTransposeTile);
  } else {
    tile_columns_ = std::min(column_.size, kTileElements);
    tile_rows_ = std::min(row_.size, std::max<int64_t>(1, kTileElements / tile_columns_));
  }
  loops_.push_back({ceil_div(row_.size, tile_rows_), row_.src * tile_rows_, row_.dst * tile_rows_});
  loops_.push_back(
      {ceil_div(column_.size, tile_columns_), column_.src * tile_columns_, column_.dst * tile_columns_});
  tasks_ = 1;
  for (const Axis& a : loops_) tasks_ *= a.size;
}

template <class U>
void StridedCopy::run_tasks(int64_t begin, int64_t end, const U* in, U* out) const {
  int64_t index[kMaxLoops];
  const size_t rank = loops_.size();
  int64_t src = src_offset_, dst = dst_offset_, rest = begin;
  for (size_t a = rank; a-- > 0;) {
    index[a] = rest % loops_[a].size;
    rest /= loops_[a].size;
    src += index[a] * loops_[a].src;
    dst += index[a] * loops_[a].dst;
  }
  for (int64_t task = begin; task < end; ++task) {
    const int64_t rows = std::min(tile_rows_, row_.size - index[rank - 2] * tile_rows_);
    const int64_t columns = std::min(tile_columns_, column_.size - index[rank - 1] * tile_columns_);
    if (mode_ == Mode::rows)
      copy_rows(in + src, row_.src, out + dst, row_.dst, rows, columns);
    else if (mode_ == Mode::transposed)
      copy_transposed(in + src, column_.src, out + dst, row_.dst, rows, columns);
    else
      copy_strided(in + src, row_.src, column_.src, out + dst, row_.dst, column_.dst, rows, columns);
    for (size_t a = rank; a-- > 0;) {
      src += loops_[a].src, dst += loops_[a].dst;
      if (++index[a] < loops_[a].size) break;
      src -= loops_[a].src * loops_[a].size, dst -= loops_[a].dst * loops_[a].size;
      index[a] = 0;
    }
  }
}

void StridedCopy::run(const Lane& lane, const void* in, void* out) const {
  int64_t begin, end;
  lane.share(tasks_, &begin, &end);
  if (begin == end) return;
  if (item_size_ == 4)
    run_tasks(begin, end, static_cast<const uint32_t*>(in), static_cast<uint32_t*>(out));
  else if (item_size_ == 8)
    run_tasks(begin, end, static_cast<const uint64_t*>(in), static_cast<uint64_t*>(out));
  else
    run_tasks(begin, end, static_cast<const uint8_t*>(in), static_cast<uint8_t*>(out));
}

}  // namespace axone
