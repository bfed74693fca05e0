#include "ops/reduce_plan.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "base/buffer.h"
#include "base/error.h"
#include "cpu/dispatch.h"
#include "ops/lines.h"

namespace axone {

namespace {

// A block of a contiguous axis: 32 KiB of float32. Enough outer rows are shared as they are.
constexpr int64_t kRowBlock = 8192, kRowsToShare = 64;
// A block of rows whose columns are reduced: about as many elements, and few enough rows to add exactly.
constexpr int64_t kMinBlockRows = 64, kMaxBlockRows = 1024, kMaxBlocks = 1024;
// Fewer columns than this leave a vector mostly empty: rows are then read several at a time as one long row.
constexpr int64_t kFewColumns = 8, kFolded = 16;

template <class T>
T neutral_element(const std::string& op) {
  using Limits = std::numeric_limits<T>;
  if (op == "max") return Limits::has_infinity ? T(-Limits::infinity()) : Limits::lowest();
  if (op == "min") return Limits::has_infinity ? Limits::infinity() : Limits::max();
  return T(op == "prod" || op == "all");
}

}  // namespace

ReducePlan::ReducePlan(const char* op, DType dtype, const Shape& shape, const Axes& axes)
    : dtype_(dtype), item_(int64_t(item_size(dtype))) {
  dispatch(dtype, [&](auto* p) {
    const auto neutral = neutral_element<std::remove_pointer_t<decltype(p)>>(op);
    std::memcpy(neutral_, &neutral, sizeof(neutral));
  });
  const std::string name = std::string("reduce.") + op;
  const std::string combine = std::string("reduce.") + (std::strcmp(op, "sumsq") ? op : "sum");
  combine_rows_ = kernel_function<ReduceRows>((combine + "_rows").c_str(), dtype);
  combine_columns_ = kernel_function<ReduceColumns>((combine + "_columns").c_str(), dtype);
  const auto rows = kernel_function<ReduceRows>((name + "_rows").c_str(), dtype);
  const auto columns = kernel_function<ReduceColumns>((name + "_columns").c_str(), dtype);
  Shape kept = shape;
  for (int64_t a : axes) kept[size_t(a)] = 1;
  results_ = element_count(kept);
  if (element_count(shape) == 0) return;  // no stage: the result, if any, is the neutral element
  add_stages(shape, axes);
  for (Stage& s : stages_) s.rows = combine_rows_, s.columns = combine_columns_;
  stages_.front().rows = rows, stages_.front().columns = columns;
  lay_out_scratch();
}

// Neighbouring axes that are both kept or both reduced are one, but for the samples where columns are summed
// over them and more. The last reduced group goes first: it holds the most.
void ReducePlan::add_stages(const Shape& shape, const Axes& axes) {
  struct Group {
    int64_t size;
    bool reduced, samples;
  };
  const bool columns = !axes.empty() && axes.back() + 1 < int64_t(shape.size());
  std::vector<Group> groups;
  for (size_t i = 0; i < shape.size(); ++i) {
    const bool reduced = std::binary_search(axes.begin(), axes.end(), int64_t(i));
    if (shape[i] == 1) continue;
    if (!groups.empty() && groups.back().reduced == reduced && !groups.back().samples)
      groups.back().size *= shape[i];
    else
      groups.push_back({shape[i], reduced, reduced && columns && i == 0});
  }
  int64_t inner = 1;
  for (size_t g = groups.size(); g-- > 0;) {
    if (!groups[g].reduced) {
      inner *= groups[g].size;
      continue;
    }
    int64_t outer = 1;
    for (size_t i = 0; i < g; ++i) outer *= groups[i].size;
    add_stage(outer, groups[g].size, inner);
  }
  if (stages_.empty()) add_stage(results_, 1, 1);
}

void ReducePlan::add_stage(int64_t outer, int64_t n, int64_t inner, int64_t rest) {
  if (inner > 1 && inner <= kFewColumns && n > kFolded) {
    add_stage(outer, n / kFolded, inner * kFolded, n % kFolded * inner);
    add_stage(outer, kFolded, inner);
    return;
  }
  Stage s{outer, n, inner, rest};
  cut(&s);
  stages_.push_back(s);
}

void ReducePlan::cut(Stage* s) const {
  s->block = s->row_count();
  if (s->inner == 1) {
    if (s->outer < kRowsToShare && s->n > 2 * kRowBlock) s->block = kRowBlock;
  } else {
    const int64_t rows =
        std::max(std::clamp(kRowBlock / s->inner, kMinBlockRows, kMaxBlockRows), ceil_div(s->n, kMaxBlocks));
    if (s->row_count() > rows) s->block = rows;
  }
  s->blocks = ceil_div(s->row_count(), s->block);
}

void ReducePlan::lay_out_scratch() {
  auto take = [this](int64_t elements) {
    const size_t at = scratch_;
    scratch_ += round_up(size_t(elements * item_), kAlignment);
    return at;
  };
  for (size_t i = 0; i < stages_.size(); ++i) {
    Stage& s = stages_[i];
    if (s.blocks > 1) s.partials = take(s.outer * s.blocks * s.inner);
    if (i + 1 < stages_.size()) s.result = take(s.outer * s.inner);
  }
}

void ReducePlan::fill_neutral(char* out, int64_t begin, int64_t end) const {
  dispatch(dtype_, [&](auto* p) {
    using T = std::remove_pointer_t<decltype(p)>;
    T value;
    std::memcpy(&value, neutral_, sizeof(value));
    std::fill(reinterpret_cast<T*>(out) + begin, reinterpret_cast<T*>(out) + end, value);
  });
}

void ReducePlan::reduce_rows(const Stage& s, const Lane& lane, const char* x, char* out) const {
  int64_t begin, end;
  lane.share(s.outer, &begin, &end);
  if (begin < end) s.rows(out + begin * item_, x + begin * s.n * item_, end - begin, s.n, s.n);
}

void ReducePlan::add_columns(const Stage& s, int64_t rows, int64_t rest, int64_t first, int64_t last,
                             const char* x, char* out) const {
  fill_neutral(out, first, last);
  s.columns(out + first * item_, x + first * item_, rows, last - first, s.inner);
  if (rest > first)
    s.columns(out + first * item_, x + (rows * s.inner + first) * item_, 1, std::min(last, rest) - first,
              s.inner);
}

// out[o][c] over the rows of x[o]; the columns are shared in whole cache lines.
void ReducePlan::reduce_columns(const Stage& s, const Lane& lane, const char* x, char* out) const {
  for_each_line_run(lane, s.outer, s.inner, kAlignment / item_, [&](int64_t o, int64_t first, int64_t last) {
    add_columns(s, s.n, s.rest, first, last, x + o * s.length() * item_, out + o * s.inner * item_);
  });
}

void ReducePlan::reduce_blocks(const Stage& s, const Lane& lane, const char* x, char* partials) const {
  int64_t begin, end;
  lane.share(s.outer * s.blocks, &begin, &end);
  for (int64_t task = begin; task < end; ++task) {
    const int64_t o = task / s.blocks, first = task % s.blocks * s.block,
                  rows = std::min(s.block, s.n - first);
    const char* block = x + (o * s.length() + first * s.inner) * item_;
    if (s.inner == 1)
      s.rows(partials + task * item_, block, 1, rows, rows);
    else
      add_columns(s, rows, first + rows == s.n && rows < s.block ? s.rest : 0, 0, s.inner, block,
                  partials + task * s.inner * item_);
  }
}

void ReducePlan::run_stage(const Stage& s, const Lane& lane, const char* x, char* out, char* partials) const {
  if (s.blocks == 1) {
    if (s.inner == 1)
      reduce_rows(s, lane, x, out);
    else
      reduce_columns(s, lane, x, out);
    return;
  }
  reduce_blocks(s, lane, x, partials);
  lane.barrier();
  if (s.inner == 1) {
    int64_t begin, end;
    lane.share(s.outer, &begin, &end);
    if (begin < end)
      combine_rows_(out + begin * item_, partials + begin * s.blocks * item_, end - begin, s.blocks,
                    s.blocks);
  } else {
    Stage joined{s.outer, s.blocks, s.inner};
    joined.columns = combine_columns_;
    reduce_columns(joined, lane, partials, out);
  }
}

void ReducePlan::run(const Lane& lane, const void* x, void* out, void* scratch) const {
  char* room = static_cast<char*>(scratch);
  if (stages_.empty()) {
    int64_t begin, end;
    lane.share(results_, &begin, &end);
    fill_neutral(static_cast<char*>(out), begin, end);
  }
  const char* source = static_cast<const char*>(x);
  for (size_t i = 0; i < stages_.size(); ++i) {
    const Stage& s = stages_[i];
    char* target = i + 1 < stages_.size() ? room + s.result : static_cast<char*>(out);
    if (i > 0) lane.barrier();
    run_stage(s, lane, source, target, room + s.partials);
    source = target;
  }
}

}  // namespace axone
