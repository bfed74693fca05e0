// One call of Gemm::run on one lane: the plan, the operands in the plan's orientation, the lane's scratch.
// Private to ops/gemm*.cpp.
#pragma once

#include <algorithm>

#include "ops/gemm_plan.h"

namespace axone {

// Lanes up to which each packs the columns of B that it uses.
constexpr int kOwnStrips = 4;

// Elements of C that wait for their epilogue together: 64 KB of float32.
constexpr int64_t kOpenElements = 16 * 1024;

// Enough for teams of any size up to `lanes`.
inline size_t strip_buffers(const GemmPlan& plan, int lanes) {
  return plan.parts > 1 ? size_t(lanes) : size_t(std::clamp(lanes, 2, kOwnStrips));
}

class GemmRun {
 public:
  GemmRun(const GemmPlan& plan, const Lane& lane, const void* a, const void* b, void* c, void* scratch,
          GemmEpilogue* epilogue, const void* const* a_rows)
      : p_(plan),
        lane_(lane),
        item_(int64_t(item_size(plan.dtype))),
        rows_(static_cast<const char*>(plan.swapped ? b : a)),
        columns_(static_cast<const char*>(plan.swapped ? a : b)),
        addresses_(a_rows),
        c_(static_cast<char*>(c)),
        shared_(static_cast<char*>(scratch)),
        epilogue_(epilogue),
        piece_(epilogue ? static_cast<char*>(epilogue->piece()) : nullptr),
        carries_(piece_ && !plan.swapped && epilogue->update_form() != GradientForm::none) {
    char* own = shared_ + p_.shared_bytes + strip_buffers(p_, lane.count) * p_.strip_bytes +
                size_t(lane.index) * p_.lane_bytes();
    packed_a_ = own;
    packed_b_ = own + p_.lane_a_bytes;
    tail_ = own + p_.lane_a_bytes + p_.lane_b_bytes;
  }

  void run() const;

 private:
  // A task: a block of rows and columns of one product.
  struct Task {
    int64_t item, row, row_end, column, column_end, part;
    int64_t rows() const { return row_end - row; }
    int64_t columns() const { return column_end - column; }
    bool continued_by(const Task& t) const {
      return t.row == row_end && t.item == item && t.column == column && t.column_end == column_end &&
             (rows() + t.rows()) * columns() <= kOpenElements;
    }
  };

  const char* row_operand(int64_t batch, int64_t row, int64_t k) const {
    const int64_t offset =
        p_.row_layout == GemmALayout::rows ? row * p_.row_stride + k : row + k * p_.row_stride;
    return rows_ + (batch * p_.row_batch + offset) * item_;
  }
  const char* column_operand(int64_t batch, int64_t column, int64_t k) const {
    const int64_t offset = p_.columns_along_k ? column * p_.column_stride + k : column + k * p_.column_stride;
    return columns_ + (batch * p_.column_batch + offset) * item_;
  }
  int64_t c_index(const Task& t) const {
    return t.item * p_.m * p_.n +
           (p_.transposed_c ? t.column * p_.c_stride + t.row : t.row * p_.c_stride + t.column);
  }

  GemmBlock block_of(const Task& t, int64_t k_begin, int64_t k_end) const {
    return block_of(t, k_begin, k_end, piece_);
  }
  GemmBlock block_of(const Task& t, int64_t k_begin, int64_t k_end, char* piece) const {
    GemmBlock g;
    g.m = t.rows(), g.n = t.columns(), g.k = k_end - k_begin;
    g.a = row_operand(t.item, t.row, k_begin);
    g.a_stride = p_.row_stride;
    g.a_layout = p_.row_layout;
    g.b = column_operand(t.item, t.column, k_begin);
    g.b_stride = p_.column_stride;
    g.b_layout = GemmBLayout::rows;
    if (addresses_ && p_.algorithm != GemmAlgorithm::dot) {
      g.b_rows = addresses_ + k_begin;
      g.b_first = t.column;
    }
    g.c = piece ? piece : c_ + c_index(t) * item_;
    g.c_stride = piece ? (p_.transposed_c ? t.rows() : t.columns()) : p_.c_stride;
    g.tail = tail_;
    if (p_.fetch_b && !addresses_) g.panels_behind = column_operand(t.item, t.column_end, k_begin);
    g.accumulate = k_begin > 0;
    g.in_order = p_.in_order;
    g.transposed = p_.transposed_c;
    g.panel_vectors = int8_t(p_.panel_vectors);
    return g;
  }

  // Calls the epilogue for the task's part of the caller's C.
  void finish(const Task& t) const { finish(t, piece_); }
  void finish(const Task& t, const char* piece) const {
    if (!epilogue_) return;
    epilogue_->begin_part(t.part);
    // A vector on the right was computed as one on the left: its columns are the caller's rows.
    const bool vector = p_.swapped && !p_.transposed_c;
    const int64_t begin = vector ? t.item * p_.n + t.column : c_index(t);
    const int64_t segments = p_.transposed_c ? t.columns() : t.rows();
    const int64_t count = p_.transposed_c ? t.rows() : t.columns();
    if (vector || count == p_.c_stride) return apply(begin, segments * count, piece);
    for (int64_t i = 0; i < segments; ++i)
      apply(begin + i * p_.c_stride, count, piece ? piece + i * count * item_ : nullptr);
  }
  void apply(int64_t begin, int64_t count, const char* values) const {
    values ? epilogue_->apply(begin, count, values) : epilogue_->apply(begin, count);
  }

  // Calls `fn` for the task, or for the parts of it that a piece can hold: whole tiles of rows as wide as
  // they can be.
  template <class F>
  void for_each_part(const Task& t, const F& fn) const {
    if (!piece_) return fn(t);
    const int64_t tile = std::min<int64_t>(t.rows(), p_.kernels->rows(p_.panel_vectors));
    const int64_t columns = std::min(t.columns(), kGemmPiece / tile / p_.panel_width() * p_.panel_width());
    const int64_t tiles = ceil_div(t.rows(), tile), height = ceil_div(t.rows(), tiles);
    const int64_t parts = ceil_div(tiles, kGemmPiece / columns / height);
    const int64_t rows = ceil_div(tiles, parts) * height;
    for (int64_t row = t.row; row < t.row_end; row += rows)
      for (int64_t column = t.column; column < t.column_end; column += columns)
        fn({t.item, row, std::min(row + rows, t.row_end), column, std::min(column + columns, t.column_end),
            t.part});
  }

  Task task_of(int64_t item, int64_t row_block, int64_t column, int64_t column_end) const {
    return {item,       p_.row_begin(row_block),         p_.row_begin(row_block + 1), column,
            column_end, item * p_.row_blocks + row_block};
  }
  // The vectors of a row of columns, and where one begins.
  int64_t vectors() const { return ceil_div(p_.n, p_.kernels->lanes); }
  int64_t column_of(int64_t vector) const { return std::min(p_.n, vector * p_.kernels->lanes); }

  // Task `index` of tasks() and dot(): row blocks of the same columns follow each other.
  Task task_at(int64_t index) const {
    const int64_t row_block = index % p_.row_blocks, rest = index / p_.row_blocks;
    const int64_t column_block = rest % p_.column_blocks, panels = p_.panels();
    return task_of(rest / p_.column_blocks, row_block,
                   p_.column_begin(panels * column_block / p_.column_blocks),
                   p_.column_begin(panels * (column_block + 1) / p_.column_blocks));
  }

  // A piece whose epilogue is still to come.
  struct Waiting {
    int64_t begin = 0, count = 0;
    char* values = nullptr;
  };

  // The task's columns, pass by pass, as this lane packed them.
  char* packed_columns(const Task& t, int64_t pass) const {
    return packed_b_ + p_.k_begin(pass) * round_up(t.columns(), p_.kernels->lanes) * item_;
  }
  char* part_result(int64_t part) const { return shared_ + size_t(part) * p_.part_bytes(); }
  char* own_strip() const { return shared_ + p_.shared_bytes + size_t(lane_.index) * p_.strip_bytes; }

  // What of C a team computes strip by strip, and of which part of the inner axis.
  struct Span {
    int64_t row_block, row_block_end, column, column_end, k, k_end;
    char* c;
  };

  void zero() const;
  void dot() const;
  void take_rows(const Task& task, const Task& last, GemmBlock* block) const;
  void transpose_columns(int64_t item) const;
  void tasks() const;
  void carry(const Task& task, const Task& part, Waiting* before) const;
  int64_t compute(const Task& task, const Task& part, char* values, const Waiting* before) const;
  void pack_columns(const Task& t) const;
  void split_k() const;
  void add_parts() const;
  // gemm_strips.cpp
  void strips() const;
  void split_strips() const;
  void team_strips(const Lane& lane, const Span& s, int buffers, char* buffer) const;
  void compute_strip(const Lane& lane, const Span& s, int64_t first, int64_t last, int64_t k0, int64_t k1,
                     char* packed) const;

  const GemmPlan& p_;
  const Lane& lane_;
  const int64_t item_;
  const char* rows_;
  const char* columns_;
  const void* const* addresses_;  // of the rows of what the caller calls A, or null
  char* c_;
  char* shared_;
  GemmEpilogue* epilogue_;
  char* piece_;
  bool carries_;  // one piece's epilogue along with the next one
  char* packed_a_;
  char* packed_b_;
  char* tail_;
};

}  // namespace axone
