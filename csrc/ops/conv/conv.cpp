// Convolution and its two gradients: shape rules, gradients, and the choice of the algorithm.
#include "ops/conv/algorithms.h"
#include "ops/conv/padding.h"
#include "ops/conv/winograd.h"
#include "ops/rules.h"

namespace axone {

namespace {

void expect_floats(const OpCall& c) {
  expect_inputs(c, 2);
  expect_float(c, 0);
  expect_same_dtype(c, 0, 1);
}

std::vector<TensorType> forward_type(const OpCall& c) {
  expect_floats(c);
  return {{c.in(0).dtype, conv_output_shape(forward_geometry(c), c.in(0).shape.size() - 2)}};
}

std::vector<TensorType> input_grad_type(const OpCall& c) {
  expect_floats(c);
  input_grad_geometry(c);
  return {{c.in(0).dtype, c.attrs.get<Shape>("input_shape")}};
}

std::vector<TensorType> weight_grad_type(const OpCall& c) {
  expect_floats(c);
  const ConvGeometry g = weight_grad_geometry(c);
  Shape shape = c.attrs.get<Shape>("kernel");
  shape.push_back(g.group_channels());
  shape.push_back(g.filters);
  return {{c.in(0).dtype, shape}};
}

// What the three have in common, for the gradients of one from the attributes of another.
Attrs common(const Attrs& attrs) {
  Attrs out;
  for (const char* name : {"strides", "dilation", "pad_lo", "pad_hi"}) out.set(name, attrs.get<Axes>(name));
  out.set("groups", attrs.get<int64_t>("groups", 1));
  if (attrs.get<bool>("exact", false)) out.set("exact", true);
  if (const int64_t samples = attrs.get<int64_t>("samples", 0)) out.set("samples", samples);
  return out;
}

Sym forward(const Attrs& attrs, const Sym& x, const Sym& w) {
  return x.apply("conv", {w}, common(attrs));
}

Sym input_grad(const Attrs& attrs, const Sym& dy, const Sym& w, const Shape& x) {
  Attrs a = common(attrs);
  a.set("input_shape", x);
  return dy.apply("conv_input_grad", {w}, a);
}

Sym weight_grad(const Attrs& attrs, const Sym& x, const Sym& dy, const Shape& w) {
  Attrs a = common(attrs);
  a.set("kernel", Shape(w.begin(), w.end() - 2));
  return x.apply("conv_weight_grad", {dy}, a);
}

bool direct(const ConvGeometry& g) {
  return g.depthwise() && g.taps() <= kDepthwiseTaps && !g.samples;
}

// One pixel, one product: the matrix product's plans and epilogues serve.
std::unique_ptr<Instruction> pointwise(const ConvGeometry& g, int64_t m, int64_t n, int64_t k,
                                       bool transpose_a, bool transpose_b,
                                       std::unique_ptr<Epilogue> epilogue) {
  GemmShape shape;
  shape.dtype = g.dtype;
  shape.m = m, shape.n = n, shape.k = k;
  shape.transpose_a = transpose_a, shape.transpose_b = transpose_b;
  shape.samples = g.samples;
  return make_gemm_instruction(shape, std::move(epilogue));
}

// Many weights that a few tiles of pixels pass by are worth keeping packed.
bool keeps_weights(const ConvGeometry& g, int64_t pixels) {
  constexpr int64_t kBytes = 1 << 20, kFewest = 16, kMost = 2048;
  return g.channels * g.filters * int64_t(item_size(g.dtype)) >= kBytes && pixels >= kFewest &&
         pixels <= kMost;
}

std::unique_ptr<Instruction> compile_forward(const OpCall& c, std::unique_ptr<Epilogue> epilogue) {
  const ConvGeometry g = forward_geometry(c);
  const int64_t pixels = g.batch * g.out_positions();
  if (g.pointwise() && !keeps_weights(g, pixels))
    return pointwise(g, pixels, g.filters, g.channels, false, false, std::move(epilogue));
  if (direct(g)) return depthwise_forward(g, std::move(epilogue));
  if (winograd_applies(g, kFewWinogradTiles)) return winograd_forward(g, std::move(epilogue));
  return gathered_forward(g, std::move(epilogue));
}

std::unique_ptr<Instruction> compile_input_grad(const OpCall& c, std::unique_ptr<Epilogue> epilogue) {
  const ConvGeometry g = input_grad_geometry(c);
  const int64_t pixels = g.batch * g.out_positions();
  if (g.pointwise()) return pointwise(g, pixels, g.channels, g.filters, false, true, std::move(epilogue));
  if (direct(g)) return depthwise_input_grad(g, std::move(epilogue));
  if (winograd_applies(g, kFewWinogradTiles)) return winograd_input_grad(g, std::move(epilogue));
  return gathered_input_grad(g, std::move(epilogue));
}

std::unique_ptr<Instruction> compile_weight_grad(const OpCall& c, std::unique_ptr<Epilogue> epilogue) {
  const ConvGeometry g = weight_grad_geometry(c);
  const int64_t pixels = g.batch * g.out_positions();
  if (g.pointwise()) return pointwise(g, g.channels, g.filters, pixels, true, false, std::move(epilogue));
  if (direct(g)) return depthwise_weight_grad(g, std::move(epilogue));
  if (winograd_applies(g, kWinogradTiles)) return winograd_weight_grad(g, std::move(epilogue));
  return gathered_weight_grad(g, std::move(epilogue));
}

[[maybe_unused]] const bool registered = [] {
  Op& y = define_op("conv");
  y.type = forward_type;
  y.epilogue = true;
  y.rewrite = conv_without_pad;
  y.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    return {input_grad(g.attrs, g.grad(), g.in(1), g.in(0).shape()),
            weight_grad(g.attrs, g.in(0), g.grad(), g.in(1).shape())};
  };
  define_execution("conv", compile_forward);

  // Each is linear in both operands, so that the gradients of the gradients are the other two.
  Op& dx = define_op("conv_input_grad");
  dx.type = input_grad_type;
  dx.epilogue = true;
  dx.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    return {forward(g.attrs, g.grad(), g.in(1)), weight_grad(g.attrs, g.grad(), g.in(0), g.in(1).shape())};
  };
  define_execution("conv_input_grad", compile_input_grad);

  Op& dw = define_op("conv_weight_grad");
  dw.type = weight_grad_type;
  dw.epilogue = true;
  dw.rewrite = weight_grad_without_pad;
  dw.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    return {input_grad(g.attrs, g.in(1), g.grad(), g.in(0).shape()), forward(g.attrs, g.in(0), g.grad())};
  };
  define_execution("conv_weight_grad", compile_weight_grad);
  return true;
}();

}  // namespace

// Below these sizes the transformations cost more than the multiplications that they save.
bool winograd_applies(const ConvGeometry& g, int64_t fewest) {
  constexpr int64_t kChannels = 16;
  if (g.exact || g.dtype != DType::f32 || g.groups != 1) return false;
  if (g.kernel[0] != 1 || g.stride[0] != 1 || g.low[0] != 0 || g.in[0] != g.out[0]) return false;
  if (g.kernel[1] != g.kernel[2] || (g.kernel[1] != 3 && g.kernel[1] != 5)) return false;
  for (int i = 1; i < 3; ++i)
    if (g.stride[i] != 1 || g.dilation[i] != 1) return false;
  const int64_t tile = 7 - g.kernel[1];
  const int64_t images = g.samples ? g.samples : g.batch;
  const int64_t tiles = images * g.in[0] * ceil_div(g.out[1], tile) * ceil_div(g.out[2], tile);
  const int64_t weights = kWinogradPlaces * g.channels * g.filters * 4;
  return std::min(g.channels, g.filters) >= kChannels &&
         tiles >= (weights > kManyWinogradWeights ? fewest : kWinogradTiles);
}

}  // namespace axone
