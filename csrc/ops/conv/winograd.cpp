// 3 x 3 convolution of stride 1 by Winograd's F(4, 3): a quarter of the multiplications. The gradient of the
// input is the same on the output's gradient, with rotated kernels.
#include "ops/conv/winograd.h"

namespace axone {

namespace {

// Tiles that a lane transforms and multiplies at a time: the planes of one block stay in its share of the
// caches, and each panel of weights is read once for all of them.
constexpr int64_t kTiles = 48;
// Bytes of the products' planes, which are written and read at once: part of L2.
constexpr int64_t kProductBytes = 384 * 1024;
// Blocks of tiles from which each lane works by itself; fewer are shared out by columns too.
constexpr int64_t kOwnBlocks = 8;
// Channels summed up at a time: sums of sums lose half as many bits of 512 channels as one long sum does.
constexpr int64_t kPass = 128;
// Rows of weights that are transformed at a time before they are transposed into panels.
constexpr int64_t kWeightColumns = 64;

struct WinogradShape {
  ConvGeometry geometry;  // of the forward convolution
  WinogradImage in, out;  // the pixels read and written; equal tiles
  int64_t batch;
  int64_t depth, columns;  // channels read and written
  bool transposed;         // the columns are w's channels, the taps in reverse order
};

class WinogradProduct final : public Instruction {
 public:
  WinogradProduct(const WinogradShape& shape, std::unique_ptr<Epilogue> epilogue)
      : s_(shape), epilogue_(std::move(epilogue)) {
    tiles_ = s_.batch * s_.in.tiles_h * s_.in.tiles_w;
    blocks_ = ceil_div(tiles_, kTiles);
    own_ = blocks_ >= kOwnBlocks;
    block_tiles_ = ceil_div(tiles_, blocks_);
    const int64_t lanes = kernels_.lanes, vectors = ceil_div(s_.columns, lanes);
    panel_vectors_ =
        int(ceil_div(vectors, ceil_div(vectors, std::max(1, kernels_.accumulators / kernels_.max_rows))));
    width_ = panel_vectors_ * lanes;
    padded_ = ceil_div(s_.columns, lanes) * lanes;
    const int64_t panels = ceil_div(s_.columns, width_);
    // Few blocks leave lanes without work: cut the columns too.
    const int64_t most = std::max<int64_t>(1, kProductBytes / (kWinogradPlaces * block_tiles_ * width_ * 4));
    column_blocks_ = std::max(ceil_div(panels, most), own_ ? 1 : std::min(panels, ceil_div(16, blocks_)));
    block_columns_ = ceil_div(panels, column_blocks_) * width_;
    column_blocks_ = ceil_div(s_.columns, block_columns_);
    if (epilogue_) epilogue_->follow(blocks_);
    in_planes_ = winograd_planes(own_ ? block_tiles_ : tiles_, s_.depth, lanes);
    out_planes_ = winograd_planes(block_tiles_, std::min(block_columns_, padded_), lanes);
    in_bytes_ = round_up(size_t(kWinogradPlaces * in_planes_.plane * 4), kPage);
    out_bytes_ = round_up(size_t(kWinogradPlaces * out_planes_.plane * 4), kPage);
  }

  void run(const Lane& lane, const Operands& io) const override {
    if (!epilogue_) return compute(lane, io, static_cast<float*>(io.out[0]), nullptr);
    epilogue_->run(
        lane, io, 2, static_cast<char*>(io.scratch) + own_scratch(lane.count),
        [&](void* y, GemmEpilogue* follower) { compute(lane, io, static_cast<float*>(y), follower); });
  }

  // Panels of transformed weights, place after place.
  size_t prepared_bytes() const override {
    return size_t(kWinogradPlaces * weight_plane() * 4) +
           size_t(s_.transposed ? kMostLanes * turned_bytes() : 0);
  }
  void prepare(const Lane& lane, const Operands& io) const override {
    const int64_t chunks = ceil_div(s_.depth, kWeightColumns), units = ceil_div(s_.columns, width_) * chunks;
    const int64_t lanes = std::min(lane.count, kMostLanes);
    if (lane.index >= lanes) return;
    for (int64_t unit = units * lane.index / lanes; unit < units * (lane.index + 1) / lanes; ++unit) {
      const int64_t k = unit % chunks * kWeightColumns, count = std::min(kWeightColumns, s_.depth - k);
      if (s_.transposed)
        pack_transposed(lane, unit / chunks * width_, k, count, io);
      else
        pack(unit / chunks * width_, k, count, io);
    }
  }

  size_t scratch_bytes(int threads) const override {
    return own_scratch(threads) + (epilogue_ ? epilogue_->scratch_bytes(threads) : 0);
  }
  double flops() const override { return s_.geometry.flops() / 3; }
  const char* name() const override { return s_.transposed ? "conv_input_grad winograd" : "conv winograd"; }

 private:
  // Lanes that transform weights: each needs room to transpose them.
  static constexpr int kMostLanes = 8;

  size_t lane_bytes() const { return lane_region(own_ ? in_bytes_ + out_bytes_ : out_bytes_); }
  size_t own_scratch(int threads) const {
    return (own_ ? 0 : lane_region(in_bytes_)) + size_t(threads) * lane_bytes();
  }
  int64_t weight_plane() const { return s_.depth * padded_ + kernels_.lanes; }
  int64_t turned_bytes() const {
    return int64_t(round_up(
        size_t(kWinogradPlaces * winograd_planes(width_, kWeightColumns, kernels_.lanes).plane * 4), kPage));
  }

  // Row k of the panel that begins at `column`; panels lie pass by pass.
  float* panel_of(const Operands& io, int64_t column, int64_t k) const {
    const int64_t first = k / kPass * kPass, depth = std::min(kPass, s_.depth - first);
    return static_cast<float*>(io.prepared) + first * padded_ + column * depth +
           (k - first) * panel_width(column);
  }
  int64_t panel_columns(int64_t column) const { return std::min(width_, s_.columns - column); }
  int64_t panel_width(int64_t column) const {
    return ceil_div(panel_columns(column), kernels_.lanes) * kernels_.lanes;
  }

  // Rows [k, k + count) of the panel at `column`, straight into place.
  void pack(int64_t column, int64_t k, int64_t count, const Operands& io) const {
    const int64_t width = panel_width(column);
    const WinogradWeights w{count, panel_columns(column), s_.depth * s_.geometry.filters, s_.geometry.filters,
                            false};
    weights_(w, io.input<float>(1) + k * s_.geometry.filters + column, {weight_plane(), width},
             panel_of(io, column, k));
  }

  // The same from weights whose rows are the panel's columns.
  void pack_transposed(const Lane& lane, int64_t column, int64_t k, int64_t count, const Operands& io) const {
    const WinogradPlanes planes = winograd_planes(width_, kWeightColumns, kernels_.lanes);
    float* const turned = reinterpret_cast<float*>(
        static_cast<char*>(io.prepared) + kWinogradPlaces * weight_plane() * 4 + lane.index * turned_bytes());
    const WinogradWeights w{panel_columns(column), count, s_.columns * s_.geometry.filters,
                            s_.geometry.filters, true};
    weights_(w, io.input<float>(1) + column * s_.geometry.filters + k, planes, turned);
    for (int64_t p = 0; p < kWinogradPlaces; ++p)
      kernels_.pack_b(count, panel_columns(column), turned + p * planes.plane, planes.stride, true,
                      panel_vectors_, panel_of(io, column, k) + p * weight_plane());
  }

  void compute(const Lane& lane, const Operands& io, float* y, GemmEpilogue* epilogue) const {
    char* const scratch = static_cast<char*>(io.scratch);
    char* const own = scratch + (own_ ? 0 : lane_region(in_bytes_)) + size_t(lane.index) * lane_bytes();
    float* const m = reinterpret_cast<float*>(own_ ? own + in_bytes_ : own);
    int64_t i, end;
    if (own_) {
      float* const v = reinterpret_cast<float*>(own);
      lane.share(blocks_, &i, &end);
      for (; i < end; ++i) {
        const int64_t tile = tiles_ * i / blocks_, tile_end = tiles_ * (i + 1) / blocks_;
        input_(s_.in, io.input<float>(0), tile, tile_end, s_.depth, in_planes_, v);
        for (int64_t column = 0; column < s_.columns; column += block_columns_)
          multiply(io, v, tile, tile_end, column, m, y);
        if (epilogue) epilogue->begin_part(i), refine(tile, tile_end, *epilogue);
      }
      return;
    }
    float* const v = reinterpret_cast<float*>(scratch);
    lane.share(tiles_, &i, &end);
    input_(s_.in, io.input<float>(0), i, end, s_.depth, in_planes_, v + i * in_planes_.stride);
    lane.barrier();
    lane.share(blocks_ * column_blocks_, &i, &end);
    for (; i < end; ++i) {
      const int64_t block = i % blocks_, column = i / blocks_ * block_columns_;
      const int64_t tile = tiles_ * block / blocks_, tile_end = tiles_ * (block + 1) / blocks_;
      multiply(io, v + tile * in_planes_.stride, tile, tile_end, column, m, y);
      if (epilogue) epilogue->begin_part(block), refine_columns(tile, tile_end, column, *epilogue);
    }
  }

  void multiply(const Operands& io, const float* v, int64_t tile, int64_t tile_end, int64_t column, float* m,
                float* y) const {
    GemmBlock g{};
    g.m = tile_end - tile, g.n = std::min(block_columns_, s_.columns - column);
    g.a_stride = in_planes_.stride, g.a_layout = GemmALayout::rows;
    g.b_layout = GemmBLayout::panels, g.panel_vectors = int8_t(panel_vectors_);
    g.c_stride = out_planes_.stride;
    for (int64_t p = 0; p < kWinogradPlaces; ++p) {
      g.c = m + p * out_planes_.plane;
      for (int64_t k = 0; k < s_.depth; k += kPass) {
        g.a = v + p * in_planes_.plane + k;
        g.b = panel_of(io, column, k) + p * weight_plane();
        g.k = std::min(kPass, s_.depth - k);
        g.accumulate = k > 0;
        kernels_.block(g);
      }
    }
    output_(s_.out, m, out_planes_, tile, tile_end, g.n, y + column);
  }

  // Calls fn(first pixel, pixels) for each run of neighbouring pixels of the tiles.
  template <class F>
  void for_runs(int64_t tile, int64_t tile_end, const F& fn) const {
    while (tile < tile_end) {
      const int64_t line = tile / s_.out.tiles_w, last = std::min(tile_end, (line + 1) * s_.out.tiles_w);
      const int64_t w = tile % s_.out.tiles_w * s_.out.tile;
      const int64_t w_end = std::min(s_.out.width, (last - line * s_.out.tiles_w) * s_.out.tile);
      const int64_t top = line % s_.out.tiles_h * s_.out.tile, n = line / s_.out.tiles_h;
      for (int64_t h = top; h < std::min(s_.out.height, top + s_.out.tile); ++h)
        fn((n * s_.out.height + h) * s_.out.width + w, w_end - w);
      tile = last;
    }
  }
  void refine(int64_t tile, int64_t tile_end, GemmEpilogue& epilogue) const {
    for_runs(tile, tile_end,
             [&](int64_t pixel, int64_t count) { epilogue.apply(pixel * s_.columns, count * s_.columns); });
  }
  void refine_columns(int64_t tile, int64_t tile_end, int64_t column, GemmEpilogue& epilogue) const {
    if (column_blocks_ == 1) return refine(tile, tile_end, epilogue);
    const int64_t count = std::min(block_columns_, s_.columns - column);
    for_runs(tile, tile_end, [&](int64_t pixel, int64_t pixels) {
      for (int64_t i = 0; i < pixels; ++i) epilogue.apply((pixel + i) * s_.columns + column, count);
    });
  }

  WinogradShape s_;
  std::unique_ptr<Epilogue> epilogue_;
  const GemmKernels& kernels_ = kernel_descriptor<GemmKernels>("gemm.kernels", DType::f32);
  WinogradInput input_ = winograd_kernel<WinogradInput>(s_.geometry, "input");
  WinogradOutput output_ = winograd_kernel<WinogradOutput>(s_.geometry, "output");
  WinogradWeightsFunction weights_ = winograd_kernel<WinogradWeightsFunction>(s_.geometry, "weights");
  int64_t tiles_ = 0, blocks_ = 1, block_tiles_ = 0;
  bool own_ = false;
  int panel_vectors_ = 1;
  int64_t width_ = 1, padded_ = 0;  // of a panel, of all columns
  int64_t column_blocks_ = 1, block_columns_ = 1;
  WinogradPlanes in_planes_{}, out_planes_{};
  size_t in_bytes_ = 0, out_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Instruction> winograd_forward(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue) {
  return std::make_unique<WinogradProduct>(
      WinogradShape{g,
                    winograd_image(g, g.in[1], g.in[2], g.channels, g.out[1], g.out[2], g.low[1], g.low[2]),
                    winograd_image(g, g.out[1], g.out[2], g.filters, g.out[1], g.out[2], 0, 0),
                    winograd_batch(g), g.channels, g.filters, false},
      std::move(epilogue));
}

std::unique_ptr<Instruction> winograd_input_grad(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue) {
  return std::make_unique<WinogradProduct>(
      WinogradShape{g,
                    winograd_image(g, g.out[1], g.out[2], g.filters, g.in[1], g.in[2],
                                   g.kernel[1] - 1 - g.low[1], g.kernel[1] - 1 - g.low[2]),
                    winograd_image(g, g.in[1], g.in[2], g.channels, g.in[1], g.in[2], 0, 0),
                    winograd_batch(g), g.filters, g.channels, true},
      std::move(epilogue));
}

}  // namespace axone
