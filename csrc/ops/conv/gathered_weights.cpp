// The gradient of a convolution's weights: gathered rows, transposed, times the output's gradient. Tasks are
// blocks of weights; where these are few, each is cut along the pixels, and the parts are added at the end.
#include <algorithm>
#include <cstring>

#include "kernels/gemm.h"
#include "kernels/map.h"
#include "ops/conv/algorithms.h"

namespace axone {

namespace {

// Pixels gathered at a time, weights' rows and columns of one task: the gathered block, the packed block of
// dy and the task's weights stay in L2 together.
constexpr int64_t kPixels = 192, kDepth = 256, kColumns = 256;
constexpr int64_t kTasks = 16;
constexpr double kSerialFlops = 128 * 1024;
constexpr int64_t kRowGap = 16;

class GatheredWeights final : public Instruction {
 public:
  GatheredWeights(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue)
      : g_(g),
        epilogue_(std::move(epilogue)),
        kernels_(kernel_descriptor<GemmKernels>("gemm.kernels", g.dtype)),
        gather_(kernel_function<ConvGatherRows>("conv.gather", g.dtype)),
        add_(kernel_function<MapFunction>("map.add", g.dtype)),
        item_(int64_t(item_size(g.dtype))) {
    rows_.channels = g.group_channels();
    rows_.sample = g.in_positions() * g.channels;
    for (int i = 2; i >= 0; --i) {
      rows_.size[i] = g.in[i];
      rows_.stride[i] = i == 2 ? g.channels : rows_.stride[i + 1] * g.in[i + 1];
      rows_.out[i] = g.out[i], rows_.step[i] = g.stride[i], rows_.taps[i] = g.kernel[i];
      rows_.dilation[i] = g.dilation[i], rows_.low[i] = g.low[i];
    }
    plan();
    if (epilogue_) epilogue_->wait();
  }

  void run(const Lane& lane, const Operands& io) const override {
    if (!epilogue_) return compute(lane, io, io.out[0]);
    epilogue_->run(lane, io, 2, static_cast<char*>(io.scratch) + own_scratch(lane.count),
                   [&](void* dw, GemmEpilogue*) { compute(lane, io, dw); });
  }

  bool serial() const override { return g_.flops() <= kSerialFlops; }
  size_t scratch_bytes(int threads) const override {
    return own_scratch(threads) + (epilogue_ ? epilogue_->scratch_bytes(threads) : 0);
  }
  double flops() const override { return g_.flops(); }
  const char* name() const override { return "conv_weight_grad gathered"; }

 private:
  void plan() {
    pixels_ = g_.batch * g_.out_positions();
    depth_ = g_.taps() * g_.group_channels();
    elements_ = depth_ * g_.filters;
    const int64_t lanes = kernels_.lanes, vectors = ceil_div(std::max<int64_t>(g_.group_filters(), 1), lanes);
    panel_vectors_ =
        int(ceil_div(vectors, ceil_div(vectors, std::max(1, kernels_.accumulators / kernels_.max_rows))));
    const int64_t width = panel_vectors_ * lanes;
    column_blocks_ = std::max<int64_t>(1, ceil_div(g_.group_filters(), kColumns));
    block_columns_ = ceil_div(ceil_div(g_.group_filters(), column_blocks_), width) * width;
    depth_blocks_ = std::max<int64_t>(1, ceil_div(depth_, kDepth));
    const int64_t blocks = g_.groups * column_blocks_ * depth_blocks_;
    // A number of parts that makes the tasks come out even; each takes whole runs of pixels.
    runs_ = g_.samples ? g_.samples : pixels_;
    const int64_t most = g_.samples ? g_.samples : pixels_ / (2 * kPixels);
    parts_ = std::clamp<int64_t>(ceil_div(kTasks, blocks), 1, std::max<int64_t>(1, most));
    tasks_ = blocks * parts_;
    row_stride_ = ceil_div(ceil_div(depth_, depth_blocks_), kRowGap) * kRowGap + kRowGap;
    rows_bytes_ = round_up(size_t((kPixels * row_stride_ + lanes) * item_), kAlignment);
    packed_bytes_ = round_up(size_t(kPixels * block_columns_ * item_), kAlignment);
    part_bytes_ = parts_ > 1 ? lane_region(size_t(elements_ * item_)) : 0;
  }

  int64_t part_begin(int64_t part) const { return runs_ ? runs_ * part / parts_ * (pixels_ / runs_) : 0; }
  size_t lane_bytes() const { return lane_region(rows_bytes_ + packed_bytes_); }
  size_t own_scratch(int threads) const {
    return size_t(parts_) * part_bytes_ + size_t(threads) * lane_bytes();
  }

  void compute(const Lane& lane, const Operands& io, void* out) const {
    char* const scratch = static_cast<char*>(io.scratch);
    char* const own = scratch + size_t(parts_) * part_bytes_ + size_t(lane.index) * lane_bytes();
    int64_t task, end;
    lane.share(tasks_, &task, &end);
    for (; task < end; ++task) {
      // Lanes take whole parts: so each gathers its own pixels.
      const int64_t blocks = tasks_ / parts_, part = task / blocks, block = task % blocks;
      const int64_t group = block / (column_blocks_ * depth_blocks_);
      const int64_t depth_block = block / column_blocks_ % depth_blocks_,
                    column_block = block % column_blocks_;
      void* const to = parts_ > 1 ? scratch + size_t(part) * part_bytes_ : out;
      multiply(group, depth_block, column_block, part, io, static_cast<char*>(to), own);
    }
    if (parts_ > 1) add_parts(lane, scratch, out);
  }

  void multiply(int64_t group, int64_t depth_block, int64_t column_block, int64_t part, const Operands& io,
                char* to, char* own) const {
    const int64_t k0 = depth_ * depth_block / depth_blocks_, k1 = depth_ * (depth_block + 1) / depth_blocks_;
    const int64_t from = column_block * block_columns_;
    const int64_t columns = std::min(block_columns_, g_.group_filters() - from);
    if (k0 == k1 || columns <= 0) return;
    const int64_t first = part_begin(part), last = part_begin(part + 1);
    const char* const x = static_cast<const char*>(io.in[0]) + group * g_.group_channels() * item_;
    const char* const dy = static_cast<const char*>(io.in[1]) + (group * g_.group_filters() + from) * item_;
    GemmBlock b{};
    b.m = k1 - k0, b.n = columns;
    b.a = own, b.a_stride = row_stride_, b.a_layout = GemmALayout::columns;
    b.b = own + rows_bytes_, b.b_layout = GemmBLayout::panels, b.panel_vectors = int8_t(panel_vectors_);
    b.c = to + (k0 * g_.filters + group * g_.group_filters() + from) * item_;
    b.c_stride = g_.filters;
    b.in_order = g_.samples > 0;
    const int64_t steps = ceil_div(last - first, kPixels);
    for (int64_t i = 0; i < steps; ++i) {
      const int64_t r0 = first + (last - first) * i / steps, r1 = first + (last - first) * (i + 1) / steps;
      gather_(rows_, x, r0, r1, k0, k1, own, row_stride_);
      kernels_.pack_b(r1 - r0, columns, dy + r0 * g_.filters * item_, g_.filters, false, panel_vectors_,
                      own + rows_bytes_);
      b.k = r1 - r0;
      b.accumulate = i > 0;
      kernels_.block(b);
    }
    if (steps == 0)
      for (int64_t k = 0; k < b.m; ++k)
        std::memset(static_cast<char*>(b.c) + k * b.c_stride * item_, 0, size_t(columns * item_));
  }

  // In the order of the parts, each element on one lane.
  void add_parts(const Lane& lane, void* scratch, void* out) const {
    lane.barrier();
    int64_t begin, end;
    lane.share(elements_, &begin, &end);
    if (begin == end) return;
    char* const to = static_cast<char*>(out) + begin * item_;
    auto part = [&](int64_t p) {
      return static_cast<char*>(scratch) + size_t(p) * part_bytes_ + begin * item_;
    };
    for (int64_t p = 1; p < parts_; ++p) {
      add_(to, p == 1 ? part(0) : to, part(p), nullptr, end - begin, 0);
    }
  }

  ConvGeometry g_;
  std::unique_ptr<Epilogue> epilogue_;
  const GemmKernels& kernels_;
  ConvGatherRows gather_;
  MapFunction add_;
  int64_t item_;
  ConvGather rows_;
  int panel_vectors_ = 1;
  int64_t pixels_ = 0, runs_ = 0, depth_ = 0, elements_ = 0, row_stride_ = 0;
  int64_t column_blocks_ = 1, block_columns_ = 1, depth_blocks_ = 1, parts_ = 1, tasks_ = 1;
  size_t rows_bytes_ = 0, packed_bytes_ = 0, part_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Instruction> gathered_weight_grad(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue) {
  return std::make_unique<GatheredWeights>(g, std::move(epilogue));
}

}  // namespace axone
