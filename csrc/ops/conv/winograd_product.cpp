#include "ops/conv/winograd_product.h"

namespace axone {

namespace {

// Calls fn(first pixel, pixels) for each run of neighbouring pixels of the tiles.
template <class F>
void for_runs(const WinogradImage& g, int64_t tile, int64_t tile_end, const F& fn) {
  while (tile < tile_end) {
    const int64_t line = tile / g.tiles_w, last = std::min(tile_end, (line + 1) * g.tiles_w);
    const int64_t w = tile % g.tiles_w * g.tile,
                  w_end = std::min(g.width, (last - line * g.tiles_w) * g.tile);
    const int64_t top = line % g.tiles_h * g.tile, n = line / g.tiles_h;
    for (int64_t h = top; h < std::min(g.height, top + g.tile); ++h)
      fn((n * g.height + h) * g.width + w, w_end - w);
    tile = last;
  }
}

}  // namespace

WinogradProduct::WinogradProduct(const WinogradShape& shape, std::unique_ptr<Epilogue> epilogue)
    : s_(shape), epilogue_(std::move(epilogue)), tiles_(s_.tiles()) {
  const int64_t vectors = ceil_div(s_.columns, kernels_.lanes);
  panel_vectors_ =
      int(ceil_div(vectors, ceil_div(vectors, std::max(1, kernels_.accumulators / kernels_.max_rows))));
  width_ = int64_t(panel_vectors_) * kernels_.lanes;
}

void WinogradProduct::run(const Lane& lane, const Operands& io) const {
  if (!epilogue_) return compute(lane, io, static_cast<float*>(io.out[0]), nullptr);
  epilogue_->run(
      lane, io, 2, static_cast<char*>(io.scratch) + own_scratch(lane.count),
      [&](void* y, GemmEpilogue* follower) { compute(lane, io, static_cast<float*>(y), follower); });
}

void WinogradProduct::transform(const Operands& io, int64_t column, int64_t k, int64_t rows, float* to,
                                int64_t plane, char* turned) const {
  const int64_t columns = panel_columns(column), filters = s_.geometry.filters;
  if (!s_.transposed) {
    const WinogradWeights w{rows, columns, s_.depth * filters, filters, false};
    return weights_(w, io.input<float>(1) + k * filters + column, {plane, panel_width(column), true}, to);
  }
  const WinogradPlanes planes = turned_planes();
  float* const t = reinterpret_cast<float*>(turned);
  const WinogradWeights w{columns, rows, s_.columns * filters, filters, true};
  weights_(w, io.input<float>(1) + column * filters + k, planes, t);
  for (int64_t p = 0; p < kWinogradPlaces; ++p)
    kernels_.pack_b(rows, columns, t + p * planes.plane, planes.stride, true, panel_vectors_, to + p * plane);
}

GemmBlock WinogradProduct::product(int64_t a_stride, int64_t c_stride) const {
  GemmBlock g{};
  g.a_stride = a_stride, g.a_layout = GemmALayout::rows;
  g.b_layout = GemmBLayout::panels, g.panel_vectors = int8_t(panel_vectors_);
  g.in_order = s_.geometry.samples > 0;
  g.c_stride = c_stride;
  return g;
}

void WinogradProduct::write(const float* m, const WinogradPlanes& planes, int64_t tile, int64_t tile_end,
                            int64_t column, int64_t columns, const GemmEpilogue* epilogue, float* y) const {
  const ChannelFinish* const all = epilogue ? epilogue->finish() : nullptr;
  ChannelFinish finish{};
  if (all) finish = all->at(column, 4);
  output_(s_.out, m, planes, tile, tile_end, columns, all ? &finish : nullptr, y + column);
}

void WinogradProduct::refine(int64_t part, int64_t tile, int64_t tile_end, int64_t column, int64_t count,
                             GemmEpilogue* epilogue) const {
  if (!epilogue || epilogue->finish()) return;
  epilogue->begin_part(part);
  for_runs(s_.out, tile, tile_end, [&](int64_t pixel, int64_t pixels) {
    if (count == s_.columns) return epilogue->apply(pixel * s_.columns, pixels * s_.columns);
    for (int64_t i = 0; i < pixels; ++i) epilogue->apply((pixel + i) * s_.columns + column, count);
  });
}

}  // namespace axone
