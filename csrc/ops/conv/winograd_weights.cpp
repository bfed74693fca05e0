// The gradient of 3 x 3 weights by Winograd: the adjoint of the forward convolution in its weights,
// dw = G^T [ sum over the tiles of (B^T d B) * (A dy A^T) ] G.
#include "ops/conv/winograd.h"

namespace axone {

namespace {

// Bytes of transformed tiles that the team writes before it multiplies them: part of the last-level cache.
constexpr int64_t kPlaneBytes = 12 * 1024 * 1024;
constexpr int64_t kPiece = 8192;

class WinogradWeightGrad final : public Instruction {
 public:
  WinogradWeightGrad(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue)
      : g_(g),
        epilogue_(std::move(epilogue)),
        in_(winograd_image(g.in[1], g.in[2], g.channels, g.out[1], g.out[2], g.low[1], g.low[2])),
        out_(winograd_image(g.out[1], g.out[2], g.filters, g.out[1], g.out[2], 0, 0)) {
    const int64_t lanes = kernels_.lanes;
    tiles_ = winograd_batch(g) * in_.tiles_h * in_.tiles_w;
    const int64_t most = std::max<int64_t>(1, kPlaneBytes / (kWinogradPlaces * 4 * (g.channels + g.filters)));
    turns_ = ceil_div(tiles_, most);
    turn_tiles_ = ceil_div(tiles_, turns_);
    block_channels_ = std::min<int64_t>(g.channels, g.channels >= 256 ? 48 : 24);
    block_filters_ = std::min<int64_t>(ceil_div(g.filters, lanes), g.filters >= 8 * lanes ? 4 : 2) * lanes;
    panel_vectors_ = int(std::min<int64_t>(block_filters_ / lanes, 2));
    in_planes_ = winograd_planes(turn_tiles_, g.channels, lanes);
    out_planes_ = winograd_planes(turn_tiles_, g.filters, lanes);
    weight_planes_ = winograd_planes(block_channels_, block_filters_, lanes);
    in_bytes_ = plane_bytes(in_planes_), out_bytes_ = plane_bytes(out_planes_);
    weight_bytes_ = plane_bytes(weight_planes_);
    tail_bytes_ = round_up(size_t(kernels_.tail_elements(turn_tiles_)) * 4, kPage);
  }

  void run(const Lane& lane, const Operands& io) const override {
    if (!epilogue_) return compute(lane, io, static_cast<float*>(io.out[0]));
    Epilogue::Bound bound(*epilogue_, io, 2, static_cast<char*>(io.scratch) + own_scratch(lane.count),
                          lane.index);
    compute(lane, io, static_cast<float*>(bound.raw()));
    lane.barrier();
    const int64_t elements = 9 * g_.channels * g_.filters;
    int64_t begin, end;
    lane.share(ceil_div(elements, kPiece), &begin, &end);
    for (; begin < end; ++begin) bound.apply(begin * kPiece, std::min(kPiece, elements - begin * kPiece));
  }

  size_t scratch_bytes(int threads) const override {
    return own_scratch(threads) + (epilogue_ ? epilogue_->scratch_bytes(threads) : 0);
  }
  double flops() const override { return g_.flops() / 4; }
  const char* name() const override { return "conv_weight_grad winograd"; }

 private:
  static size_t plane_bytes(const WinogradPlanes& p) {
    return round_up(size_t(kWinogradPlaces * p.plane * 4), kPage);
  }
  size_t lane_bytes() const { return lane_region(weight_bytes_ + tail_bytes_); }
  size_t own_scratch(int threads) const {
    return lane_region(in_bytes_) + lane_region(out_bytes_) + size_t(threads) * lane_bytes();
  }

  void compute(const Lane& lane, const Operands& io, float* dw) const {
    char* const scratch = static_cast<char*>(io.scratch);
    float* const v = reinterpret_cast<float*>(scratch);
    float* const m = reinterpret_cast<float*>(scratch + lane_region(in_bytes_));
    char* const own =
        scratch + lane_region(in_bytes_) + lane_region(out_bytes_) + size_t(lane.index) * lane_bytes();
    const int64_t channel_blocks = ceil_div(g_.channels, block_channels_);
    for (int64_t turn = 0; turn < turns_; ++turn) {
      const int64_t tile = tiles_ * turn / turns_, tiles = tiles_ * (turn + 1) / turns_ - tile;
      int64_t i, end;
      lane.share(tiles, &i, &end);
      input_(in_, io.input<float>(0), tile + i, tile + end, g_.channels, in_planes_,
             v + i * in_planes_.stride);
      output_(out_, io.input<float>(1), tile + i, tile + end, g_.filters, out_planes_,
              m + i * out_planes_.stride);
      lane.barrier();
      lane.share(channel_blocks * ceil_div(g_.filters, block_filters_), &i, &end);
      for (; i < end; ++i)
        multiply(v, m, tiles, i % channel_blocks * block_channels_, i / channel_blocks * block_filters_,
                 turn > 0, own, dw);
      if (turn + 1 < turns_) lane.barrier();
    }
  }

  void multiply(const float* v, const float* m, int64_t tiles, int64_t channel, int64_t filter, bool add,
                char* own, float* dw) const {
    float* const u = reinterpret_cast<float*>(own);
    GemmBlock b{};
    b.m = std::min(block_channels_, g_.channels - channel),
    b.n = std::min(block_filters_, g_.filters - filter);
    b.k = tiles;
    b.a_stride = in_planes_.stride, b.a_layout = GemmALayout::columns;
    b.b_stride = out_planes_.stride, b.b_layout = GemmBLayout::rows, b.panel_vectors = int8_t(panel_vectors_);
    b.c_stride = weight_planes_.stride;
    b.tail = own + weight_bytes_;
    for (int64_t p = 0; p < kWinogradPlaces; ++p) {
      b.a = v + p * in_planes_.plane + channel;
      b.b = m + p * out_planes_.plane + filter;
      b.c = u + p * weight_planes_.plane;
      kernels_.block(b);
    }
    const WinogradWeights w{b.m, b.n, g_.channels * g_.filters, g_.filters, false};
    weights_(w, u, weight_planes_, add, dw + channel * g_.filters + filter);
  }

  ConvGeometry g_;
  std::unique_ptr<Epilogue> epilogue_;
  const GemmKernels& kernels_ = kernel_descriptor<GemmKernels>("gemm.kernels", DType::f32);
  WinogradInput input_ = kernel_function<WinogradInput>("winograd.input", DType::f32);
  WinogradOutputGrad output_ = kernel_function<WinogradOutputGrad>("winograd.output_grad", DType::f32);
  WinogradWeightsGrad weights_ = kernel_function<WinogradWeightsGrad>("winograd.weights_grad", DType::f32);
  WinogradImage in_, out_;
  int64_t tiles_ = 0, turns_ = 1, turn_tiles_ = 0;
  int64_t block_channels_ = 1, block_filters_ = 1;
  int panel_vectors_ = 1;
  WinogradPlanes in_planes_{}, out_planes_{}, weight_planes_{};
  size_t in_bytes_ = 0, out_bytes_ = 0, weight_bytes_ = 0, tail_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Instruction> winograd_weight_grad(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue) {
  return std::make_unique<WinogradWeightGrad>(g, std::move(epilogue));
}

}  // namespace axone
