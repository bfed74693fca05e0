#include "ops/packed_product.h"

#include <algorithm>

#include "base/buffer.h"
#include "cpu/dispatch.h"

namespace axone {

namespace {

// Bytes of a panel of weights that a few tiles of rows pass by: a bit more than L1 holds, as L2 keeps up.
constexpr int64_t kPanelBytes = 96 * 1024;

}  // namespace

PackedProduct::PackedProduct(DType dtype, int64_t k, int64_t n, int64_t rows)
    : kernels_(&kernel_descriptor<GemmKernels>("gemm.kernels", dtype)),
      item_(int64_t(item_size(dtype))),
      k_(k),
      n_(n) {
  // Few rows leave registers for wider panels; panels are of even width.
  const int64_t vectors = ceil_div(n, kernels_->lanes);
  const int64_t widest = std::min<int64_t>(
      kernels_->max_vectors,
      std::max<int64_t>(2, kernels_->accumulators / std::min<int64_t>(rows, kernels_->max_rows)));
  panel_vectors_ = int(ceil_div(vectors, ceil_div(vectors, widest)));
  passes_ = std::max<int64_t>(1, k * panel_vectors_ * kernels_->lanes * item_ / kPanelBytes);
}

int64_t PackedProduct::padded_columns() const {
  return ceil_div(n_, kernels_->lanes) * kernels_->lanes;
}

size_t PackedProduct::bytes() const {
  return round_up(size_t(k_ * padded_columns() * item_), kAlignment);
}

void PackedProduct::pack(const Lane& lane, const void* weights, void* packed) const {
  const int64_t width = int64_t(panel_vectors_) * kernels_->lanes;
  int64_t panel, end;
  lane.share(ceil_div(n_, width), &panel, &end);
  const int64_t column = panel * width, columns = std::min(n_, end * width) - column;
  if (columns <= 0) return;
  for (int64_t pass = 0; pass < passes_; ++pass) {
    const int64_t k0 = pass_begin(pass), depth = pass_begin(pass + 1) - k0;
    kernels_->pack_b(depth, columns, static_cast<const char*>(weights) + (k0 * n_ + column) * item_, n_,
                     false, panel_vectors_,
                     static_cast<char*>(packed) + (k0 * padded_columns() + column * depth) * item_);
  }
}

void PackedProduct::run(int64_t m, const void* a, int64_t a_stride, const void* packed, void* c,
                        const ChannelFinish* finish) const {
  GemmBlock g{};
  g.m = m, g.n = n_;
  g.a_stride = a_stride, g.a_layout = GemmALayout::rows;
  g.b_layout = GemmBLayout::panels;
  g.c = c, g.c_stride = n_;
  g.panel_vectors = int8_t(panel_vectors_);
  for (int64_t pass = 0; pass < passes_; ++pass) {
    const int64_t k0 = pass_begin(pass);
    g.k = pass_begin(pass + 1) - k0;
    g.a = static_cast<const char*>(a) + k0 * item_;
    g.b = static_cast<const char*>(packed) + k0 * padded_columns() * item_;
    g.accumulate = pass > 0;
    g.finish = pass + 1 == passes_ ? finish : nullptr;
    kernels_->block(g);
  }
}

}  // namespace axone
