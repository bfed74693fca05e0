// Pooling: the largest element or the mean of each window, their gradients, and the gradients of these.
#include "kernels/pool.h"

#include <algorithm>

#include "ops/conv/padding.h"
#include "ops/epilogue.h"
#include "ops/map_ops.h"
#include "ops/rules.h"

namespace axone {

namespace {

// Bytes of a band of the input's gradient: it is cleared, added to, and refined while in the first-level
// cache.
constexpr int64_t kBandBytes = 32 * 1024;

Axes sizes(const OpCall& c, const char* name, size_t rank, int64_t least) {
  const Axes values = c.attrs.get<Axes>(name);
  require(values.size() == rank, c.name(), ": expected ", rank, " values for '", name,
          "', one for each spatial axis, got ", values);
  for (int64_t v : values)
    require(v >= least && v <= INT32_MAX, c.name(), ": expected values of at least ", least, " for '", name,
            "', got ", values);
  return values;
}

// The windows over an input of shape x: attributes window, strides, pad_lo, pad_hi.
ConvGather windows_of(const OpCall& c, const Shape& x) {
  require(x.size() >= 3 && x.size() <= 5, c.name(),
          ": expected an input of 3 to 5 axes (batch, 1 to 3 spatial axes, channels), got shape ", x);
  const size_t rank = x.size() - 2, first = 3 - rank;
  const Axes window = sizes(c, "window", rank, 1), strides = sizes(c, "strides", rank, 1);
  const Axes low = sizes(c, "pad_lo", rank, 0), high = sizes(c, "pad_hi", rank, 0);
  ConvGather g;
  g.channels = x.back();
  int64_t stride = g.channels;
  for (size_t i = 3; i-- > 0;) {
    const bool there = i >= first;
    const size_t k = i - first;
    g.size[i] = there ? x[k + 1] : 1;
    g.stride[i] = stride;
    g.taps[i] = there ? window[k] : 1;
    g.step[i] = there ? strides[k] : 1;
    g.low[i] = there ? low[k] : 0;
    g.dilation[i] = 1;
    const int64_t padded = g.size[i] + g.low[i] + (there ? high[k] : 0);
    require(g.taps[i] <= padded, c.name(), ": a window of ", g.taps[i], " does not fit into ", padded,
            " positions (input shape ", x, ")");
    require(!there || (g.low[i] < g.taps[i] && high[k] < g.taps[i]), c.name(), ": padding of ", g.low[i],
            " and ", there ? high[k] : 0, " holds a whole window of ", g.taps[i]);
    g.out[i] = (padded - g.taps[i]) / g.step[i] + 1;
    stride *= g.size[i];
  }
  g.sample = stride;
  require(g.size[0] > 0 && g.size[1] > 0 && g.size[2] > 0, c.name(),
          ": expected spatial axes of at least 1, got shape ", x);
  return g;
}

Shape output_shape(const ConvGather& g, const Shape& x) {
  Shape y{x[0]};
  for (size_t i = 5 - x.size(); i < 3; ++i) y.push_back(g.out[i]);
  y.push_back(x.back());
  return y;
}

DType index_type(const ConvGather& g) {
  return g.taps[0] * g.taps[1] * g.taps[2] <= kSmallWindow ? DType::u8 : DType::i32;
}

// The output's type for an input of shape x, after a look at operand i of that shape.
TensorType checked_output(const OpCall& c, size_t operand, const Shape& x) {
  const Shape y = output_shape(windows_of(c, x), x);
  require(c.in(operand).shape == y, c.name(), ": expected operand ", operand, " of shape ", y, ", got ",
          c.in(operand).shape);
  return {c.in(0).dtype, y};
}

// Throws TypeError unless operand 1 holds numbers as max_pool wrote them for an input of shape x.
void expect_index(const OpCall& c, const Shape& x) {
  const DType type = index_type(windows_of(c, x));
  require<TypeError>(c.in(1).dtype == type, c.name(), ": expected an index of ", dtype_name(type), ", got ",
                     dtype_name(c.in(1).dtype));
}

Attrs with_shape(Attrs attrs, const Shape& shape) {
  attrs.set("input_shape", shape);
  return attrs;
}

bool serial(const OpCall& c) {
  return int64_t(byte_size(c.in(0)) + byte_size(c.out())) < kSerialBytes;
}

// Runs fn(row, row_end, io) on the output's positions.
template <class Run>
std::unique_ptr<Instruction> by_rows(const OpCall& c, const char* name, Run run) {
  const int64_t channels = std::max<int64_t>(1, c.out().shape.back()),
                rows = element_count(c.out().shape) / channels;
  return make_instruction(name, serial(c), [rows, run](const Lane& lane, const Operands& io) {
    int64_t begin, end;
    lane.share(rows, &begin, &end);
    if (begin < end) run(begin, end, io);
  });
}

class MaxPool final : public Instruction {
 public:
  MaxPool(const OpCall& c, std::unique_ptr<Epilogue> epilogue)
      : g_(windows_of(c, c.in(0).shape)),
        epilogue_(std::move(epilogue)),
        kernel_(kernel_function<PoolMax>("pool.max", c.in(0).dtype)),
        channels_(c.out().shape.back()),
        rows_(channels_ ? element_count(c.out().shape) / channels_ : 0),
        band_(std::max<int64_t>(
            1, kBandBytes / (std::max<int64_t>(1, channels_) * int64_t(item_size(c.out().dtype))))),
        bands_(ceil_div(rows_, band_)),
        serial_(axone::serial(c)) {
    if (epilogue_) epilogue_->follow(bands_);
  }
  void run(const Lane& lane, const Operands& io) const override {
    if (!epilogue_) return each(lane, io, io.out[0], io.out[1], nullptr);
    epilogue_->run(lane, io, 1, io.scratch, [&](void* y, GemmEpilogue* follower) {
      each(lane, io, y, io.out[epilogue_->outputs()], follower);
    });
  }
  bool serial() const override { return serial_; }
  size_t scratch_bytes(int threads) const override {
    return epilogue_ ? epilogue_->scratch_bytes(threads) : 0;
  }
  const char* name() const override { return "max_pool"; }

 private:
  void each(const Lane& lane, const Operands& io, void* y, void* index, GemmEpilogue* epilogue) const {
    int64_t i, end;
    lane.share(bands_, &i, &end);
    for (; i < end; ++i) {
      const int64_t row = i * band_, row_end = std::min(rows_, row + band_);
      kernel_(g_, io.in[0], row, row_end, y, index);
      if (!epilogue) continue;
      epilogue->begin_part(i);
      epilogue->apply(row * channels_, (row_end - row) * channels_);
    }
  }

  ConvGather g_;
  std::unique_ptr<Epilogue> epilogue_;
  PoolMax kernel_;
  int64_t channels_, rows_, band_, bands_;
  bool serial_;
};

std::unique_ptr<Instruction> compile_max(const OpCall& c, std::unique_ptr<Epilogue> epilogue) {
  return std::make_unique<MaxPool>(c, std::move(epilogue));
}

// The largest of f(x) is f of the largest x where f never falls, and likewise with a number for each channel
// added: what follows a convolution is then computed of its largest elements alone, and so are the gradients.
Value pool_first(Graph& g, Value x, const Attrs& attrs) {
  const Node node = g.node(x);  // a copy: the graph grows
  if (!node.op) return {};
  const auto pooled = [&](Value v) { return Sym(g, g.add("max_pool", {v}, attrs)); };
  if (node.op->monotone && map_parameter(node.attrs) >= 0) {
    const Attrs parameters = node.attrs;
    return pooled(node.inputs[0]).apply(node.op->name, {}, parameters).value();
  }
  if (std::string(node.op->name) != "add") return {};
  for (size_t i = 0; i < 2; ++i) {
    const Shape a = g.shape(node.inputs[i]), b = g.shape(node.inputs[1 - i]);
    if (a != node.outputs[0].shape || b.empty() || element_count(b) != b.back() || b.back() != a.back())
      continue;
    return (pooled(node.inputs[i]) + Sym(g, node.inputs[1 - i])).value();
  }
  return {};
}

std::unique_ptr<Instruction> compile_pick(const OpCall& c) {
  const ConvGather g = windows_of(c, c.in(0).shape);
  const auto kernel = kernel_function<PoolPick>("pool.pick", c.in(0).dtype);
  return by_rows(c, "max_pool_pick", [g, kernel](int64_t begin, int64_t end, const Operands& io) {
    kernel(g, io.in[0], io.in[1], begin, end, io.out[0]);
  });
}

std::unique_ptr<Instruction> compile_average(const OpCall& c) {
  const ConvGather g = windows_of(c, c.in(0).shape);
  const auto kernel = kernel_function<PoolAverage>("pool.average", c.in(0).dtype);
  return by_rows(c, "avg_pool", [g, kernel](int64_t begin, int64_t end, const Operands& io) {
    kernel(g, io.in[0], begin, end, io.out[0]);
  });
}

// The input's gradient, band by band; what follows refines each band.
template <class Fill>
class BandInstruction final : public Instruction {
 public:
  BandInstruction(const OpCall& c, const char* name, Fill fill, size_t inputs,
                  std::unique_ptr<Epilogue> epilogue)
      : name_(name),
        fill_(std::move(fill)),
        g_(windows_of(c, c.out().shape)),
        inputs_(inputs),
        epilogue_(std::move(epilogue)),
        serial_(axone::serial(c)) {
    const int64_t row = std::max<int64_t>(1, g_.stride[1] * int64_t(item_size(c.out().dtype)));
    const int64_t height = std::clamp<int64_t>(kBandBytes / row, 1, g_.size[1]);
    bands_ = ceil_div(g_.size[1], height);
    planes_ = c.out().shape[0] * g_.size[0];
    if (epilogue_) epilogue_->follow(planes_ * bands_);
  }
  void run(const Lane& lane, const Operands& io) const override {
    if (!epilogue_) return each(lane, io, io.out[0], nullptr);
    epilogue_->run(lane, io, inputs_, io.scratch,
                   [&](void* dx, GemmEpilogue* follower) { each(lane, io, dx, follower); });
  }
  bool serial() const override { return serial_; }
  size_t scratch_bytes(int threads) const override {
    return epilogue_ ? epilogue_->scratch_bytes(threads) : 0;
  }
  const char* name() const override { return name_; }

 private:
  void each(const Lane& lane, const Operands& io, void* dx, GemmEpilogue* epilogue) const {
    int64_t index, end;
    lane.share(planes_ * bands_, &index, &end);
    for (; g_.channels > 0 && index < end; ++index) {
      const int64_t plane = index / bands_, i = index % bands_;
      const PoolBand band = {plane / g_.size[0], plane % g_.size[0], g_.size[1] * i / bands_,
                             g_.size[1] * (i + 1) / bands_};
      fill_(g_, io, band, dx);
      if (!epilogue) continue;
      epilogue->begin_part(index);
      epilogue->apply(plane * g_.stride[0] + band.h * g_.stride[1], (band.h_end - band.h) * g_.stride[1]);
    }
  }

  const char* name_;
  Fill fill_;
  ConvGather g_;
  size_t inputs_;
  std::unique_ptr<Epilogue> epilogue_;
  bool serial_;
  int64_t bands_ = 1, planes_ = 0;
};

template <class Fill>
std::unique_ptr<Instruction> by_bands(const OpCall& c, const char* name, Fill fill,
                                      std::unique_ptr<Epilogue> epilogue) {
  return std::make_unique<BandInstruction<Fill>>(c, name, std::move(fill), c.inputs.size(),
                                                 std::move(epilogue));
}

std::unique_ptr<Instruction> compile_max_grad(const OpCall& c, std::unique_ptr<Epilogue> epilogue) {
  const auto kernel = kernel_function<PoolMaxGrad>("pool.max_grad", c.in(0).dtype);
  auto fill = [kernel](const ConvGather& g, const Operands& io, const PoolBand& band, void* dx) {
    kernel(g, io.in[0], io.in[1], band, dx);
  };
  return by_bands(c, "max_pool_grad", fill, std::move(epilogue));
}

std::unique_ptr<Instruction> compile_average_grad(const OpCall& c, std::unique_ptr<Epilogue> epilogue) {
  const auto kernel = kernel_function<PoolAverageGrad>("pool.average_grad", c.in(0).dtype);
  auto fill = [kernel](const ConvGather& g, const Operands& io, const PoolBand& band, void* dx) {
    kernel(g, io.in[0], band, dx);
  };
  return by_bands(c, "avg_pool_grad", fill, std::move(epilogue));
}

[[maybe_unused]] const bool registered = [] {
  Op& largest = define_op("max_pool");
  largest.type = [](const OpCall& c) -> std::vector<TensorType> {
    expect_inputs(c, 1);
    expect_float(c, 0);
    return {{c.in(0).dtype, output_shape(windows_of(c, c.in(0).shape), c.in(0).shape)}};
  };
  largest.simplify = [](Graph& g, const std::vector<Value>& in, const Attrs& attrs) -> Value {
    if (g.leaf_gradients())
      if (Value v = pool_first(g, in[0], attrs)) return v;
    return g.add("max_pool_indexed", {in[0]}, attrs);
  };

  // Outputs: the largest elements, and the number of each in its window.
  Op& max = define_op("max_pool_indexed");
  max.epilogue = true;
  max.rewrite = max_pool_without_pad;
  max.type = [](const OpCall& c) -> std::vector<TensorType> {
    expect_inputs(c, 1);
    expect_float(c, 0);
    const ConvGather g = windows_of(c, c.in(0).shape);
    const Shape y = output_shape(g, c.in(0).shape);
    return {{c.in(0).dtype, y}, {index_type(g), y}};
  };
  max.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    return {g.grad().apply("max_pool_grad", {g.out(1)}, with_shape(g.attrs, g.in(0).shape()))};
  };
  define_execution("max_pool_indexed", compile_max);

  // dy, index -> dx.
  Op& max_grad = define_op("max_pool_grad");
  max_grad.epilogue = true;
  max_grad.type = [](const OpCall& c) -> std::vector<TensorType> {
    expect_inputs(c, 2);
    const Shape x = c.attrs.get<Shape>("input_shape");
    expect_float(c, 0);
    checked_output(c, 0, x);
    checked_output(c, 1, x);
    expect_index(c, x);
    return {{c.in(0).dtype, x}};
  };
  max_grad.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    return {g.grad().apply("max_pool_pick", {g.in(1)}, g.attrs), {}};
  };
  define_execution("max_pool_grad", compile_max_grad);

  // x, index -> y: the gradient of max_pool_grad.
  Op& pick = define_op("max_pool_pick");
  pick.type = [](const OpCall& c) -> std::vector<TensorType> {
    expect_inputs(c, 2);
    expect_float(c, 0);
    expect_index(c, c.in(0).shape);
    return {checked_output(c, 1, c.in(0).shape)};
  };
  pick.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    return {g.grad().apply("max_pool_grad", {g.in(1)}, with_shape(g.attrs, g.in(0).shape())), {}};
  };
  define_execution("max_pool_pick", compile_pick);

  Op& average = define_op("avg_pool");
  average.type = [](const OpCall& c) -> std::vector<TensorType> {
    expect_inputs(c, 1);
    expect_float(c, 0);
    return {{c.in(0).dtype, output_shape(windows_of(c, c.in(0).shape), c.in(0).shape)}};
  };
  average.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    return {g.grad().apply("avg_pool_grad", {}, with_shape(g.attrs, g.in(0).shape()))};
  };
  define_execution("avg_pool", compile_average);

  Op& average_grad = define_op("avg_pool_grad");
  average_grad.epilogue = true;
  average_grad.type = [](const OpCall& c) -> std::vector<TensorType> {
    expect_inputs(c, 1);
    const Shape x = c.attrs.get<Shape>("input_shape");
    checked_output(c, 0, x);
    return {{c.in(0).dtype, x}};
  };
  average_grad.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    return {g.grad().apply("avg_pool", {}, g.attrs)};
  };
  define_execution("avg_pool_grad", compile_average_grad);
  return true;
}();

}  // namespace

}  // namespace axone
