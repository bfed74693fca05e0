// 3 x 3 convolution of stride 1 by Winograd's F(4, 3): a quarter of the multiplications. The gradient of the
// input is the same on the output's gradient, with rotated kernels. Here: each lane transforms blocks of
// tiles, multiplies them and transforms them back; the transformed weights are kept from call to call.
#include "ops/conv/winograd_product.h"

namespace axone {

namespace {

// Tiles that a lane transforms and multiplies at a time: the planes of one block stay in its share of the
// caches, and each panel of weights is read once for all of them.
constexpr int64_t kTiles = 32;
// Blocks that few tiles are cut into, as long as that leaves them enough rows for a product's tallest tile.
constexpr int64_t kBlocks = 16, kFewestTiles = 12;
// Blocks come in multiples of this, so that teams of two or four share them out evenly.
constexpr int64_t kTeam = 4;
// Bytes of the products' planes, which are written and read at once: part of L2.
constexpr int64_t kProductBytes = 704 * 1024;
// Channels summed up at a time: sums of sums lose half as many bits of 512 channels as one long sum does.
constexpr int64_t kPass = 128;

class WinogradBlocks final : public WinogradProduct {
 public:
  WinogradBlocks(const WinogradShape& shape, std::unique_ptr<Epilogue> epilogue)
      : WinogradProduct(shape, std::move(epilogue)) {
    const int64_t blocks = std::max(ceil_div(tiles_, kTiles), std::min(kBlocks, tiles_ / kFewestTiles));
    blocks_ = std::min(tiles_, ceil_div(blocks, kTeam) * kTeam);
    const int64_t block_tiles = ceil_div(tiles_, blocks_);
    padded_ = ceil_div(s_.columns, kernels_.lanes) * kernels_.lanes;
    const int64_t most = std::max<int64_t>(1, kProductBytes / (kWinogradPlaces * block_tiles * width_ * 4));
    block_columns_ = ceil_div(panels(), ceil_div(panels(), most)) * width_;
    if (epilogue_) epilogue_->follow(blocks_), epilogue_->leave_finish(s_.columns);
    in_planes_ = winograd_planes(block_tiles, s_.depth, kernels_.lanes);
    out_planes_ = winograd_planes(block_tiles, std::min(block_columns_, padded_), kernels_.lanes);
  }

  // Panels of transformed weights, place after place.
  size_t prepared_bytes() const override {
    return size_t(kWinogradPlaces * weight_plane() * 4) + size_t(kMostLanes) * turned_bytes();
  }
  void prepare(const Lane& lane, const Operands& io) const override {
    const int64_t chunks = ceil_div(s_.depth, kWeightRows), units = panels() * chunks;
    const int64_t lanes = std::min(lane.count, kMostLanes);
    if (lane.index >= lanes) return;
    char* const turned = static_cast<char*>(io.prepared) + kWinogradPlaces * weight_plane() * 4 +
                         size_t(lane.index) * turned_bytes();
    for (int64_t unit = units * lane.index / lanes; unit < units * (lane.index + 1) / lanes; ++unit) {
      const int64_t column = unit / chunks * width_, k = unit % chunks * kWeightRows;
      transform(io, column, k, std::min(kWeightRows, s_.depth - k), panel_of(io, column, k), weight_plane(),
                turned);
    }
  }

 private:
  // Lanes that transform weights: each needs room to transpose them.
  static constexpr int kMostLanes = 8;

  size_t lane_bytes() const { return lane_region(plane_bytes(in_planes_) + plane_bytes(out_planes_)); }
  size_t own_scratch(int threads) const override { return size_t(threads) * lane_bytes(); }
  int64_t weight_plane() const { return s_.depth * padded_ + kernels_.lanes; }

  // Row k of the panel that begins at `column`; panels lie pass by pass.
  float* panel_of(const Operands& io, int64_t column, int64_t k) const {
    const int64_t first = k / kPass * kPass, depth = std::min(kPass, s_.depth - first);
    return static_cast<float*>(io.prepared) + first * padded_ + column * depth +
           (k - first) * panel_width(column);
  }

  void compute(const Lane& lane, const Operands& io, float* y, GemmEpilogue* epilogue) const override {
    char* const own = static_cast<char*>(io.scratch) + size_t(lane.index) * lane_bytes();
    float *const v = reinterpret_cast<float*>(own), *const m = reinterpret_cast<float*>(
                                                        own + plane_bytes(in_planes_));
    int64_t block, end;
    lane.share(blocks_, &block, &end);
    for (; block < end; ++block) {
      const int64_t tile = tiles_ * block / blocks_, tile_end = tiles_ * (block + 1) / blocks_;
      input_(s_.in, io.input<float>(0), tile, tile_end, s_.depth, in_planes_, v);
      for (int64_t column = 0; column < s_.columns; column += block_columns_)
        multiply(io, v, tile, tile_end, column, m, epilogue, y);
      refine(block, tile, tile_end, 0, s_.columns, epilogue);
    }
  }

  void multiply(const Operands& io, const float* v, int64_t tile, int64_t tile_end, int64_t column, float* m,
                const GemmEpilogue* epilogue, float* y) const {
    GemmBlock g = product(in_planes_.stride, out_planes_.stride);
    g.m = tile_end - tile, g.n = std::min(block_columns_, s_.columns - column);
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
    write(m, out_planes_, tile, tile_end, column, g.n, epilogue, y);
  }

  int64_t blocks_, block_columns_;
  int64_t padded_;  // all columns in whole vectors
  WinogradPlanes in_planes_{}, out_planes_{};
};

std::unique_ptr<Instruction> winograd(const WinogradShape& s, std::unique_ptr<Epilogue> epilogue) {
  if (winograd_by_panels(s)) return winograd_panels(s, std::move(epilogue));
  return std::make_unique<WinogradBlocks>(s, std::move(epilogue));
}

}  // namespace

std::unique_ptr<Instruction> winograd_forward(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue) {
  return winograd({g, winograd_image(g, g.in[1], g.in[2], g.channels, g.out[1], g.out[2], g.low[1], g.low[2]),
                   winograd_image(g, g.out[1], g.out[2], g.filters, g.out[1], g.out[2], 0, 0),
                   winograd_batch(g), g.channels, g.filters, false},
                  std::move(epilogue));
}

std::unique_ptr<Instruction> winograd_input_grad(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue) {
  return winograd({g,
                   winograd_image(g, g.out[1], g.out[2], g.filters, g.in[1], g.in[2],
                                  g.kernel[1] - 1 - g.low[1], g.kernel[1] - 1 - g.low[2]),
                   winograd_image(g, g.in[1], g.in[2], g.channels, g.in[1], g.in[2], 0, 0), winograd_batch(g),
                   g.filters, g.channels, true},
                  std::move(epilogue));
}

}  // namespace axone
