// Depthwise convolution, directly: line by line of the result, each a sum over the taps that meet it.
#include <algorithm>
#include <cstring>

#include "kernels/map.h"
#include "ops/conv/algorithms.h"
#include "ops/conv/taps.h"

namespace axone {

namespace {

// Parts of the weights' gradient, each a sum of its own.
constexpr int64_t kParts = 16;
// Parts of the lines of the other two products: what lanes share, and what has statistics of its own.
constexpr int64_t kLineParts = 64;
constexpr int64_t kPiece = 8192;

// The taps of each line of the products.
class Lines {
 public:
  explicit Lines(const ConvGeometry& g) : g_(g), item_(int64_t(item_size(g.dtype))) {}

  int64_t item() const { return item_; }

  // The taps that line (n, od, oh) of the output reads from x.
  int64_t forward(int64_t line, const char* x, const char* w, DepthwiseTap* taps) const {
    const int64_t oh = line % g_.out[1], od = line / g_.out[1] % g_.out[0],
                  n = line / (g_.out[1] * g_.out[0]);
    int64_t count = 0;
    for (int64_t kd = 0; kd < g_.kernel[0]; ++kd) {
      const int64_t d = od * g_.stride[0] - g_.low[0] + kd * g_.dilation[0];
      if (d < 0 || d >= g_.in[0]) continue;
      for (int64_t kh = 0; kh < g_.kernel[1]; ++kh) {
        const int64_t h = oh * g_.stride[1] - g_.low[1] + kh * g_.dilation[1];
        if (h < 0 || h >= g_.in[1]) continue;
        const int64_t start = ((n * g_.in[0] + d) * g_.in[1] + h) * g_.in[2];
        line_taps(g_, x + start * pixel(), w + (kd * g_.kernel[1] + kh) * g_.kernel[2] * pixel(),
                  taps + count);
        count += g_.kernel[2];
      }
    }
    return count;
  }

  // The taps that positions phase, phase + stride, ... of line (n, d, h) of the input meet in dy: backwards,
  // so that they read it forwards.
  int64_t backward(int64_t line, int64_t phase, const char* dy, const char* w, DepthwiseTap* taps) const {
    const int64_t h = line % g_.in[1], d = line / g_.in[1] % g_.in[0], n = line / (g_.in[1] * g_.in[0]);
    const int64_t positions = ceil_div(g_.in[2] - phase, g_.stride[2]);
    int64_t count = 0;
    for (int64_t kd = g_.kernel[0]; kd-- > 0;) {
      int64_t od = d + g_.low[0] - kd * g_.dilation[0];
      if (od < 0 || od % g_.stride[0] || (od /= g_.stride[0]) >= g_.out[0]) continue;
      for (int64_t kh = g_.kernel[1]; kh-- > 0;) {
        int64_t oh = h + g_.low[1] - kh * g_.dilation[1];
        if (oh < 0 || oh % g_.stride[1] || (oh /= g_.stride[1]) >= g_.out[1]) continue;
        const int64_t start = ((n * g_.out[0] + od) * g_.out[1] + oh) * g_.out[2];
        for (int64_t kw = g_.kernel[2]; kw-- > 0;) {
          const int64_t at = phase + g_.low[2] - kw * g_.dilation[2];
          if (at % g_.stride[2]) continue;
          const int64_t from = at / g_.stride[2];
          DepthwiseTap& t = taps[count++];
          meets(from, 1, g_.out[2], positions, &t.begin, &t.end);
          t.x = dy + (start + from) * pixel();
          t.w = w + ((kd * g_.kernel[1] + kh) * g_.kernel[2] + kw) * pixel();
        }
      }
    }
    return count;
  }

 private:
  int64_t pixel() const { return g_.channels * item_; }

  const ConvGeometry& g_;
  int64_t item_;
};

class DepthwiseInstruction : public Instruction {
 public:
  DepthwiseInstruction(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue)
      : g_(g), lines_(g_), epilogue_(std::move(epilogue)) {}

  bool serial() const override {
    return (g_.batch * (g_.in_positions() + g_.out_positions()) * g_.channels) * lines_.item() < kSerialBytes;
  }
  size_t scratch_bytes(int threads) const override {
    return own_scratch() + (epilogue_ ? epilogue_->scratch_bytes(threads) : 0);
  }
  // Bytes decide; the arithmetic is a few operations for each of them.
  void run(const Lane& lane, const Operands& io) const override {
    if (!epilogue_) return compute(lane, io, io.out[0], nullptr);
    epilogue_->run(lane, io, 2, static_cast<char*>(io.scratch) + own_scratch(),
                   [&](void* out, GemmEpilogue* follower) { compute(lane, io, out, follower); });
  }

 protected:
  virtual size_t own_scratch() const { return 0; }
  virtual void compute(const Lane& lane, const Operands& io, void* out, GemmEpilogue* epilogue) const = 0;

  const ConvGeometry g_;
  const Lines lines_;
  const std::unique_ptr<Epilogue> epilogue_;
};

// The products that are made line by line, often two lines at a time.
class DepthwiseByLines : public DepthwiseInstruction {
 protected:
  // `lines` of so many elements; the next one's taps lie `further` on.
  DepthwiseByLines(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue, int64_t lines, int64_t elements,
                   int64_t further)
      : DepthwiseInstruction(g, std::move(epilogue)),
        count_(lines),
        elements_(elements),
        further_(further),
        parts_(std::clamp<int64_t>(lines, 1, kLineParts)) {
    if (epilogue_) epilogue_->follow(parts_);
  }

  // A line falls into interleaved phases, each with taps of its own.
  virtual int64_t phases() const { return 1; }
  virtual DepthwiseLine line_of(int64_t phase) const = 0;
  virtual int64_t taps_of(int64_t line, int64_t phase, const Operands& io, DepthwiseTap* taps) const = 0;

 private:
  int64_t first_line(int64_t part) const { return count_ * part / parts_; }

  void compute(const Lane& lane, const Operands& io, void* out, GemmEpilogue* epilogue) const override {
    int64_t part, end;
    lane.share(parts_, &part, &end);
    for (; part < end; ++part) {
      if (epilogue) epilogue->begin_part(part);
      for (int64_t i = first_line(part); i < first_line(part + 1);) {
        const int64_t made = lines(i, first_line(part + 1), io, static_cast<char*>(out));
        if (epilogue) epilogue->apply(i * elements_, made * elements_);
        i += made;
      }
    }
  }

  // Line i, or two of `end` lines. Returns how many.
  int64_t lines(int64_t i, int64_t end, const Operands& io, char* out) const {
    DepthwiseTap taps[2 * kDepthwiseTaps], next[kDepthwiseTaps];
    out += i * elements_ * lines_.item();
    for (int64_t phase = 0; phase < phases(); ++phase) {
      const DepthwiseLine line = line_of(phase);
      const int64_t count = taps_of(i, phase, io, taps);
      char* const to = out + phase * g_.channels * lines_.item();
      if (phases() == 1 && i + 1 < end && taps_of(i + 1, phase, io, next) == count &&
          join_taps(taps, next, count, further_)) {
        two_lines_(line, taps, count, further_, to, elements_);
        return 2;
      }
      one_line_(line, taps, count, to);
    }
    return 1;
  }

  const int64_t count_, elements_, further_, parts_;
  DepthwiseLineFunction one_line_ = kernel_function<DepthwiseLineFunction>("depthwise.line", g_.dtype);
  DepthwiseTwoLinesFunction two_lines_ =
      kernel_function<DepthwiseTwoLinesFunction>("depthwise.two_lines", g_.dtype);
};

class DepthwiseForward final : public DepthwiseByLines {
 public:
  DepthwiseForward(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue)
      : DepthwiseByLines(g, std::move(epilogue), g.batch * g.out[0] * g.out[1], g.out[2] * g.channels,
                         g.stride[1] * g.kernel[2]) {}
  const char* name() const override { return "conv depthwise"; }

 private:
  DepthwiseLine line_of(int64_t) const override {
    return {g_.out[2], g_.channels, g_.stride[2] * g_.channels, g_.channels};
  }
  int64_t taps_of(int64_t line, int64_t, const Operands& io, DepthwiseTap* taps) const override {
    return lines_.forward(line, io.input<char>(0), io.input<char>(1), taps);
  }
};

class DepthwiseInputGrad final : public DepthwiseByLines {
 public:
  DepthwiseInputGrad(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue)
      : DepthwiseByLines(g, std::move(epilogue), g.batch * g.in[0] * g.in[1], g.in[2] * g.channels,
                         g.kernel[2]) {}
  const char* name() const override { return "conv_input_grad depthwise"; }

 private:
  int64_t phases() const override { return std::min(g_.stride[2], g_.in[2]); }
  DepthwiseLine line_of(int64_t phase) const override {
    return {ceil_div(g_.in[2] - phase, g_.stride[2]), g_.channels, g_.channels, g_.stride[2] * g_.channels};
  }
  int64_t taps_of(int64_t line, int64_t phase, const Operands& io, DepthwiseTap* taps) const override {
    return lines_.backward(line, phase, io.input<char>(0), io.input<char>(1), taps);
  }
};

class DepthwiseWeightGrad final : public DepthwiseInstruction {
 public:
  DepthwiseWeightGrad(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue)
      : DepthwiseInstruction(g, std::move(epilogue)),
        count_(g.batch * g.out[0] * g.out[1]),
        parts_(std::clamp<int64_t>(count_, 1, kParts)) {}
  const char* name() const override { return "conv_weight_grad depthwise"; }

 private:
  int64_t elements() const { return g_.taps() * g_.channels; }
  size_t part_bytes() const { return lane_region(size_t(elements() * lines_.item())); }
  size_t own_scratch() const override { return size_t(parts_) * part_bytes(); }

  void compute(const Lane& lane, const Operands& io, void* out, GemmEpilogue* epilogue) const override {
    char* const scratch = static_cast<char*>(io.scratch);
    int64_t part, end;
    lane.share(parts_, &part, &end);
    for (; part < end; ++part) add_lines(part, io, scratch + size_t(part) * part_bytes());
    lane.barrier();
    add_parts(lane, scratch, static_cast<char*>(out), epilogue);
  }

  void add_lines(int64_t part, const Operands& io, char* dw) const {
    DepthwiseTap taps[kDepthwiseTaps];
    const DepthwiseLine line{g_.out[2], g_.channels, g_.stride[2] * g_.channels, g_.channels};
    std::memset(dw, 0, size_t(elements() * lines_.item()));
    for (int64_t i = count_ * part / parts_; i < count_ * (part + 1) / parts_; ++i) {
      const int64_t count = lines_.forward(i, io.input<char>(0), dw, taps);
      kernel_(line, taps, count, io.input<char>(1) + i * g_.out[2] * g_.channels * lines_.item());
    }
  }

  void add_parts(const Lane& lane, char* scratch, char* out, GemmEpilogue* epilogue) const {
    int64_t piece, end;
    lane.share(ceil_div(elements(), kPiece), &piece, &end);
    for (; piece < end; ++piece) {
      const int64_t first = piece * kPiece, count = std::min(kPiece, elements() - first);
      char* const to = out + first * lines_.item();
      std::memcpy(to, scratch + first * lines_.item(), size_t(count * lines_.item()));
      for (int64_t p = 1; p < parts_; ++p)
        add_(to, to, scratch + size_t(p) * part_bytes() + first * lines_.item(), nullptr, count, 0);
      if (epilogue) epilogue->apply(first, count);
    }
  }

  const int64_t count_, parts_;
  DepthwiseWeightsFunction kernel_ = kernel_function<DepthwiseWeightsFunction>("depthwise.weights", g_.dtype);
  MapFunction add_ = kernel_function<MapFunction>("map.add", g_.dtype);
};

}  // namespace

std::unique_ptr<Instruction> depthwise_forward(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue) {
  return std::make_unique<DepthwiseForward>(g, std::move(epilogue));
}
std::unique_ptr<Instruction> depthwise_input_grad(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue) {
  return std::make_unique<DepthwiseInputGrad>(g, std::move(epilogue));
}
std::unique_ptr<Instruction> depthwise_weight_grad(const ConvGeometry& g,
                                                   std::unique_ptr<Epilogue> epilogue) {
  return std::make_unique<DepthwiseWeightGrad>(g, std::move(epilogue));
}

}  // namespace axone
