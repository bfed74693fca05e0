#include "ops/gemm.h"

#include <algorithm>
#include <cstring>

#include "base/buffer.h"
#include "kernels/map.h"
#include "ops/gemm_run.h"

namespace axone {

void GemmRun::run() const {
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

void GemmRun::zero() const {
  int64_t begin, end;
  lane_.share(p_.batch * p_.m, &begin, &end);
  std::memset(c_ + begin * p_.n * item_, 0, size_t((end - begin) * p_.n * item_));
  if (!epilogue_ || p_.n == 0) return;
  if (begin < end) epilogue_->apply(begin * p_.n, (end - begin) * p_.n);
}

void GemmRun::tasks() const {
  int64_t held = -1;  // whose columns packed_b_ holds
  Waiting before;
  Task open{};  // of a transposed C, whose rows are the longer the more of its columns are there
  const auto run = [&](int64_t index) {
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
  };
  const int64_t count = p_.batch * p_.column_blocks * p_.row_blocks;
  int64_t index, end;
  lane_.share(count, &index, &end);
  if (p_.dynamic && !piece_)
    lane_.for_tasks(count, run);
  else
    for (; index < end; ++index) run(index);
  if (open.rows()) finish(open);
  if (before.values) apply(before.begin, before.count, before.values);
}

// Computes a part, and the epilogue of the piece before as far as the tiles take it along.
void GemmRun::carry(const Task& task, const Task& part, Waiting* before) const {
  char* const values = before->values == piece_ ? piece_ + kGemmPiece * item_ : piece_;
  const int64_t done = compute(task, part, values, before->values ? before : nullptr);
  if (done < before->count) apply(before->begin + done, before->count - done, before->values + done * item_);
  const bool dense = part.columns() == p_.c_stride;
  *before = dense ? Waiting{c_index(part), part.rows() * part.columns(), values} : Waiting{};
  if (!dense) finish(part, values);
}

// All passes of a part of a task. Returns the number of elements of `before` that are done too.
int64_t GemmRun::compute(const Task& task, const Task& part, char* values, const Waiting* before) const {
  const void* operands[kUpdateOperands];
  if (before) epilogue_->update_operands(before->begin, before->values, operands);
  int64_t done = 0;
  for (int64_t pass = 0; pass < p_.k_blocks; ++pass) {
    GemmBlock g = block_of(part, p_.k_begin(pass), p_.k_begin(pass + 1), values);
    if (p_.pack_b) {
      g.b = packed_columns(task, pass) + (part.column - task.column) * g.k * item_;
      g.b_layout = GemmBLayout::panels;
    }
    if (before && pass == 0) {
      g.update = operands;
      g.update_elements = before->count;
      g.update_form = epilogue_->update_form();
    }
    done += p_.kernels->block(g);
  }
  return done;
}

void GemmRun::pack_columns(const Task& t) const {
  for (int64_t pass = 0; pass < p_.k_blocks; ++pass) {
    const int64_t k0 = p_.k_begin(pass);
    p_.kernels->pack_b(p_.k_begin(pass + 1) - k0, t.columns(), column_operand(t.item, t.column, k0),
                       p_.column_stride, p_.columns_along_k, p_.panel_vectors, packed_columns(t, pass));
  }
}

// Each part has a result of its own in shared scratch; then the team adds them up.
void GemmRun::split_k() const {
  int64_t index, end;
  lane_.share(p_.parts * p_.column_blocks * p_.row_blocks, &index, &end);
  for (; index < end; ++index) {
    const int64_t tasks = p_.column_blocks * p_.row_blocks, part = index / tasks;
    const Task t = task_at(index % tasks);
    const int64_t first = p_.part_begin(part), last = p_.part_begin(part + 1);
    for (int64_t k0 = first; k0 < last; k0 += p_.k_block) {
      GemmBlock g = block_of(t, k0, std::min(k0 + p_.k_block, last), nullptr);
      g.c = part_result(part) + c_index(t) * item_;
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
void GemmRun::add_parts() const {
  const int64_t rows = p_.transposed_c ? p_.n : p_.m, width = p_.transposed_c ? p_.m : p_.n;
  const int64_t high = std::max<int64_t>(1, kGemmPiece / width), wide = std::min(width, kGemmPiece);
  int64_t row, row_end;
  lane_.share(rows, &row, &row_end);
  for (; row < row_end; row += high)
    for (int64_t column = 0; column < width; column += wide) {
      const int64_t begin = row * width + column, last = std::min(high, row_end - row) - 1;
      const int64_t count = last * width + std::min(wide, width - column);
      char* const sum = piece_ ? piece_ : c_ + begin * item_;
      p_.add(sum, part_result(0) + begin * item_, part_result(1) + begin * item_, nullptr, count, 0);
      for (int64_t part = 2; part < p_.parts; ++part)
        p_.add(sum, sum, part_result(part) + begin * item_, nullptr, count, 0);
      if (epilogue_) apply(begin, count, piece_);
    }
}

void GemmRun::dot() const {
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
    if (addresses_) take_rows(t, task_at(end - 1), &g);
    p_.kernels->dot(g);
    finish(t);
  }
}

// Rows that lie apart, for a task of a dot product; `last`: this lane's.
void GemmRun::take_rows(const Task& task, const Task& last, GemmBlock* block) const {
  (p_.swapped ? block->b_rows : block->a_rows) = addresses_ + (p_.swapped ? task.column : task.row);
  block->rows_behind =
      std::max<int64_t>(0, p_.swapped ? last.column_end - task.column_end : last.row_end - task.row_end);
}

// B's columns along k: packing B's transpose, as it lies, into a single panel.
void GemmRun::transpose_columns(int64_t item) const {
  const int64_t vectors = ceil_div(p_.k, p_.kernels->lanes);
  p_.kernels->pack_b(p_.n, p_.k, column_operand(item, 0, 0), p_.column_stride, true, int(vectors), packed_b_);
}

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
  return impl_->algorithm == GemmAlgorithm::tasks || impl_->parts > 1;
}

int64_t Gemm::rows_apart() const {
  return impl_->rows_apart();
}

const char* Gemm::algorithm() const {
  return impl_->name;
}

void Gemm::run(const Lane& lane, const void* a, const void* b, void* c, void* scratch, GemmEpilogue* epilogue,
               const void* const* a_rows) const {
  GemmRun(*impl_, lane, a, b, c, scratch, epilogue, a_rows).run();
}

}  // namespace axone
