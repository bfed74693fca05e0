#include "ops/conv/block.h"

#include <optional>

#include "ops/conv/algorithms.h"
#include "ops/conv/taps.h"
#include "ops/packed_product.h"

namespace axone {

namespace {

// Rows of the last product that are made at a time: enough for high tiles.
constexpr int64_t kProductRows = 48;
// Bytes of the lines between the convolutions that stay in a lane's L2, with the weights.
constexpr int64_t kLineBytes = 512 * 1024;
// Groups of lines below which lanes would make too many lines twice, at the borders of their shares.
constexpr int64_t kLeastGroups = 8;
// Products of an element of the first convolution up to which its rows are gathered line by line.
constexpr int64_t kMostGathered = 64;
constexpr double kSerialFlops = 128 * 1024;

// How the lines of a depthwise convolution are made: groups of lines of its result, from groups of lines of
// its input. Groups begin at the sample's first line, so that whoever makes one makes it in one way.
struct Groups {
  int64_t lines, in_lines;  // of a group
  int64_t kept;             // lines of the input that are kept: all that a group of the result meets
  int64_t of_sample;        // groups of the result

  explicit Groups(const ConvGeometry& d) {
    lines = std::min(std::max<int64_t>(2, ceil_div(kProductRows, d.out[2])), d.out[1]);
    for (;; --lines) {
      in_lines = std::min(d.in[1], lines * d.stride[1]);
      const int64_t reach = (lines - 1) * d.stride[1] + (d.kernel[1] - 1) * d.dilation[1] + 1;
      kept = std::min(ceil_div(d.in[1], in_lines), ceil_div(reach - 1, in_lines) + 1) * in_lines;
      const int64_t elements = (kept * d.in[2] + lines * d.out[2]) * d.channels;
      if (lines == 1 || elements * int64_t(item_size(d.dtype)) <= kLineBytes) break;
    }
    of_sample = ceil_div(d.out[1], lines);
  }
};

// The rows of a convolution of one group.
ConvGather gather_of(const ConvGeometry& g) {
  ConvGather r;
  int64_t stride = g.channels;
  for (int i = 3; i-- > 0; stride *= g.in[i]) {
    r.size[i] = g.in[i], r.stride[i] = stride, r.out[i] = g.out[i], r.step[i] = g.stride[i];
    r.taps[i] = g.kernel[i], r.dilation[i] = g.dilation[i], r.low[i] = g.low[i];
  }
  r.sample = stride;
  r.channels = g.channels;
  return r;
}

// A stage's chain on values that lie anywhere, in place, or left to the kernel that makes them.
class ChainInPlace {
 public:
  ChainInPlace(std::unique_ptr<TileProgram> chain, Value head, int64_t channels) : chain_(std::move(chain)) {
    if (!chain_) return;
    const auto& inputs = chain_->inputs();
    head_input_ = size_t(std::find(inputs.begin(), inputs.end(), head) - inputs.begin());
    finishes_ = chain_->finishes_channels(head_input_, channels);
    if (!finishes_ && !chain_->can_alias(0, head_input_)) chain_->write_late(0);
    scratch_ = lane_region(chain_->lane_scratch());
  }

  // Operands besides the convolution's result.
  size_t inputs() const { return chain_ ? chain_->inputs().size() - 1 : 0; }
  size_t scratch() const { return scratch_; }

  class Bound {
   public:
    Bound(const ChainInPlace& chain, const void* const* in, void* scratch, int64_t item)
        : chain_(chain), item_(item) {
      if (!chain.chain_) return;
      for (size_t i = 0; i <= chain.inputs(); ++i) in_[i] = i == chain.head_input_ ? nullptr : *in++;
      bound_.emplace(*chain.chain_, in_, out_, scratch);
      if (chain.finishes_) finish_ = bound_->channel_finish();
    }
    // What the kernel has to do, or null.
    const ChannelFinish* finish() const { return chain_.finishes_ ? &finish_ : nullptr; }
    // Elements [begin, begin + count) lie at `values`.
    void run(int64_t begin, int64_t count, char* values) {
      if (!bound_ || chain_.finishes_) return;
      const uintptr_t start = reinterpret_cast<uintptr_t>(values) - uintptr_t(begin * item_);
      in_[chain_.head_input_] = reinterpret_cast<const void*>(start);
      out_[0] = reinterpret_cast<void*>(start);
      bound_->run(begin, count);
    }

   private:
    static constexpr size_t kMostInputs = 192;
    const ChainInPlace& chain_;
    int64_t item_;
    const void* in_[kMostInputs];
    void* out_[1];
    std::optional<TileProgram::Bound> bound_;
    ChannelFinish finish_{};
  };

 private:
  std::unique_ptr<TileProgram> chain_;
  size_t head_input_ = 0, scratch_ = 0;
  bool finishes_ = false;
};

class ConvBlock final : public Instruction {
 public:
  ConvBlock(std::vector<BlockStage> stages, size_t depthwise, std::unique_ptr<Epilogue> epilogue)
      : d_(stages[depthwise].geometry),
        groups_(d_),
        widens_(depthwise > 0),
        narrows_(depthwise + 1 < stages.size()),
        item_(int64_t(item_size(d_.dtype))),
        in_line_(d_.in[2] * d_.channels),
        out_line_(d_.out[2] * d_.channels),
        epilogue_(std::move(epilogue)) {
    if (epilogue_) epilogue_->follow(d_.batch * groups_.of_sample);
    size_t next = 1;
    if (widens_) {
      const ConvGeometry& g = stages[0].geometry;
      widen_depth_ = g.taps() * g.channels;
      if (!g.pointwise()) gather_ = gather_of(g);
      widen_ = PackedProduct(g.dtype, widen_depth_, g.filters, groups_.in_lines * d_.in[2]);
      flops_ += g.flops();
      widen_chain_.emplace(std::move(stages[0].chain), stages[0].head, g.filters);
      next += 1 + widen_chain_->inputs();
    }
    depthwise_weights_ = next;
    flops_ += d_.flops();
    if (narrows_) {
      const ConvGeometry& g = stages.back().geometry;
      depthwise_chain_.emplace(std::move(stages[depthwise].chain), stages[depthwise].head, d_.channels);
      narrow_weights_ = next + 1 + depthwise_chain_->inputs();
      narrow_ = PackedProduct(g.dtype, g.channels, g.filters, groups_.lines * d_.out[2]);
      if (epilogue_) epilogue_->leave_finish(g.filters);
      filters_ = g.filters;
      flops_ += narrow_.flops(g.batch * g.in_positions());
    }
  }

  const char* name() const override { return "conv block"; }
  bool serial() const override { return flops_ < kSerialFlops; }
  double flops() const override { return flops_; }
  size_t scratch_bytes(int threads) const override {
    return size_t(threads) * lane_bytes() + (epilogue_ ? epilogue_->scratch_bytes(threads) : 0);
  }

  std::vector<size_t> prepared_inputs() const override {
    std::vector<size_t> weights;
    if (widens_) weights.push_back(1);
    if (narrows_) weights.push_back(narrow_weights_);
    return weights;
  }
  size_t prepared_bytes() const override {
    return (widens_ ? widen_.bytes() : 0) + (narrows_ ? narrow_.bytes() : 0);
  }
  void prepare(const Lane& lane, const Operands& io) const override {
    if (widens_) widen_.pack(lane, io.in[1], io.prepared);
    if (narrows_) narrow_.pack(lane, io.in[narrow_weights_], packed_narrow(io));
  }

  void run(const Lane& lane, const Operands& io) const override {
    if (!epilogue_) return Pass(*this, lane, io, io.out[0], nullptr).run();
    Operands last = io;
    last.in += narrows_ ? narrow_weights_ : depthwise_weights_;
    epilogue_->run(lane, last, 1, static_cast<char*>(io.scratch) + size_t(lane.count) * lane_bytes(),
                   [&](void* out, GemmEpilogue* follower) { Pass(*this, lane, io, out, follower).run(); });
  }

 private:
  size_t gathered_bytes() const {
    return gather_ ? lane_region(size_t(groups_.in_lines * d_.in[2] * widen_depth_ * item_)) : 0;
  }
  size_t wide_bytes() const { return widens_ ? lane_region(size_t(groups_.kept * in_line_ * item_)) : 0; }
  size_t narrow_bytes() const {
    return narrows_ ? lane_region(size_t(groups_.lines * out_line_ * item_)) : 0;
  }
  size_t lane_bytes() const {
    return wide_bytes() + narrow_bytes() + gathered_bytes() + (widen_chain_ ? widen_chain_->scratch() : 0) +
           (depthwise_chain_ ? depthwise_chain_->scratch() : 0);
  }
  void* packed_narrow(const Operands& io) const {
    return static_cast<char*>(io.prepared) + (widens_ ? widen_.bytes() : 0);
  }

  // One run on one lane.
  class Pass {
   public:
    Pass(const ConvBlock& block, const Lane& lane, const Operands& io, void* out, GemmEpilogue* epilogue)
        : b_(block),
          d_(block.d_),
          lane_(lane),
          io_(io),
          out_(static_cast<char*>(out)),
          epilogue_(epilogue),
          finish_(epilogue ? epilogue->finish() : nullptr),
          wide_(static_cast<char*>(io.scratch) + size_t(lane.index) * block.lane_bytes()),
          narrow_(wide_ + block.wide_bytes()) {
      gathered_ = narrow_ + block.narrow_bytes();
      char* scratch = gathered_ + block.gathered_bytes();
      if (b_.widen_chain_) {
        widen_chain_.emplace(*b_.widen_chain_, io.in + 2, scratch, b_.item_);
        scratch += b_.widen_chain_->scratch();
      }
      if (b_.depthwise_chain_)
        depthwise_chain_.emplace(*b_.depthwise_chain_, io.in + b_.depthwise_weights_ + 1, scratch, b_.item_);
    }

    void run() {
      const int64_t groups = b_.groups_.of_sample;
      int64_t group, end;
      lane_.share(d_.batch * groups, &group, &end);
      for (; group < end; ++group) {
        if (group / groups != sample_) made_ = 0;
        sample_ = group / groups;
        if (epilogue_) epilogue_->begin_part(group);
        const int64_t line = group % groups * b_.groups_.lines;
        lines(line, std::min(line + b_.groups_.lines, d_.out[1]));
      }
    }

   private:
    // Lines [begin, end) of the depthwise convolution's result, and what follows.
    void lines(int64_t begin, int64_t end) {
      if (b_.widens_) widen(begin, end);
      const int64_t first = (sample_ * d_.out[1] + begin) * b_.out_line_,
                    count = b_.out_line_ * (end - begin);
      char* const to = b_.narrows_ ? narrow_ : out_ + first * b_.item_;
      for (int64_t oh = begin; oh < end;) {
        char* const line = to + (oh - begin) * b_.out_line_ * b_.item_;
        oh += depthwise_lines(oh, end, line);
      }
      if (!b_.narrows_) {
        if (epilogue_) epilogue_->apply(first, count);
        return;
      }
      depthwise_chain_->run(first, count, narrow_);
      const int64_t pixels = (end - begin) * d_.out[2], pixel = (sample_ * d_.out[1] + begin) * d_.out[2];
      b_.narrow_.run(pixels, narrow_, d_.channels, b_.packed_narrow(io_),
                     out_ + pixel * b_.filters_ * b_.item_, finish_);
      if (epilogue_ && !finish_) epilogue_->apply(pixel * b_.filters_, pixels * b_.filters_);
    }

    // Line oh, or two, of which there are `end`. Returns how many.
    int64_t depthwise_lines(int64_t oh, int64_t end, char* to) const {
      const DepthwiseLine line{d_.out[2], d_.channels, d_.stride[2] * d_.channels, d_.channels,
                               depthwise_chain_ ? depthwise_chain_->finish() : nullptr};
      DepthwiseTap taps[2 * kDepthwiseTaps], next[kDepthwiseTaps];
      const int64_t count = taps_of(oh, taps), further = d_.stride[1] * d_.kernel[2];
      if (oh + 1 < end && taps_of(oh + 1, next) == count && join_taps(taps, next, count, further)) {
        b_.two_lines_(line, taps, count, further, to, b_.out_line_);
        return 2;
      }
      b_.kernel_(line, taps, count, to);
      return 1;
    }
    int64_t taps_of(int64_t oh, DepthwiseTap* taps) const {
      const char* w = static_cast<const char*>(io_.in[b_.depthwise_weights_]);
      int64_t count = 0;
      for (int64_t kh = 0; kh < d_.kernel[1]; ++kh, w += d_.kernel[2] * d_.channels * b_.item_) {
        const int64_t h = oh * d_.stride[1] - d_.low[1] + kh * d_.dilation[1];
        if (h < 0 || h >= d_.in[1]) continue;
        line_taps(d_, input_line(h), w, taps + count);
        count += d_.kernel[2];
      }
      return count;
    }

    const char* input_line(int64_t h) const {
      if (b_.widens_) return wide_ + h % b_.groups_.kept * b_.in_line_ * b_.item_;
      return static_cast<const char*>(io_.in[0]) + (sample_ * d_.in[1] + h) * b_.in_line_ * b_.item_;
    }

    // Makes the groups of lines of the depthwise convolution's input that its lines [begin, end) read and
    // that are not there yet, over the oldest ones.
    void widen(int64_t begin, int64_t end) {
      const int64_t size = b_.groups_.in_lines, low = begin * d_.stride[1] - d_.low[1],
                    high = (end - 1) * d_.stride[1] - d_.low[1] + (d_.kernel[1] - 1) * d_.dilation[1] + 1;
      for (int64_t group = std::max(made_, std::max<int64_t>(low, 0) / size);
           group * size < std::min(high, d_.in[1]); ++group) {
        const int64_t h = group * size, count = std::min(size, d_.in[1] - h);
        char* const to = wide_ + h % b_.groups_.kept * b_.in_line_ * b_.item_;
        const int64_t pixel = (sample_ * d_.in[1] + h) * d_.in[2];
        const char* rows = io_.input<char>(0) + pixel * b_.widen_depth_ * b_.item_;
        if (b_.gather_) {
          b_.gather_rows_(*b_.gather_, io_.in[0], pixel, pixel + count * d_.in[2], 0, b_.widen_depth_,
                          gathered_, b_.widen_depth_);
          rows = gathered_;
        }
        b_.widen_.run(count * d_.in[2], rows, b_.widen_depth_, io_.prepared, to, widen_chain_->finish());
        widen_chain_->run(pixel * d_.channels, count * b_.in_line_, to);
        made_ = group + 1;
      }
    }

    const ConvBlock& b_;
    const ConvGeometry& d_;
    const Lane& lane_;
    const Operands& io_;
    char* out_;
    GemmEpilogue* epilogue_;
    const ChannelFinish* finish_;  // of the last product, in place of the epilogue, or null
    char* wide_;
    char* narrow_;
    char* gathered_;
    std::optional<ChainInPlace::Bound> widen_chain_, depthwise_chain_;
    int64_t sample_ = -1;
    int64_t made_ = 0;  // groups of the sample's wide input before this one have been made, as far as needed
  };

  const ConvGeometry d_;  // of the depthwise convolution
  const Groups groups_;
  const bool widens_, narrows_;
  const int64_t item_, in_line_, out_line_;  // bytes of an element; elements of its lines
  PackedProduct widen_, narrow_;
  int64_t widen_depth_ = 0, filters_ = 0;
  std::optional<ConvGather> gather_;  // of a first convolution that is not pointwise
  std::optional<ChainInPlace> widen_chain_, depthwise_chain_;
  size_t depthwise_weights_ = 1, narrow_weights_ = 0;  // operands
  std::unique_ptr<Epilogue> epilogue_;
  double flops_ = 0;
  DepthwiseLineFunction kernel_ = kernel_function<DepthwiseLineFunction>("depthwise.line", d_.dtype);
  ConvGatherRows gather_rows_ = kernel_function<ConvGatherRows>("conv.gather", d_.dtype);
  DepthwiseTwoLinesFunction two_lines_ =
      kernel_function<DepthwiseTwoLinesFunction>("depthwise.two_lines", d_.dtype);
};

}  // namespace

bool block_depthwise(const ConvGeometry& g) {
  return is_float(g.dtype) && !g.samples && g.depthwise() && !g.pointwise() && g.kernel[0] == 1 &&
         g.in[0] == 1 && g.out[0] == 1 && g.taps() <= kDepthwiseTaps &&
         g.batch * Groups(g).of_sample >= kLeastGroups;
}

bool block_first(const ConvGeometry& g) {
  if (block_pointwise(g)) return true;
  return is_float(g.dtype) && !g.samples && g.groups == 1 && g.kernel[0] == 1 && g.in[0] == 1 &&
         g.out[0] == 1 && g.taps() * g.channels <= kMostGathered;
}

bool block_pointwise(const ConvGeometry& g) {
  return is_float(g.dtype) && !g.samples && g.pointwise();
}

std::unique_ptr<Instruction> make_conv_block(std::vector<BlockStage> stages, size_t depthwise,
                                             std::unique_ptr<Epilogue> epilogue) {
  return std::make_unique<ConvBlock>(std::move(stages), depthwise, std::move(epilogue));
}

}  // namespace axone
