#include "ops/gemm.h"

#include <algorithm>
#include <cstring>

#include "base/buffer.h"
#include "kernels/map.h"
#include "ops/gemm_plan.h"

namespace axone {

namespace {

// Lanes up to which each packs the columns of B that it uses.
constexpr int kOwnStrips = 4;

// Elements of C that wait for their epilogue together: 64 KB of float32.
constexpr int64_t kOpenElements = 16 * 1024;

// Enough for teams of any size up to `lanes`.
size_t strip_buffers(const GemmPlan& plan, int lanes) {
  return plan.parts > 1 ? size_t(lanes) : size_t(std::clamp(lanes, 2, kOwnStrips));
}

// One call of run on one lane: the plan, the operands in the plan's orientation, the lane's scratch.
class GemmRun {
 public:
  GemmRun(const GemmPlan& plan, const Lane& lane, const void* a, const void* b, void* c, void* scratch,
          GemmEpilogue* epilogue)
      : p_(plan),
        lane_(lane),
        item_(int64_t(item_size(plan.dtype))),
        rows_(static_cast<const char*>(plan.swapped ? b : a)),
        columns_(static_cast<const char*>(plan.swapped ? a : b)),
        c_(static_cast<char*>(c)),
        shared_(static_cast<char*>(scratch)),
        epilogue_(epilogue),
        piece_(epilogue ? static_cast<char*>(epilogue->piece()) : nullptr),
        carries_(piece_ && !plan.swapped && epilogue->is_update()) {
    char* own = shared_ + p_.shared_bytes + strip_buffers(p_, lane.count) * p_.strip_bytes +
                size_t(lane.index) * p_.lane_bytes();
    packed_a_ = own;
    packed_b_ = own + p_.lane_a_bytes;
    tail_ = own + p_.lane_a_bytes + p_.lane_b_bytes;
  }

  void run() const {
    switch (p_.algorithm) {
      case GemmAlgorithm::empty:
        return zero();
      case GemmAlgorithm::tasks:
        return tasks();
      case GemmAlgorithm::dot:
        return dot();
      case GemmAlgorithm::split_k:
        return split_k();
      case GemmAlgorithm::strips:
        return strips();
    }
  }

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
    g.c = piece ? piece : c_ + c_index(t) * item_;
    g.c_stride = piece ? (p_.transposed_c ? t.rows() : t.columns()) : p_.c_stride;
    g.tail = tail_;
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

  void zero() const {
    int64_t begin, end;
    lane_.share(p_.batch * p_.m, &begin, &end);
    std::memset(c_ + begin * p_.n * item_, 0, size_t((end - begin) * p_.n * item_));
    if (!epilogue_ || p_.n == 0) return;
    if (begin < end) epilogue_->apply(begin * p_.n, (end - begin) * p_.n);
  }

  Task task_of(int64_t item, int64_t row_block, int64_t panel, int64_t panel_end) const {
    return {item,
            p_.row_begin(row_block),
            p_.row_begin(row_block + 1),
            p_.column_begin(panel),
            p_.column_begin(panel_end),
            item * p_.row_blocks + row_block};
  }

  // Task `index` of tasks() and dot(): row blocks of the same columns follow each other.
  Task task_at(int64_t index) const {
    const int64_t row_block = index % p_.row_blocks, rest = index / p_.row_blocks;
    const int64_t column_block = rest % p_.column_blocks, panels = p_.panels();
    return task_of(rest / p_.column_blocks, row_block, panels * column_block / p_.column_blocks,
                   panels * (column_block + 1) / p_.column_blocks);
  }

  void tasks() const {
    int64_t index, end, held = -1;  // held: whose columns packed_b_ holds
    lane_.share(p_.batch * p_.column_blocks * p_.row_blocks, &index, &end);
    Waiting before;
    Task open{};  // of a transposed C, whose rows are the longer the more of its columns are there
    for (; index < end; ++index) {
      const Task task = task_at(index);
      const int64_t columns = index / p_.row_blocks;
      if (p_.pack_b && columns != held) pack_columns(task);
      held = columns;
      for_each_part(task, [&](const Task& part) {
        if (carries_) return carry(task, part, &before);
        compute(task, part, piece_, nullptr);
        if (!p_.transposed_c || piece_) return finish(part);
        if (!open.continued_by(part)) {
          if (open.rows()) finish(open);
          open = part;
        }
        open.row_end = part.row_end;
      });
    }
    if (open.rows()) finish(open);
    if (before.values) apply(before.begin, before.count, before.values);
  }

  // A piece whose epilogue is still to come.
  struct Waiting {
    int64_t begin = 0, count = 0;
    char* values = nullptr;
  };

  // Computes a part, and the epilogue of the piece before as far as the tiles take it along.
  void carry(const Task& task, const Task& part, Waiting* before) const {
    char* const values = before->values == piece_ ? piece_ + kGemmPiece * item_ : piece_;
    const int64_t done = compute(task, part, values, before->values ? before : nullptr);
    if (done < before->count)
      apply(before->begin + done, before->count - done, before->values + done * item_);
    const bool dense = part.columns() == p_.c_stride;
    *before = dense ? Waiting{c_index(part), part.rows() * part.columns(), values} : Waiting{};
    if (!dense) finish(part, values);
  }

  // All passes of a part of a task. Returns the number of elements of `before` that are done too.
  int64_t compute(const Task& task, const Task& part, char* values, const Waiting* before) const {
    const void* operands[kUpdateOperands];
    if (before) epilogue_->update_operands(before->begin, before->values, operands);
    int64_t done = 0;
    for (int64_t pass = 0; pass < p_.k_blocks; ++pass) {
      GemmBlock g = block_of(part, p_.k_begin(pass), p_.k_begin(pass + 1), values);
      if (p_.pack_b) {
        g.b = packed_columns(task, pass) + (part.column - task.column) * g.k * item_;
        g.b_layout = GemmBLayout::panels;
      }
      if (before && pass == 0) g.update = operands, g.update_elements = before->count;
      done += p_.kernels->block(g);
    }
    return done;
  }

  // The task's columns, pass by pass, as this lane packed them.
  char* packed_columns(const Task& t, int64_t pass) const {
    return packed_b_ + p_.k_begin(pass) * round_up(t.columns(), p_.kernels->lanes) * item_;
  }
  void pack_columns(const Task& t) const {
    for (int64_t pass = 0; pass < p_.k_blocks; ++pass) {
      const int64_t k0 = p_.k_begin(pass);
      p_.kernels->pack_b(p_.k_begin(pass + 1) - k0, t.columns(), column_operand(t.item, t.column, k0),
                         p_.column_stride, p_.columns_along_k, p_.panel_vectors, packed_columns(t, pass));
    }
  }

  // Each part has a result of its own in shared scratch; then the team adds them up.
  void split_k() const {
    int64_t index, end;
    lane_.share(p_.parts * p_.column_blocks * p_.row_blocks, &index, &end);
    for (; index < end; ++index) {
      const int64_t tasks = p_.column_blocks * p_.row_blocks, part = index / tasks;
      const Task t = task_at(index % tasks);
      const int64_t first = p_.part_begin(part), last = p_.part_begin(part + 1);
      for (int64_t k0 = first; k0 < last; k0 += p_.k_block) {
        GemmBlock g = block_of(t, k0, std::min(k0 + p_.k_block, last));
        g.c = part_result(part) + c_index(t) * item_;
        g.c_stride = p_.c_stride;
        g.accumulate = k0 > first;
        p_.kernels->block(g);
      }
    }
    lane_.barrier();
    add_parts();
  }

  // Cut by the caller's rows, so that each lane works on one run of memory. Cut by columns, what a lane
  // writes would be what it reads in the next such product, but its prefetchers would take the other lanes'
  // lines: 10 % slower.
  void add_parts() const {
    const int64_t rows = p_.transposed_c ? p_.n : p_.m, width = p_.transposed_c ? p_.m : p_.n;
    int64_t row, row_end;
    lane_.share(rows, &row, &row_end);
    if (row == row_end) return;
    const int64_t begin = row * width, count = (row_end - row) * width;
    char* const c = c_ + begin * item_;
    p_.add(c, part_result(0) + begin * item_, part_result(1) + begin * item_, nullptr, count, 0);
    for (int64_t part = 2; part < p_.parts; ++part)
      p_.add(c, c, part_result(part) + begin * item_, nullptr, count, 0);
    if (epilogue_) epilogue_->apply(begin, count);
  }
  char* part_result(int64_t part) const { return shared_ + size_t(part) * p_.part_bytes(); }

  void dot() const {
    int64_t index, end, held = -1;  // held: whose B packed_b_ holds
    lane_.share(p_.batch * p_.column_blocks * p_.row_blocks, &index, &end);
    for (; index < end; ++index) {
      const Task t = task_at(index);
      GemmBlock g = block_of(t, 0, p_.k);
      if (p_.pack_a) {
        // Slivers of one row each are rows along k.
        p_.kernels->pack_a(g.m, g.k, g.a, g.a_stride, g.a_layout, 1, packed_a_);
        g.a = packed_a_;
        g.a_stride = p_.k;
      }
      if (p_.pack_b) {
        if (t.item != held) transpose_columns(t.item);
        held = t.item;
        g.b_stride = round_up(p_.k, p_.kernels->lanes);
        g.b = packed_b_ + t.column * g.b_stride * item_;
      }
      p_.kernels->dot(g);
      finish(t);
    }
  }

  // B's columns along k: packing B's transpose, as it lies, into a single panel.
  void transpose_columns(int64_t item) const {
    const int64_t vectors = ceil_div(p_.k, p_.kernels->lanes);
    p_.kernels->pack_b(p_.n, p_.k, column_operand(item, 0, 0), p_.column_stride, true, int(vectors),
                       packed_b_);
  }

  // What of C a team computes strip by strip, and of which part of the inner axis.
  struct Span {
    int64_t row_block, row_block_end, panel, panel_end, k, k_end;
    char* c;
  };

  // B packed strip by strip. A few lanes take rows or columns of their own and pack what they use, which
  // costs each of them all of B or of A; many pack together and share.
  void strips() const {
    if (p_.parts > 1) return split_strips();
    Span own{0, p_.row_blocks, 0, p_.panels(), 0, p_.k, c_};
    if (lane_.count > kOwnStrips) return team_strips(lane_, own, 2, shared_);
    if (p_.strip_rows)
      lane_.share(p_.row_blocks, &own.row_block, &own.row_block_end);
    else
      lane_.share(p_.panels(), &own.panel, &own.panel_end);
    if (own.row_block < own.row_block_end) team_strips(Lane{}, own, 1, own_strip());
  }

  // Parts and their panels in one line: two lanes have a part each.
  void split_strips() const {
    const int64_t panels = p_.panels();
    int64_t index, end;
    lane_.share(p_.parts * panels, &index, &end);
    while (index < end) {
      const int64_t part = index / panels, panel = index % panels;
      const int64_t count = std::min(panels - panel, end - index);
      const Span own{0,
                     p_.row_blocks,
                     panel,
                     panel + count,
                     p_.part_begin(part),
                     p_.part_begin(part + 1),
                     part_result(part)};
      team_strips(Lane{}, own, 1, own_strip());
      index += count;
    }
    lane_.barrier();
    add_parts();
  }
  char* own_strip() const { return shared_ + p_.shared_bytes + size_t(lane_.index) * p_.strip_bytes; }

  // The team packs one (strip, pass) of B while others may still read the one before: hence two buffers in
  // turn.
  void team_strips(const Lane& lane, const Span& s, int buffers, char* buffer) const {
    const int64_t width = p_.panel_width();
    int64_t turn = 0;
    for (int64_t panel = s.panel; panel < s.panel_end; panel += p_.strip_panels) {
      const int64_t last = std::min(s.panel_end, panel + p_.strip_panels);
      for (int64_t k0 = s.k; k0 < s.k_end; k0 += p_.k_block, ++turn) {
        const int64_t k1 = std::min(k0 + p_.k_block, s.k_end), depth = k1 - k0;
        char* const packed = buffer + size_t(turn % buffers) * p_.strip_bytes;
        int64_t begin, end;
        lane.share(last - panel, &begin, &end);
        const int64_t column = p_.column_begin(panel + begin), column_end = p_.column_begin(panel + end);
        if (column < column_end)
          p_.kernels->pack_b(depth, column_end - column, column_operand(0, column, k0), p_.column_stride,
                             p_.columns_along_k, p_.panel_vectors, packed + begin * width * depth * item_);
        lane.barrier();
        compute_strip(lane, s, panel, last, k0, k1, packed);
      }
    }
  }

  void compute_strip(const Lane& lane, const Span& s, int64_t first, int64_t last, int64_t k0, int64_t k1,
                     const char* packed) const {
    const GemmKernels& kernels = *p_.kernels;
    const int64_t count = last - first, column_blocks = lane.count > 1 ? p_.column_blocks : 1;
    int64_t index, end, held = -1;  // held: the row block that packed_a_ holds
    lane.share((s.row_block_end - s.row_block) * column_blocks, &index, &end);
    for (; index < end; ++index) {
      const int64_t row_block = s.row_block + index / column_blocks, column_block = index % column_blocks;
      const int64_t panel = count * column_block / column_blocks;
      const int64_t panel_end = count * (column_block + 1) / column_blocks;
      if (panel == panel_end) continue;
      const Task t = task_of(0, row_block, first + panel, first + panel_end);
      GemmBlock g = block_of(t, k0, k1);
      g.c = s.c + c_index(t) * item_;
      g.accumulate = k0 > s.k;
      if (p_.pack_a) {
        if (held != row_block)
          kernels.pack_a(g.m, g.k, g.a, g.a_stride, g.a_layout, kernels.rows(p_.panel_vectors), packed_a_);
        held = row_block;
        g.a = packed_a_;
        g.a_layout = GemmALayout::slivers;
      }
      g.b = packed + panel * p_.panel_width() * g.k * item_;
      g.b_layout = GemmBLayout::panels;
      kernels.block(g);
      if (k1 == p_.k && p_.parts == 1) finish(t);
    }
  }

  const GemmPlan& p_;
  const Lane& lane_;
  const int64_t item_;
  const char* rows_;
  const char* columns_;
  char* c_;
  char* shared_;
  GemmEpilogue* epilogue_;
  char* piece_;
  bool carries_;  // one piece's epilogue along with the next one
  char* packed_a_;
  char* packed_b_;
  char* tail_;
};

}  // namespace

struct Gemm::Impl : GemmPlan {
  using GemmPlan::GemmPlan;
};

Gemm::Gemm(const GemmShape& shape) : impl_(std::make_unique<Impl>(shape)) {}
Gemm::~Gemm() = default;
Gemm::Gemm(Gemm&&) noexcept = default;

size_t Gemm::scratch_bytes(int threads) const {
  const GemmPlan& p = *impl_;
  return p.shared_bytes + strip_buffers(p, threads) * p.strip_bytes + size_t(threads) * p.lane_bytes();
}

bool Gemm::serial() const {
  return impl_->serial;
}

int64_t Gemm::parts() const {
  const GemmAlgorithm a = impl_->algorithm;
  const bool by_rows = !impl_->swapped && impl_->parts == 1 && !impl_->in_order &&
                       (a == GemmAlgorithm::tasks || a == GemmAlgorithm::strips);
  return by_rows ? impl_->batch * impl_->row_blocks : 0;
}

bool Gemm::hands_over() const {
  return impl_->algorithm == GemmAlgorithm::tasks;
}

const char* Gemm::algorithm() const {
  return impl_->name;
}

void Gemm::run(const Lane& lane, const void* a, const void* b, void* c, void* scratch,
               GemmEpilogue* epilogue) const {
  GemmRun(*impl_, lane, a, b, c, scratch, epilogue).run();
}

}  // namespace axone
