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
constexpr int64_t kPiece = 8192;

// The taps of each line of both products.
class Lines {
 public:
  explicit Lines(const ConvGeometry& g) : g_(g), item_(int64_t(item_size(g.dtype))) {}

  // The taps that line (n, od, oh) of the output reads from x. `number` receives each one's.
  int64_t forward(int64_t line, const char* x, const char* w, DepthwiseTap* taps, int64_t* number) const {
    const int64_t oh = line % g_.out[1], od = line / g_.out[1] % g_.out[0],
                  n = line / (g_.out[1] * g_.out[0]);
    int64_t count = 0;
    for (int64_t kd = 0; kd < g_.kernel[0]; ++kd) {
      const int64_t d = od * g_.stride[0] - g_.low[0] + kd * g_.dilation[0];
      if (d < 0 || d >= g_.in[0]) continue;
      for (int64_t kh = 0; kh < g_.kernel[1]; ++kh) {
        const int64_t h = oh * g_.stride[1] - g_.low[1] + kh * g_.dilation[1];
        if (h < 0 || h >= g_.in[1]) continue;
        const int64_t start = ((n * g_.in[0] + d) * g_.in[1] + h) * g_.in[2],
                      first = (kd * g_.kernel[1] + kh) * g_.kernel[2];
        line_taps(g_, x + start * g_.channels * item_, w + first * g_.channels * item_, taps + count);
        for (int64_t kw = 0; kw < g_.kernel[2]; ++kw) number[count++] = first + kw;
      }
    }
    return count;
  }

  // The taps that positions phase, phase + stride, ... of line (n, d, h) of the input meet in dy.
  int64_t backward(int64_t line, int64_t phase, const char* dy, const char* w, DepthwiseTap* taps) const {
    const int64_t h = line % g_.in[1], d = line / g_.in[1] % g_.in[0], n = line / (g_.in[1] * g_.in[0]);
    const int64_t positions = (g_.in[2] - phase + g_.stride[2] - 1) / g_.stride[2];
    int64_t count = 0;
    for (int64_t kd = 0; kd < g_.kernel[0]; ++kd) {
      int64_t od = d + g_.low[0] - kd * g_.dilation[0];
      if (od < 0 || od % g_.stride[0] || (od /= g_.stride[0]) >= g_.out[0]) continue;
      for (int64_t kh = 0; kh < g_.kernel[1]; ++kh) {
        int64_t oh = h + g_.low[1] - kh * g_.dilation[1];
        if (oh < 0 || oh % g_.stride[1] || (oh /= g_.stride[1]) >= g_.out[1]) continue;
        const int64_t start = ((n * g_.out[0] + od) * g_.out[1] + oh) * g_.out[2];
        for (int64_t kw = 0; kw < g_.kernel[2]; ++kw) {
          const int64_t at = phase + g_.low[2] - kw * g_.dilation[2];
          if (at % g_.stride[2]) continue;
          const int64_t from = at / g_.stride[2];
          DepthwiseTap& t = taps[count++];
          meets(from, 1, g_.out[2], positions, &t.begin, &t.end);
          t.x = dy + (start + from) * g_.channels * item_;
          t.w = w + ((kd * g_.kernel[1] + kh) * g_.kernel[2] + kw) * g_.channels * item_;
        }
      }
    }
    return count;
  }

  int64_t item() const { return item_; }

 private:
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

 private:
  std::unique_ptr<Epilogue> epilogue_;
};

class DepthwiseForward final : public DepthwiseInstruction {
 public:
  using DepthwiseInstruction::DepthwiseInstruction;
  const char* name() const override { return "conv depthwise"; }

 private:
  void compute(const Lane& lane, const Operands& io, void* out, GemmEpilogue* epilogue) const override {
    int64_t i, end, number[kDepthwiseTaps];
    DepthwiseTap taps[kDepthwiseTaps];
    const DepthwiseLine line{g_.out[2], g_.channels, g_.stride[2] * g_.channels, g_.channels};
    const int64_t elements = g_.out[2] * g_.channels;
    lane.share(g_.batch * g_.out[0] * g_.out[1], &i, &end);
    for (; i < end; ++i) {
      const int64_t count = lines_.forward(i, static_cast<const char*>(io.in[0]),
                                           static_cast<const char*>(io.in[1]), taps, number);
      kernel_(line, taps, count, static_cast<char*>(out) + i * elements * lines_.item());
      if (epilogue) epilogue->apply(i * elements, elements);
    }
  }

  DepthwiseLineFunction kernel_ = kernel_function<DepthwiseLineFunction>("depthwise.line", g_.dtype);
};

class DepthwiseInputGrad final : public DepthwiseInstruction {
 public:
  using DepthwiseInstruction::DepthwiseInstruction;
  const char* name() const override { return "conv_input_grad depthwise"; }

 private:
  void compute(const Lane& lane, const Operands& io, void* out, GemmEpilogue* epilogue) const override {
    int64_t i, end;
    DepthwiseTap taps[kDepthwiseTaps];
    const int64_t elements = g_.in[2] * g_.channels, phases = std::min(g_.stride[2], g_.in[2]);
    lane.share(g_.batch * g_.in[0] * g_.in[1], &i, &end);
    for (; i < end; ++i) {
      for (int64_t phase = 0; phase < phases; ++phase) {
        const DepthwiseLine line{(g_.in[2] - phase + g_.stride[2] - 1) / g_.stride[2], g_.channels,
                                 g_.channels, g_.stride[2] * g_.channels};
        const int64_t count = lines_.backward(i, phase, static_cast<const char*>(io.in[0]),
                                              static_cast<const char*>(io.in[1]), taps);
        kernel_(line, taps, count,
                static_cast<char*>(out) + (i * elements + phase * g_.channels) * lines_.item());
      }
      if (epilogue) epilogue->apply(i * elements, elements);
    }
  }

  DepthwiseLineFunction kernel_ = kernel_function<DepthwiseLineFunction>("depthwise.line", g_.dtype);
};

class DepthwiseWeightGrad final : public DepthwiseInstruction {
 public:
  using DepthwiseInstruction::DepthwiseInstruction;
  const char* name() const override { return "conv_weight_grad depthwise"; }

 private:
  int64_t lines() const { return g_.batch * g_.out[0] * g_.out[1]; }
  int64_t parts() const { return std::clamp<int64_t>(lines(), 1, kParts); }
  int64_t elements() const { return g_.taps() * g_.channels; }
  size_t part_bytes() const { return lane_region(size_t(elements() * lines_.item())); }
  size_t own_scratch() const override { return size_t(parts()) * part_bytes(); }

  void compute(const Lane& lane, const Operands& io, void* out, GemmEpilogue* epilogue) const override {
    char* const scratch = static_cast<char*>(io.scratch);
    int64_t part, end;
    lane.share(parts(), &part, &end);
    for (; part < end; ++part) add_lines(part, io, scratch + size_t(part) * part_bytes());
    lane.barrier();
    add_parts(lane, scratch, static_cast<char*>(out), epilogue);
  }

  void add_lines(int64_t part, const Operands& io, char* dw) const {
    DepthwiseTap taps[kDepthwiseTaps];
    int64_t number[kDepthwiseTaps];
    const DepthwiseLine line{g_.out[2], g_.channels, g_.stride[2] * g_.channels, g_.channels};
    const int64_t row = g_.channels * lines_.item();
    std::memset(dw, 0, size_t(elements() * lines_.item()));
    for (int64_t i = lines() * part / parts(); i < lines() * (part + 1) / parts(); ++i) {
      const int64_t count = lines_.forward(i, static_cast<const char*>(io.in[0]), dw, taps, number);
      const char* const dy = static_cast<const char*>(io.in[1]) + i * g_.out[2] * row;
      // Taps of one line of the kernel follow each other in the weights.
      for (int64_t t = 0; t < count; t += g_.kernel[2])
        kernel_(line, taps + t, g_.kernel[2], dy, dw + number[t] * row);
    }
  }

  void add_parts(const Lane& lane, char* scratch, char* out, GemmEpilogue* epilogue) const {
    int64_t piece, end;
    lane.share((elements() + kPiece - 1) / kPiece, &piece, &end);
    for (; piece < end; ++piece) {
      const int64_t first = piece * kPiece, count = std::min(kPiece, elements() - first);
      char* const to = out + first * lines_.item();
      std::memcpy(to, scratch + first * lines_.item(), size_t(count * lines_.item()));
      for (int64_t p = 1; p < parts(); ++p)
        add_(to, to, scratch + size_t(p) * part_bytes() + first * lines_.item(), nullptr, count, 0);
      if (epilogue) epilogue->apply(first, count);
    }
  }

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
