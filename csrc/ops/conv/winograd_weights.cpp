// The gradient of the weights by Winograd: the adjoint of the forward convolution in its weights,
// dw = G^T [ sum over the tiles of (B^T d B) * (A dy A^T) ] G.
#include "kernels/map.h"
#include "ops/conv/winograd.h"

namespace axone {

namespace {

// Bytes of a lane's transformed tiles, part of its caches, and tiles of one turn at least: sums of fewer
// would be read and written too often.
constexpr int64_t kPlaneBytes = 1536 * 1024;
constexpr int64_t kTurnTiles = 64;
// Channels and filters of one product.
constexpr int64_t kBlockChannels = 64, kBlockVectors = 4;
// Teams up to this size transform the output's gradient once for each lane: cores without a common cache
// would wait longer for what the others wrote.
constexpr int kOwnPlanes = 2;
// Few weights: so many parts of the tiles have sums of their own, each made by one lane alone.
constexpr int64_t kParts = 8, kPartWeights = 64 * 64, kPartTiles = 128;
constexpr int64_t kPiece = 8192;

class WinogradWeightGrad final : public Instruction {
 public:
  WinogradWeightGrad(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue)
      : g_(g),
        epilogue_(std::move(epilogue)),
        in_(winograd_image(g, g.in[1], g.in[2], g.channels, g.out[1], g.out[2], g.low[1], g.low[2])),
        out_(winograd_image(g, g.out[1], g.out[2], g.filters, g.out[1], g.out[2], 0, 0)) {
    const int64_t lanes = kernels_.lanes;
    tiles_ = winograd_batch(g) * in_.tiles_h * in_.tiles_w;
    channel_blocks_ = 2 * ceil_div(g.channels, 2 * kBlockChannels);
    block_channels_ = ceil_div(g.channels, channel_blocks_);
    channel_blocks_ = ceil_div(g.channels, block_channels_);
    block_filters_ = std::min(ceil_div(g.filters, lanes), kBlockVectors) * lanes;
    filter_blocks_ = ceil_div(g.filters, block_filters_);
    panel_vectors_ = int(std::min<int64_t>(block_filters_ / lanes, 2));
    // Parts take whole runs of tiles.
    runs_ = g.samples ? g.samples : tiles_;
    if (g.channels * g.filters <= kPartWeights && (g.samples || tiles_ >= kParts * kPartTiles))
      parts_ = std::min(kParts, runs_);
    const int64_t tile_bytes = kWinogradPlaces * 4 * (g.channels / (parts_ > 1 ? 1 : 2) + g.filters);
    turn_tiles_ = std::min(tiles_, std::max(kTurnTiles, kPlaneBytes / tile_bytes));
    out_planes_ = winograd_planes(turn_tiles_, g.filters, lanes);
    weight_planes_ = winograd_planes(block_channels_, block_filters_, lanes);
    weight_bytes_ = plane_bytes(weight_planes_);
    tail_bytes_ = round_up(size_t(kernels_.tail_elements(turn_tiles_)) * 4, kPage);
    if (epilogue_) epilogue_->wait();
  }

  void run(const Lane& lane, const Operands& io) const override {
    if (!epilogue_) return all_tiles(lane, io, static_cast<float*>(io.out[0]));
    epilogue_->run(lane, io, 2, static_cast<char*>(io.scratch) + own_scratch(lane.count),
                   [&](void* dw, GemmEpilogue*) { all_tiles(lane, io, static_cast<float*>(dw)); });
  }

  size_t scratch_bytes(int threads) const override {
    return own_scratch(threads) + (epilogue_ ? epilogue_->scratch_bytes(threads) : 0);
  }
  double flops() const override { return g_.flops() / 3; }
  const char* name() const override { return "conv_weight_grad winograd"; }

 private:
  static size_t plane_bytes(const WinogradPlanes& p) {
    return round_up(size_t(kWinogradPlaces * p.plane * 4), kPage);
  }
  bool own_planes(int lanes) const { return lanes <= kOwnPlanes; }
  // Of the channel blocks that one lane transforms, or that the team does.
  WinogradPlanes in_planes(int lanes) const {
    const int64_t blocks = own_planes(lanes) ? ceil_div(channel_blocks_, lanes) : channel_blocks_;
    return winograd_planes(turn_tiles_, blocks * block_channels_, kernels_.lanes);
  }
  size_t planes_bytes(int lanes) const {
    return lane_region(plane_bytes(in_planes(lanes))) + lane_region(plane_bytes(out_planes_));
  }
  // The sums, one region for each block; then each lane's tail and its planes, or the team's.
  size_t sums_bytes() const { return size_t(channel_blocks_ * filter_blocks_) * weight_bytes_; }
  size_t team_scratch(int threads) const {
    size_t planes = 0;
    for (int lanes = 1; lanes <= threads; ++lanes)
      planes = std::max(planes, planes_bytes(lanes) * size_t(own_planes(lanes) ? lanes : 1));
    return lane_region(sums_bytes()) + size_t(threads) * lane_region(tail_bytes_) + planes;
  }

  size_t own_scratch(int threads) const {
    if (parts_ == 1) return team_scratch(threads);
    return size_t(parts_) * part_bytes() + size_t(threads) * lane_region(team_scratch(1));
  }
  int64_t elements() const { return g_.taps() * g_.channels * g_.filters; }
  int64_t part_begin(int64_t part) const { return runs_ * part / parts_ * (tiles_ / runs_); }
  size_t part_bytes() const { return lane_region(size_t(elements()) * 4); }

  void all_tiles(const Lane& lane, const Operands& io, float* dw) const {
    char* const scratch = static_cast<char*>(io.scratch);
    if (parts_ == 1) return compute(lane, io, scratch, 0, tiles_, dw);
    char* const own =
        scratch + size_t(parts_) * part_bytes() + size_t(lane.index) * lane_region(team_scratch(1));
    auto part_at = [&](int64_t p) { return reinterpret_cast<float*>(scratch + size_t(p) * part_bytes()); };
    int64_t begin, end;
    lane.share(parts_, &begin, &end);
    for (int64_t p = begin; p < end; ++p)
      compute(Lane{}, io, own, part_begin(p), part_begin(p + 1), part_at(p));
    lane.barrier();
    lane.share(ceil_div(elements(), kPiece), &begin, &end);
    for (; begin < end; ++begin) {
      const int64_t first = begin * kPiece, count = std::min(kPiece, elements() - first);
      add_(dw + first, part_at(0) + first, part_at(1) + first, nullptr, count, 0);
      for (int64_t p = 2; p < parts_; ++p)
        add_(dw + first, dw + first, part_at(p) + first, nullptr, count, 0);
    }
  }

  void compute(const Lane& lane, const Operands& io, char* scratch, int64_t begin_tile, int64_t end_tile,
               float* dw) const {
    char* const sums = scratch;
    const int64_t count = end_tile - begin_tile, turns = ceil_div(count, turn_tiles_);
    char* const tails = sums + lane_region(sums_bytes());
    const bool own = own_planes(lane.count);
    const WinogradPlanes in_planes = this->in_planes(lane.count);
    char* const planes = tails + size_t(lane.count) * lane_region(tail_bytes_) +
                         (own ? size_t(lane.index) * planes_bytes(lane.count) : 0);
    float* const v = reinterpret_cast<float*>(planes);
    float* const m = reinterpret_cast<float*>(planes + lane_region(plane_bytes(in_planes)));
    char* const tail = tails + size_t(lane.index) * lane_region(tail_bytes_);
    // This lane's tasks: whole blocks of channels where it has planes of its own.
    int64_t task, task_end;
    lane.share(own ? channel_blocks_ : channel_blocks_ * filter_blocks_, &task, &task_end);
    if (own) task *= filter_blocks_, task_end *= filter_blocks_;
    const int64_t first = own ? task / filter_blocks_ * block_channels_ : 0;
    const int64_t last =
        own ? std::min(g_.channels, task_end / filter_blocks_ * block_channels_) : g_.channels;
    for (int64_t turn = 0; turn < turns; ++turn) {
      const int64_t tile = begin_tile + count * turn / turns;
      const int64_t tiles = begin_tile + count * (turn + 1) / turns - tile;
      int64_t i = 0, end = tiles;
      if (!own) lane.share(tiles, &i, &end);
      if (first < last) {
        input_(in_, io.input<float>(0) + first, tile + i, tile + end, last - first, in_planes,
               v + i * in_planes.stride);
        output_(out_, io.input<float>(1), tile + i, tile + end, g_.filters, out_planes_,
                m + i * out_planes_.stride);
      }
      if (!own) lane.barrier();
      for (i = task; i < task_end; ++i)
        multiply(v - first, in_planes, m, tiles, i, turn > 0, tail,
                 reinterpret_cast<float*>(sums + size_t(i) * weight_bytes_));
      if (!own && turn + 1 < turns) lane.barrier();
    }
    for (int64_t i = task; i < task_end; ++i)
      finish(i, reinterpret_cast<const float*>(sums + size_t(i) * weight_bytes_), dw);
  }

  int64_t channel_of(int64_t task) const { return task / filter_blocks_ * block_channels_; }
  int64_t filter_of(int64_t task) const { return task % filter_blocks_ * block_filters_; }
  int64_t channels_of(int64_t task) const {
    return std::min(block_channels_, g_.channels - channel_of(task));
  }
  int64_t filters_of(int64_t task) const { return std::min(block_filters_, g_.filters - filter_of(task)); }

  void multiply(const float* v, const WinogradPlanes& in_planes, const float* m, int64_t tiles, int64_t task,
                bool add, void* tail, float* u) const {
    GemmBlock b{};
    b.m = channels_of(task), b.n = filters_of(task), b.k = tiles;
    b.a_stride = in_planes.stride, b.a_layout = GemmALayout::columns;
    b.b_stride = out_planes_.stride, b.b_layout = GemmBLayout::rows, b.panel_vectors = int8_t(panel_vectors_);
    b.c_stride = weight_planes_.stride;
    b.tail = tail;
    b.accumulate = add;
    b.in_order = g_.samples > 0;
    for (int64_t p = 0; p < kWinogradPlaces; ++p) {
      b.a = v + p * in_planes.plane + channel_of(task);
      b.b = m + p * out_planes_.plane + filter_of(task);
      b.c = u + p * weight_planes_.plane;
      kernels_.block(b);
    }
  }

  void finish(int64_t task, const float* u, float* dw) const {
    const WinogradWeights w{channels_of(task), filters_of(task), g_.channels * g_.filters, g_.filters, false};
    weights_(w, u, weight_planes_, false, dw + channel_of(task) * g_.filters + filter_of(task));
  }

  ConvGeometry g_;
  std::unique_ptr<Epilogue> epilogue_;
  const GemmKernels& kernels_ = kernel_descriptor<GemmKernels>("gemm.kernels", DType::f32);
  WinogradInput input_ = winograd_kernel<WinogradInput>(g_, "input");
  WinogradOutputGrad output_ = winograd_kernel<WinogradOutputGrad>(g_, "output_grad");
  WinogradWeightsGrad weights_ = winograd_kernel<WinogradWeightsGrad>(g_, "weights_grad");
  WinogradImage in_, out_;
  MapFunction add_ = kernel_function<MapFunction>("map.add", DType::f32);
  int64_t tiles_ = 0, runs_ = 1, parts_ = 1, turn_tiles_ = 0;
  int64_t channel_blocks_ = 1, block_channels_ = 1, filter_blocks_ = 1, block_filters_ = 1;
  int panel_vectors_ = 1;
  WinogradPlanes out_planes_{}, weight_planes_{};
  size_t weight_bytes_ = 0, tail_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Instruction> winograd_weight_grad(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue) {
  return std::make_unique<WinogradWeightGrad>(g, std::move(epilogue));
}

}  // namespace axone
