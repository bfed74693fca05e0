#include "ops/attention/plan.h"

#include <algorithm>

#include "base/buffer.h"

namespace axone {

AttentionShape::AttentionShape(const OpCall& c, size_t mask_position)
    : dtype(c.in(0).dtype),
      batch(c.in(0).shape[0]),
      targets(c.in(0).shape[1]),
      sources(c.in(1).shape[1]),
      heads(c.in(0).shape[2]),
      key_heads(c.in(1).shape[2]),
      size(c.in(0).shape[3]),
      value_size(c.in(2).shape[3]),
      item(int64_t(item_size(dtype))),
      scale(c.attrs.get<double>("scale")),
      causal(c.attrs.get<bool>("causal", false)),
      masked(c.attrs.get<bool>("mask", false)) {
  if (!masked) return;
  const Shape& mask = c.in(mask_position).shape;
  int64_t stride = 1;
  for (size_t axis = 4; axis-- > 0;) {
    mask_strides[axis] = mask[axis] == 1 ? 0 : stride;
    stride *= mask[axis];
  }
}

AttentionBlocks::AttentionBlocks(const AttentionShape& shape, bool gradient)
    : s_(shape), gemm_(&kernel_descriptor<GemmKernels>("gemm.kernels", shape.dtype)), gradient_(gradient) {
  const int64_t columns = int64_t(round_up(size_t(s_.sources), size_t(gemm_->lanes)));
  packed_keys_ = round_up(size_t(columns * s_.size * s_.item), kAlignment);
  packed_values_ = gradient ? round_up(size_t(columns * s_.value_size * s_.item), kAlignment) : 0;
}

namespace {

constexpr int64_t kTile = AttentionBlocks::kTargets * AttentionBlocks::kSources;

}  // namespace

size_t AttentionBlocks::lane_bytes() const {
  const int64_t deepest = std::max({s_.size, s_.value_size, kSources});
  const int64_t elements = (gradient_ ? 2 : 1) * kTile + kTargets * s_.value_size + 2 * kTargets +
                           gemm_->tail_elements(deepest) + 5 * int64_t(kAlignment);
  return lane_region(packed_keys_ + packed_values_ + size_t(elements * s_.item));
}

AttentionBlocks::Scratch AttentionBlocks::scratch(void* base, int lane) const {
  char* p = static_cast<char*>(base) + size_t(lane) * lane_bytes();
  auto take = [&](size_t bytes) {
    char* const start = p;
    p += round_up(bytes, kAlignment);
    return start;
  };
  Scratch s;
  s.keys = take(packed_keys_);
  s.values = take(packed_values_);
  s.scores = take(size_t(kTile * s_.item));
  s.grads = gradient_ ? take(size_t(kTile * s_.item)) : nullptr;
  s.out = take(size_t(kTargets * s_.value_size * s_.item));
  s.most = take(size_t(kTargets * s_.item));
  s.sum = take(size_t(kTargets * s_.item));
  s.tail = p;
  return s;
}

void AttentionBlocks::pack(const char* rows, int64_t stride, int64_t size, int64_t count,
                           char* packed) const {
  gemm_->pack_b(size, count, rows, stride, true, panel_vectors_, packed);
}

void AttentionBlocks::scores(char* tile, int64_t rows, int64_t columns, const char* left, int64_t stride,
                             int64_t size, const char* packed, int64_t column, const Scratch& scratch) const {
  GemmBlock g{};
  g.m = rows, g.n = columns, g.k = size;
  g.a = left;
  g.a_stride = stride;
  g.b = packed + column * size * s_.item;
  g.c = tile;
  g.c_stride = kSources;
  g.tail = scratch.tail;
  g.a_layout = GemmALayout::rows;
  g.b_layout = GemmBLayout::panels;
  g.in_order = true;
  g.panel_vectors = int8_t(panel_vectors_);
  gemm_->block(g);
}

void AttentionBlocks::multiply(GemmALayout layout, int64_t m, int64_t k, char* out, int64_t out_stride,
                               const char* tile, const char* right, int64_t stride, int64_t size,
                               bool accumulate, const Scratch& scratch) const {
  GemmBlock g{};
  g.m = m, g.n = size, g.k = k;
  g.a = tile;
  g.a_stride = kSources;
  g.b = right;
  g.b_stride = stride;
  g.c = out;
  g.c_stride = out_stride;
  g.tail = scratch.tail;
  g.a_layout = layout;
  g.b_layout = GemmBLayout::rows;
  g.accumulate = accumulate;
  g.in_order = true;
  g.panel_vectors = int8_t(panel_vectors_);
  gemm_->block(g);
}

void AttentionBlocks::apply(char* out, int64_t out_stride, const char* tile, int64_t rows, int64_t columns,
                            const char* right, int64_t stride, int64_t size, bool accumulate,
                            const Scratch& scratch) const {
  multiply(GemmALayout::rows, rows, columns, out, out_stride, tile, right, stride, size, accumulate, scratch);
}

void AttentionBlocks::apply_transposed(char* out, int64_t out_stride, const char* tile, int64_t rows,
                                       int64_t columns, const char* right, int64_t stride, int64_t size,
                                       const Scratch& scratch) const {
  multiply(GemmALayout::columns, columns, rows, out, out_stride, tile, right, stride, size, true, scratch);
}

AttentionTile AttentionBlocks::tile(const Operands& io, size_t mask_position, int64_t batch, int64_t head,
                                    int64_t target, int64_t rows, int64_t source, int64_t columns,
                                    const Scratch& scratch) const {
  AttentionTile t{};
  t.rows = rows, t.columns = columns;
  t.scores = scratch.scores;
  t.stride = kSources;
  t.scale = s_.scale;
  t.past = s_.causal ? target - source + 1 : INT64_MAX / 2;
  if (s_.masked) {
    const int64_t* m = s_.mask_strides;
    t.mask = static_cast<const uint8_t*>(io.in[mask_position]) + batch * m[0] + head * m[1] + target * m[2] +
             source * m[3];
    t.mask_row = m[2], t.mask_column = m[3];
  }
  return t;
}

}  // namespace axone
