// Convolution as a matrix product whose left operand is never stored: each lane gathers a block of rows and
// multiplies it with packed weights. The gradient of the input is the same product on the output's gradient;
// with strides it falls into phases, each with the taps that meet it.
#include <algorithm>
#include <cstring>

#include "kernels/gemm.h"
#include "ops/conv/algorithms.h"

namespace axone {

namespace {

// Bytes of gathered rows that stay in a lane's L2, and of a panel of weights that many rows pass by.
constexpr int64_t kRowsBytes = 384 * 1024;
constexpr int64_t kPanelBytes = 48 * 1024;
// Tasks that the cut aims at, and multiply-adds below which a task is not cut again.
constexpr int64_t kTasks = 16;
constexpr int64_t kTaskWork = 256 * 1024;
constexpr double kSerialFlops = 128 * 1024;
// What gathering an element costs, in weights read.
constexpr int64_t kGatherCost = 3;
// Elements between the gathered rows beyond their length: rows a power of two apart share few sets of L1.
constexpr int64_t kRowGap = 16;

// Output positions that share their taps, and where they lie.
struct Phase {
  ConvGather gather;
  int64_t rows = 0, depth = 0;
  std::vector<int64_t> taps;  // of the weights, in the order of the columns
  int64_t first = 0;          // element of the output at which row 0 begins
  int64_t step[3];            // elements of the output from one position to the next
  int64_t sample = 0;
  int64_t tile = 1;  // rows of the product's tile: blocks hold whole ones
  int64_t row_blocks = 1;
  int64_t packed = 0;  // element at which its packed weights begin

  int64_t row_begin(int64_t block) const {
    return std::min(rows, ceil_div(rows, tile) * block / row_blocks * tile);
  }
  // In some unit: columns of the product, and about two for writing the result.
  int64_t block_work() const { return (depth + 2) * rows / row_blocks + 1; }
  int64_t most_rows() const { return std::min(rows, ceil_div(ceil_div(rows, tile), row_blocks) * tile); }
};

// What both products share, in the orientation of the product.
struct ProductShape {
  DType dtype;
  int64_t groups;
  int64_t columns;      // of the result, in one group
  int64_t group_depth;  // channels of one group read at each tap
  int64_t tap_stride;   // elements of the weights from one tap to the next
  int64_t filters;      // elements of the weights from one channel to the next
  bool transposed;      // the result's columns are the weights' channels
  bool dense;           // rows follow each other in the output
  bool in_order;        // ConvGeometry::samples
  double flops;
  std::vector<Phase> phases;
};

class GatheredProduct final : public Instruction {
 public:
  GatheredProduct(ProductShape shape, std::unique_ptr<Epilogue> epilogue)
      : s_(std::move(shape)),
        epilogue_(std::move(epilogue)),
        kernels_(kernel_descriptor<GemmKernels>("gemm.kernels", s_.dtype)),
        gather_(kernel_function<ConvGatherRows>("conv.gather", s_.dtype)),
        item_(int64_t(item_size(s_.dtype))) {
    plan();
  }

  void run(const Lane& lane, const Operands& io) const override {
    char* const scratch = static_cast<char*>(io.scratch);
    if (!epilogue_) return compute(lane, io, io.out[0], nullptr);
    epilogue_->run(lane, io, 2, scratch + own_scratch(lane.count),
                   [&](void* y, GemmEpilogue* follower) { compute(lane, io, y, follower); });
  }

  // The weights' panels: by phase, group and pass.
  size_t prepared_bytes() const override { return size_t(packed_elements_ * item_); }
  void prepare(const Lane& lane, const Operands& io) const override {
    const int64_t panels = ceil_div(s_.columns, width_);
    int64_t begin, end, work = 0, depth = 0;
    for (const Phase& phase : s_.phases) depth += phase.depth;
    lane.share(depth * s_.groups * panels, &begin, &end);
    for (const Phase& phase : s_.phases)
      for (int64_t unit = 0; unit < s_.groups * panels; ++unit, work += phase.depth)
        if (work >= begin && work < end) pack(phase, unit / panels, unit % panels, io);
  }

  bool serial() const override { return s_.flops <= kSerialFlops; }
  size_t scratch_bytes(int threads) const override {
    return own_scratch(threads) + (epilogue_ ? epilogue_->scratch_bytes(threads) : 0);
  }
  double flops() const override { return s_.flops; }
  const char* name() const override { return s_.transposed ? "conv_input_grad gathered" : "conv gathered"; }

 private:
  void plan() {
    int64_t rows = 0, depth = 0;
    for (const Phase& p : s_.phases) {
      rows = std::max(rows, p.rows);
      depth = std::max(depth, p.depth);
    }
    // Panels of even width, as wide as the tile takes with all its rows.
    const int64_t lanes = kernels_.lanes, vectors = ceil_div(std::max<int64_t>(s_.columns, 1), lanes);
    const int64_t widest = std::max<int64_t>(1, kernels_.accumulators / kernels_.max_rows);
    panel_vectors_ =
        int(ceil_div(vectors, ceil_div(vectors, std::max<int64_t>(widest, rows < 4 ? 4 : widest))));
    width_ = panel_vectors_ * lanes;
    const int64_t passes = std::max<int64_t>(1, ceil_div(depth * width_ * item_, kPanelBytes));
    pass_ = std::max<int64_t>(1, ceil_div(depth, passes));
    row_stride_ = ceil_div(pass_, kRowGap) * kRowGap + kRowGap;
    cut();
    if (epilogue_ && !s_.dense) epilogue_->wait();
    if (epilogue_ && s_.dense && epilogue_->follow(s_.phases[0].row_blocks) && depth > 0)
      epilogue_->leave_finish(s_.columns * s_.groups);
    const int64_t padded = ceil_div(s_.columns, lanes) * lanes;
    for (Phase& p : s_.phases) {
      p.packed = packed_elements_;
      packed_elements_ += s_.groups * p.depth * padded;
      most_rows_ = std::max(most_rows_, p.most_rows());
      work_ += p.row_blocks * column_blocks_ * p.block_work();
    }
    rows_bytes_ = round_up(size_t((most_rows_ * row_stride_ + lanes) * item_), kAlignment);
    tail_bytes_ = s_.dense ? 0 : round_up(size_t(most_rows_ * s_.columns * item_), kAlignment);
  }

  void cut() {
    const int64_t tile = kernels_.rows(panel_vectors_), panels = ceil_div(s_.columns, width_);
    const int64_t most = std::max<int64_t>(1, kRowsBytes / (row_stride_ * item_) / tile) * tile;
    int64_t tasks = 0;  // not those of phases that no tap meets
    for (Phase& p : s_.phases) {
      p.tile = tile;
      p.row_blocks = std::max<int64_t>(1, ceil_div(p.rows, most));
      if (p.depth) tasks += p.row_blocks;
    }
    while (tasks * column_blocks_ < kTasks) {
      Phase& p = *std::max_element(s_.phases.begin(), s_.phases.end(), [](const Phase& a, const Phase& b) {
        return a.rows * a.depth / a.row_blocks < b.rows * b.depth / b.row_blocks;
      });
      const int64_t rows = p.rows / p.row_blocks, columns = s_.columns / column_blocks_;
      const bool big = rows * p.depth * columns * s_.groups >= 2 * kTaskWork;
      const bool by_rows = big && rows >= 8 * tile;
      const bool by_columns = big && s_.groups == 1 && panels >= 2 * column_blocks_;
      if (!by_rows && !by_columns) break;
      // Another block of rows reads all weights once more, one of columns gathers all rows once more.
      if (by_rows && (!by_columns || p.row_blocks * s_.columns <= kGatherCost * column_blocks_ * p.rows)) {
        tasks += p.row_blocks;
        p.row_blocks *= 2;
      } else {
        column_blocks_ *= 2;
      }
    }
  }

  size_t lane_bytes() const { return lane_region(rows_bytes_ + tail_bytes_); }
  size_t own_scratch(int threads) const { return size_t(threads) * lane_bytes(); }

  // One panel of one group, pass after pass.
  void pack(const Phase& phase, int64_t group, int64_t panel, const Operands& io) const {
    const int64_t first = panel * width_, n = std::min(width_, s_.columns - first);
    const int64_t padded = ceil_div(n, kernels_.lanes) * kernels_.lanes;
    for (int64_t k0 = 0; k0 < phase.depth; k0 += pass_) {
      const int64_t k1 = std::min(phase.depth, k0 + pass_);
      char* to = panel_of(phase, group, k0, first, io.prepared);
      // The taps that the pass meets, each a piece of a matrix of its own.
      for (int64_t k = k0; k < k1;) {
        const int64_t tap = k / s_.group_depth, c = k % s_.group_depth;
        const int64_t count = std::min(k1 - k, s_.group_depth - c);
        const int64_t from = phase.taps[size_t(tap)] * s_.tap_stride +
                             (s_.transposed ? first * s_.filters + group * s_.group_depth + c
                                            : c * s_.filters + group * s_.columns + first);
        kernels_.pack_b(count, n, static_cast<const char*>(io.in[1]) + from * item_, s_.filters,
                        s_.transposed, panel_vectors_, to);
        to += count * padded * item_;
        k += count;
      }
    }
  }

  char* panel_of(const Phase& phase, int64_t group, int64_t k0, int64_t column, void* prepared) const {
    const int64_t padded = ceil_div(s_.columns, kernels_.lanes) * kernels_.lanes;
    const int64_t depth = std::min(pass_, phase.depth - k0);
    return static_cast<char*>(prepared) +
           (phase.packed + (group * phase.depth + k0) * padded + column * depth) * item_;
  }

  void compute(const Lane& lane, const Operands& io, void* c, GemmEpilogue* epilogue) const {
    char* const own = static_cast<char*>(io.scratch) + size_t(lane.index) * lane_bytes();
    int64_t begin, end, work = 0;
    lane.share(work_, &begin, &end);
    // A block belongs to the lane in whose share of the work it begins; those of the same rows follow each
    // other and gather them once.
    for (const Phase& phase : s_.phases)
      for (int64_t row_block = 0; row_block < phase.row_blocks; ++row_block) {
        int64_t first = column_blocks_, last = 0;
        for (int64_t block = 0; block < column_blocks_; ++block, work += phase.block_work())
          if (work >= begin && work < end) first = std::min(first, block), last = block + 1;
        if (first < last)
          compute_blocks(phase, row_block, first, last, io, static_cast<char*>(c), own, epilogue);
      }
  }

  // Column blocks [first, last) of a block of rows.
  void compute_blocks(const Phase& phase, int64_t row_block, int64_t first, int64_t last, const Operands& io,
                      char* c, char* own, GemmEpilogue* epilogue) const {
    const int64_t panels = ceil_div(s_.columns, width_);
    const int64_t from = panels * first / column_blocks_ * width_;
    const int64_t to = std::min(s_.columns, panels * last / column_blocks_ * width_);
    const int64_t row = phase.row_begin(row_block), row_end = phase.row_begin(row_block + 1);
    if (row == row_end || from >= to) return;
    for (int64_t group = 0; group < s_.groups; ++group)
      multiply(phase, group, row, row_end, from, to, io, c, own, epilogue ? epilogue->finish() : nullptr);
    if (epilogue && !epilogue->finish())
      epilogue->begin_part(row_block), refine(row, row_end, from, to, *epilogue);
  }

  void multiply(const Phase& phase, int64_t group, int64_t row, int64_t row_end, int64_t from, int64_t to,
                const Operands& io, char* c, char* own, const ChannelFinish* finish) const {
    const int64_t all = s_.columns * s_.groups;
    char* const rows = own;
    char* const tail = own + rows_bytes_;
    GemmBlock g{};
    g.m = row_end - row, g.n = to - from;
    g.a = rows, g.a_stride = row_stride_, g.a_layout = GemmALayout::rows;
    g.b_layout = GemmBLayout::panels, g.panel_vectors = int8_t(panel_vectors_);
    g.in_order = s_.in_order;
    g.c = s_.dense ? c + (row * all + group * s_.columns + from) * item_ : tail;
    g.c_stride = s_.dense ? all : g.n;
    const char* const x = static_cast<const char*>(io.in[0]) + group * s_.group_depth * item_;
    ChannelFinish own_finish{};
    if (finish) own_finish = finish->at(group * s_.columns + from, item_);
    for (int64_t k0 = 0; k0 < phase.depth; k0 += pass_) {
      const int64_t k1 = std::min(phase.depth, k0 + pass_);
      gather_(phase.gather, x, row, row_end, k0, k1, rows, row_stride_);
      g.k = k1 - k0;
      g.b = panel_of(phase, group, k0, from, io.prepared);
      g.panels_behind = panel_of(phase, group, k1 < phase.depth ? k1 : 0, from, io.prepared);
      g.accumulate = k0 > 0;
      g.finish = finish && k1 == phase.depth ? &own_finish : nullptr;
      kernels_.block(g);
    }
    if (phase.depth == 0) zero(g);
    if (!s_.dense) scatter(phase, row, row_end, tail, g.n, c + (group * s_.columns + from) * item_);
  }

  void zero(const GemmBlock& g) const {
    for (int64_t i = 0; i < g.m; ++i)
      std::memset(static_cast<char*>(g.c) + i * g.c_stride * item_, 0, size_t(g.n * item_));
  }

  // `n` columns of rows to the pixels of their phase.
  void scatter(const Phase& p, int64_t row, int64_t row_end, const char* rows, int64_t n, char* c) const {
    const ConvGather& g = p.gather;
    for (; row < row_end; ++row, rows += n * item_) {
      const int64_t w = row % g.out[2], h = row / g.out[2] % g.out[1];
      const int64_t d = row / (g.out[2] * g.out[1]) % g.out[0], sample = row / g.positions();
      const int64_t at = p.first + sample * p.sample + d * p.step[0] + h * p.step[1] + w * p.step[2];
      std::memcpy(c + at * item_, rows, size_t(n * item_));
    }
  }

  void refine(int64_t row, int64_t row_end, int64_t from, int64_t to, GemmEpilogue& epilogue) const {
    const int64_t all = s_.columns * s_.groups;
    if (column_blocks_ == 1) return epilogue.apply(row * all, (row_end - row) * all);
    for (; row < row_end; ++row) epilogue.apply(row * all + from, to - from);
  }

  ProductShape s_;
  std::unique_ptr<Epilogue> epilogue_;
  const GemmKernels& kernels_;
  ConvGatherRows gather_;
  int64_t item_;
  int panel_vectors_ = 1;
  int64_t width_ = 1;       // columns of a panel
  int64_t pass_ = 1;        // depth of one pass over a block of rows
  int64_t row_stride_ = 1;  // of the gathered rows
  int64_t column_blocks_ = 1, work_ = 0, most_rows_ = 0, packed_elements_ = 0;
  size_t rows_bytes_ = 0, tail_bytes_ = 0;
};

// Axis i of the phase whose input positions are `phase`, phase + stride, ...: dy's positions that it reads.
// A tap t meets input position i at output position (i + low - t dilation) / stride, where that is whole.
struct PhaseAxis {
  int64_t positions = 0;      // of the input
  std::vector<int64_t> taps;  // those that meet it, last one first: so dy is read forwards
  int64_t dilation = 1, low = 0;

  PhaseAxis(const ConvGeometry& g, int axis, int64_t phase) {
    const int64_t s = g.stride[axis], l = g.dilation[axis];
    positions = ceil_div(g.in[axis] - phase, s);
    for (int64_t t = g.kernel[axis] - 1; t >= 0; --t)
      if ((phase + g.low[axis] - t * l) % s == 0) taps.push_back(t);
    if (taps.empty()) return;
    if (taps.size() > 1) dilation = (taps[0] - taps[1]) * l / s;
    low = -((phase + g.low[axis] - taps[0] * l) / s);
  }
};

}  // namespace

std::unique_ptr<Instruction> gathered_forward(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue) {
  Phase p;
  p.gather.channels = g.group_channels();
  p.gather.sample = g.in_positions() * g.channels;
  for (int i = 2; i >= 0; --i) {
    p.gather.size[i] = g.in[i];
    p.gather.stride[i] = i == 2 ? g.channels : p.gather.stride[i + 1] * g.in[i + 1];
    p.gather.out[i] = g.out[i], p.gather.step[i] = g.stride[i], p.gather.taps[i] = g.kernel[i];
    p.gather.dilation[i] = g.dilation[i], p.gather.low[i] = g.low[i];
  }
  p.rows = g.batch * g.out_positions();
  p.depth = p.gather.columns();
  for (int64_t t = 0; t < g.taps(); ++t) p.taps.push_back(t);
  return std::make_unique<GatheredProduct>(ProductShape{g.dtype,
                                                        g.groups,
                                                        g.group_filters(),
                                                        g.group_channels(),
                                                        g.group_channels() * g.filters,
                                                        g.filters,
                                                        false,
                                                        true,
                                                        g.samples > 0,
                                                        g.flops(),
                                                        {std::move(p)}},
                                           std::move(epilogue));
}

std::unique_ptr<Instruction> gathered_input_grad(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue) {
  std::vector<Phase> phases;
  const int64_t count[3] = {std::min(g.stride[0], g.in[0]), std::min(g.stride[1], g.in[1]),
                            std::min(g.stride[2], g.in[2])};
  for (int64_t index = 0; index < count[0] * count[1] * count[2]; ++index) {
    const int64_t at[3] = {index / (count[1] * count[2]), index / count[2] % count[1], index % count[2]};
    const PhaseAxis axes[3] = {{g, 0, at[0]}, {g, 1, at[1]}, {g, 2, at[2]}};
    Phase p;
    p.gather.channels = g.group_filters();
    p.gather.sample = g.out_positions() * g.filters;
    p.sample = g.in_positions() * g.channels;
    int64_t pixel = g.channels;
    for (int i = 2; i >= 0; --i) {
      p.gather.size[i] = g.out[i];
      p.gather.stride[i] = i == 2 ? g.filters : p.gather.stride[i + 1] * g.out[i + 1];
      p.gather.out[i] = axes[i].positions, p.gather.step[i] = 1;
      p.gather.taps[i] = int64_t(axes[i].taps.size());
      p.gather.dilation[i] = axes[i].dilation, p.gather.low[i] = axes[i].low;
      p.first += at[i] * pixel;
      p.step[i] = g.stride[i] * pixel;
      pixel *= g.in[i];
    }
    p.rows = g.batch * p.gather.positions();
    p.depth = p.gather.columns();
    for (int64_t d : axes[0].taps)
      for (int64_t h : axes[1].taps)
        for (int64_t w : axes[2].taps) p.taps.push_back((d * g.kernel[1] + h) * g.kernel[2] + w);
    phases.push_back(std::move(p));
  }
  const bool dense = phases.size() == 1;
  return std::make_unique<GatheredProduct>(
      ProductShape{g.dtype, g.groups, g.group_channels(), g.group_filters(), g.group_channels() * g.filters,
                   g.filters, true, dense, g.samples > 0, g.flops(), std::move(phases)},
      std::move(epilogue));
}

}  // namespace axone
