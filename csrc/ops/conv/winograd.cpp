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
// Rows of weights that are transformed at a time.
constexpr int64_t kWeightRows = 64;
// Tiles up to which weights are transformed panel by panel for the one call, if all together they take more
// bytes than a second-level cache holds: 36 / 9 of the weights would pass through memory for little work.
constexpr int64_t kPanelTiles = 128, kManyWeights = 2 << 20;

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
    by_panels_ = tiles_ <= kPanelTiles && kWinogradPlaces * s_.depth * s_.columns * 4 > kManyWeights;
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
    block_columns_ = by_panels_ ? width_ : ceil_div(panels, column_blocks_) * width_;
    column_blocks_ = ceil_div(s_.columns, block_columns_);
    if (epilogue_) epilogue_->follow(blocks_);
    in_planes_ = winograd_planes(own_ ? block_tiles_ : tiles_, s_.depth, lanes);
    out_planes_ =
        winograd_planes(by_panels_ ? tiles_ : block_tiles_, std::min(block_columns_, padded_), lanes);
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
    if (by_panels_) return 0;
    return size_t(kWinogradPlaces * weight_plane() * 4) + size_t(kMostLanes) * turned_bytes();
  }
  void prepare(const Lane& lane, const Operands& io) const override {
    const int64_t chunks = ceil_div(s_.depth, kWeightRows), units = ceil_div(s_.columns, width_) * chunks;
    const int64_t lanes = std::min(lane.count, kMostLanes);
    if (lane.index >= lanes) return;
    char* const turned = static_cast<char*>(io.prepared) + kWinogradPlaces * weight_plane() * 4 +
                         size_t(lane.index) * turned_bytes();
    for (int64_t unit = units * lane.index / lanes; unit < units * (lane.index + 1) / lanes; ++unit) {
      const int64_t column = unit / chunks * width_, k = unit % chunks * kWeightRows;
      transform(io, column, k, panel_of(io, column, k), weight_plane(), turned);
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

  size_t lane_bytes() const {
    if (by_panels_) return lane_region(out_bytes_ + panel_bytes() + turned_bytes());
    return lane_region(own_ ? in_bytes_ + out_bytes_ : out_bytes_);
  }
  size_t own_scratch(int threads) const {
    return (own_ ? 0 : lane_region(in_bytes_)) + size_t(threads) * lane_bytes();
  }
  int64_t weight_plane() const { return s_.depth * padded_ + kernels_.lanes; }
  // Of the places of a panel's chunk of rows.
  int64_t panel_plane() const { return kWeightRows * width_ + kernels_.lanes; }
  size_t panel_bytes() const { return round_up(size_t(kWinogradPlaces * panel_plane() * 4), kPage); }
  WinogradPlanes turned_planes() const { return winograd_planes(width_, kWeightRows, kernels_.lanes); }
  size_t turned_bytes() const {
    return s_.transposed ? round_up(size_t(kWinogradPlaces * turned_planes().plane * 4), kPage) : 0;
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

  // A chunk of rows from k on of the panel at `column`, transformed: its places lie `plane` elements apart.
  // Weights whose rows are the panel's columns are turned on the way, through `turned`.
  void transform(const Operands& io, int64_t column, int64_t k, float* to, int64_t plane,
                 char* turned) const {
    const int64_t rows = std::min(kWeightRows, s_.depth - k), columns = panel_columns(column);
    const int64_t filters = s_.geometry.filters;
    if (!s_.transposed) {
      const WinogradWeights w{rows, columns, s_.depth * filters, filters, false};
      return weights_(w, io.input<float>(1) + k * filters + column, {plane, panel_width(column)}, to);
    }
    const WinogradPlanes planes = turned_planes();
    float* const t = reinterpret_cast<float*>(turned);
    const WinogradWeights w{columns, rows, s_.columns * filters, filters, true};
    weights_(w, io.input<float>(1) + column * filters + k, planes, t);
    for (int64_t p = 0; p < kWinogradPlaces; ++p)
      kernels_.pack_b(rows, columns, t + p * planes.plane, planes.stride, true, panel_vectors_,
                      to + p * plane);
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
    if (by_panels_) return panels(lane, io, v, own, y, epilogue);
    lane.share(blocks_ * column_blocks_, &i, &end);
    for (; i < end; ++i) {
      const int64_t block = i % blocks_, column = i / blocks_ * block_columns_;
      const int64_t tile = tiles_ * block / blocks_, tile_end = tiles_ * (block + 1) / blocks_;
      multiply(io, v + tile * in_planes_.stride, tile, tile_end, column, m, y);
      if (epilogue) epilogue->begin_part(block), refine_columns(tile, tile_end, column, *epilogue);
    }
  }

  // All tiles for one panel after another, whose weights are transformed in between.
  void panels(const Lane& lane, const Operands& io, const float* v, char* own, float* y,
              GemmEpilogue* epilogue) const {
    float *const m = reinterpret_cast<float*>(own), *const w = reinterpret_cast<float*>(own + out_bytes_);
    GemmBlock g{};
    g.m = tiles_;
    g.a_stride = in_planes_.stride, g.a_layout = GemmALayout::rows;
    g.b_layout = GemmBLayout::panels, g.panel_vectors = int8_t(panel_vectors_);
    g.in_order = s_.geometry.samples > 0;
    g.c_stride = out_planes_.stride;
    int64_t i, end;
    lane.share(column_blocks_, &i, &end);
    for (; i < end; ++i) {
      const int64_t column = i * width_;
      g.n = panel_columns(column);
      for (int64_t k = 0; k < s_.depth; k += kWeightRows) {
        transform(io, column, k, w, panel_plane(), own + out_bytes_ + panel_bytes());
        g.k = std::min(kWeightRows, s_.depth - k);
        g.accumulate = k > 0;
        for (int64_t p = 0; p < kWinogradPlaces; ++p) {
          g.a = v + p * in_planes_.plane + k, g.b = w + p * panel_plane(), g.c = m + p * out_planes_.plane;
          kernels_.block(g);
        }
      }
      output_(s_.out, m, out_planes_, 0, tiles_, g.n, y + column);
      for (int64_t block = 0; epilogue && block < blocks_; ++block) {
        epilogue->begin_part(block);
        refine_columns(tiles_ * block / blocks_, tiles_ * (block + 1) / blocks_, column, *epilogue);
      }
    }
  }

  void multiply(const Operands& io, const float* v, int64_t tile, int64_t tile_end, int64_t column, float* m,
                float* y) const {
    GemmBlock g{};
    g.m = tile_end - tile, g.n = std::min(block_columns_, s_.columns - column);
    g.a_stride = in_planes_.stride, g.a_layout = GemmALayout::rows;
    g.b_layout = GemmBLayout::panels, g.panel_vectors = int8_t(panel_vectors_);
    g.in_order = s_.geometry.samples > 0;
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
  bool own_ = false, by_panels_ = false;
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
