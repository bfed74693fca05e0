// Products that read B from packed strips.
#include "ops/gemm_run.h"

namespace axone {

// B packed strip by strip. A few lanes take rows or columns of their own and pack what they use, which
// costs each of them all of B or of A; many pack together and share.
// Lanes share vectors: of panels, which are few, one would have more than another.
void GemmRun::strips() const {
  if (p_.parts > 1) return split_strips();
  Span own{0, p_.row_blocks, 0, p_.n, 0, p_.k, c_};
  if (lane_.count > kOwnStrips) return team_strips(lane_, own, 2, shared_);
  if (p_.strip_rows) {
    lane_.share(p_.row_blocks, &own.row_block, &own.row_block_end);
  } else {
    int64_t first, last;
    lane_.share(vectors(), &first, &last);
    own.column = column_of(first), own.column_end = column_of(last);
  }
  if (own.row_block < own.row_block_end) team_strips(Lane{}, own, 1, own_strip());
}

// Parts and their columns in one line: two lanes have a part each.
void GemmRun::split_strips() const {
  int64_t index, end;
  lane_.share(p_.parts * vectors(), &index, &end);
  while (index < end) {
    const int64_t part = index / vectors(), first = index % vectors();
    const int64_t count = std::min(vectors() - first, end - index);
    const Span own{0,
                   p_.row_blocks,
                   column_of(first),
                   column_of(first + count),
                   p_.part_begin(part),
                   p_.part_begin(part + 1),
                   part_result(part)};
    team_strips(Lane{}, own, 1, own_strip());
    index += count;
  }
  lane_.barrier();
  add_parts();
}

// The team packs one (strip, pass) of B while others may still read the one before: hence two buffers in
// turn.
void GemmRun::team_strips(const Lane& lane, const Span& s, int buffers, char* buffer) const {
  const int64_t width = p_.panel_width(), most = p_.strip_panels * width;
  int64_t turn = 0;
  for (int64_t first = s.column; first < s.column_end; first += most) {
    const int64_t last = std::min(s.column_end, first + most);
    for (int64_t k0 = s.k; k0 < s.k_end; k0 += p_.k_block, ++turn) {
      const int64_t k1 = std::min(k0 + p_.k_block, s.k_end), depth = k1 - k0;
      char* const packed = buffer + size_t(turn % buffers) * p_.strip_bytes;
      int64_t begin, end;
      lane.share(ceil_div(last - first, width), &begin, &end);
      const int64_t column = first + begin * width, column_end = std::min(last, first + end * width);
      if (lane.count > 1 && column < column_end)
        p_.kernels->pack_b(depth, column_end - column, column_operand(0, column, k0), p_.column_stride,
                           p_.columns_along_k, p_.panel_vectors, packed + begin * width * depth * item_);
      lane.barrier();
      compute_strip(lane, s, first, last, k0, k1, packed);
    }
  }
}

// Columns [first, last).
void GemmRun::compute_strip(const Lane& lane, const Span& s, int64_t first, int64_t last, int64_t k0,
                            int64_t k1, char* packed) const {
  const GemmKernels& kernels = *p_.kernels;
  const int64_t width = p_.panel_width(), count = ceil_div(last - first, width);
  const int64_t column_blocks = lane.count > 1 ? p_.column_blocks : 1;
  int64_t index, end, held = -1;  // held: the row block that packed_a_ holds
  lane.share((s.row_block_end - s.row_block) * column_blocks, &index, &end);
  for (; index < end; ++index) {
    const int64_t row_block = s.row_block + index / column_blocks, column_block = index % column_blocks;
    const int64_t panel = count * column_block / column_blocks;
    const int64_t panel_end = count * (column_block + 1) / column_blocks;
    if (panel == panel_end) continue;
    const Task t = task_of(0, row_block, first + panel * width, std::min(last, first + panel_end * width));
    GemmBlock g = block_of(t, k0, k1, nullptr);
    g.c = s.c + c_index(t) * item_;
    g.accumulate = k0 > s.k;
    // Which columns are a narrow panel's depends on the lanes; how they are added up must not.
    g.c_last = !g.in_order;
    g.in_order = true;
    if (p_.pack_a) {
      if (held != row_block)
        kernels.pack_a(g.m, g.k, g.a, g.a_stride, g.a_layout, kernels.rows(p_.panel_vectors), packed_a_);
      held = row_block;
      g.a = packed_a_;
      g.a_layout = GemmALayout::slivers;
    }
    char* const panels = packed + panel * width * g.k * item_;
    const GemmUnpacked unpacked = {g.b, p_.column_stride, p_.columns_along_k, panels};
    // A lane by itself packs while it multiplies its first rows.
    if (lane.count == 1 && row_block == s.row_block) g.unpacked = &unpacked;
    g.b = panels;
    g.b_layout = GemmBLayout::panels;
    g.panels_behind = packed + panel_end % count * width * g.k * item_;
    kernels.block(g);
    if (k1 == p_.k && p_.parts == 1) finish(t);
  }
}

}  // namespace axone
