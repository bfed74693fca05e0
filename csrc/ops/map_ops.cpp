// The elementwise operations: types and gradients. Each runs as the map kernel of its name, alone or in a
// chain.
#include <cmath>

#include "graph/op.h"
#include "ops/map_ops.h"
#include "ops/rules.h"

namespace axone {

namespace {

constexpr double kPi = 3.14159265358979323846;

// ---- types

[[noreturn]] void reject(const OpCall& c, const char* expected) {
  throw TypeError(text(c.name(), ": expected ", expected, ", got ", dtype_name(c.in(0).dtype)));
}

TypeRule unary_rule(bool (*accepts)(DType), const char* expected) {
  return [=](const OpCall& c) -> std::vector<TensorType> {
    require<TypeError>(c.inputs.size() == 1, c.name(), ": expected 1 input, got ", c.inputs.size());
    if (!accepts(c.in(0).dtype)) reject(c, expected);
    return {c.in(0)};
  };
}

bool floats(DType t) {
  return is_float(t);
}
bool numbers(DType t) {
  return t != DType::b8;
}
bool bools(DType t) {
  return t == DType::b8;
}
bool integers(DType t) {
  return is_integer(t);
}
bool any_type(DType) {
  return true;
}

std::vector<TensorType> predicate_type(const OpCall& c) {
  if (!is_float(c.in(0).dtype)) reject(c, "a floating-point tensor");
  return {{DType::b8, c.in(0).shape}};
}

TensorType broadcast_type(const OpCall& c, bool (*accepts)(DType), const char* expected) {
  require<TypeError>(c.inputs.size() == 2, c.name(), ": expected 2 inputs, got ", c.inputs.size());
  require<TypeError>(c.in(0).dtype == c.in(1).dtype, c.name(), ": dtypes differ: ", dtype_name(c.in(0).dtype),
                     " and ", dtype_name(c.in(1).dtype));
  if (!accepts(c.in(0).dtype)) reject(c, expected);
  return {c.in(0).dtype, broadcast_shapes(c.in(0).shape, c.in(1).shape, c.name())};
}

// ---- definitions

using Unary = std::function<Sym(const Sym& dy, const Sym& x, const Sym& y)>;
using Binary = std::function<std::vector<Sym>(const Sym& dy, const Sym& a, const Sym& b, const Sym& y)>;

Op& map_op(const char* name) {
  Op& op = define_op(name);
  op.elementwise = true;
  return op;
}

Op& unary(const char* name, TypeRule type, Unary gradient = {}) {
  Op& op = map_op(name);
  op.type = std::move(type);
  if (gradient)
    op.gradient = [gradient](const GradientCall& g) -> std::vector<Sym> {
      return {gradient(g.grad(), g.in(0), g.out())};
    };
  return op;
}

Op& function(const char* name, Unary gradient = {}) {
  return unary(name, unary_rule(floats, "a floating-point tensor"), std::move(gradient));
}

Op& binary(const char* name, bool (*accepts)(DType), const char* expected, Binary gradient = {}) {
  Op& op = map_op(name);
  op.type = [=](const OpCall& c) -> std::vector<TensorType> {
    return {broadcast_type(c, accepts, expected)};
  };
  if (gradient)
    op.gradient = [gradient](const GradientCall& g) { return gradient(g.grad(), g.in(0), g.in(1), g.out()); };
  return op;
}

void comparison(const char* name) {
  map_op(name).type = [](const OpCall& c) -> std::vector<TensorType> {
    return {{DType::b8, broadcast_type(c, any_type, "").shape}};
  };
}

Sym indicator(const Sym& condition, const Sym& like) {
  return cast(condition, like.dtype());
}

// f_grad(dy, x): a kernel that gives dy * f'(x); its own gradients are dy * f''(x) and f'(x), from the
// formula of f'.
void gradient_kernel(const char* name, std::function<Sym(const Sym& x, const Attrs&)> derivative) {
  Op& op = binary(name, floats, "floating-point tensors");
  op.gradient = [=](const GradientCall& g) -> std::vector<Sym> {
    const Sym d = derivative(g.in(1), g.attrs);
    // The derivative of the derivative, by differentiating the nodes just emitted.
    const Value second = gradient_of(g.graph, d.value(), g.in(1).value(), (g.grad() * g.in(0)).value());
    return {g.grad() * d, Sym(g.graph, second)};
  };
}

Sym normal_density(const Sym& x) {
  return (x * x * -0.5).apply("exp") * (1 / std::sqrt(2 * kPi));
}

// x op neutral = x, where broadcasting leaves x's shape as it is.
SimplifyRule neutral_operand(double neutral, bool commutes) {
  return [=](Graph& g, const std::vector<Value>& in, const Attrs&) -> Value {
    double c;
    const Shape shape = broadcast_shapes(g.shape(in[0]), g.shape(in[1]), "simplify");
    if (is_scalar_constant(g, in[1], &c) && c == neutral && g.shape(in[0]) == shape) return in[0];
    if (commutes && is_scalar_constant(g, in[0], &c) && c == neutral && g.shape(in[1]) == shape) return in[1];
    return {};
  };
}

void define_functions() {
  Op& neg = unary("neg", unary_rule(numbers, "numbers"), [](auto dy, auto, auto) { return -dy; });
  (void)neg;
  unary("abs", unary_rule(numbers, "numbers"), [](auto dy, auto x, auto) { return dy * x.apply("sign"); });
  unary("sign", unary_rule(numbers, "numbers"), [](auto, auto x, auto) { return zeros_like(x); });
  unary("square", unary_rule(numbers, "numbers"), [](auto dy, auto x, auto) { return (dy * 2.0) * x; });
  function("exp", [](auto dy, auto, auto y) { return dy * y; });
  function("expm1", [](auto dy, auto, auto y) { return dy * (y + 1.0); });
  function("log", [](auto dy, auto x, auto) { return dy / x; });
  function("log1p", [](auto dy, auto x, auto) { return dy / (x + 1.0); });
  function("log2", [](auto dy, auto x, auto) { return dy / (x * std::log(2.0)); });
  function("log10", [](auto dy, auto x, auto) { return dy / (x * std::log(10.0)); });
  function("sqrt", [](auto dy, auto, auto y) { return dy / (y * 2.0); });
  function("rsqrt", [](auto dy, auto x, auto y) { return dy * y / x * -0.5; });
  function("reciprocal", [](auto dy, auto, auto y) { return -(dy * y * y); });
  function("sin", [](auto dy, auto x, auto) { return dy * x.apply("cos"); });
  function("cos", [](auto dy, auto x, auto) { return -(dy * x.apply("sin")); });
  function("tan", [](auto dy, auto, auto y) { return dy * (1.0 + y * y); });
  function("arcsin", [](auto dy, auto x, auto) { return dy * (1.0 - x * x).apply("rsqrt"); });
  function("arccos", [](auto dy, auto x, auto) { return -(dy * (1.0 - x * x).apply("rsqrt")); });
  function("arctan", [](auto dy, auto x, auto) { return dy / (1.0 + x * x); });
  function("sinh", [](auto dy, auto x, auto) { return dy * x.apply("cosh"); });
  function("cosh", [](auto dy, auto x, auto) { return dy * x.apply("sinh"); });
  function("tanh", [](auto dy, auto, auto y) { return dy.apply("tanh_grad", {y}); }).monotone = true;
  function("arcsinh", [](auto dy, auto x, auto) { return dy * (x * x + 1.0).apply("rsqrt"); });
  function("arccosh", [](auto dy, auto x, auto) { return dy * (x * x - 1.0).apply("rsqrt"); });
  function("arctanh", [](auto dy, auto x, auto) { return dy / (1.0 - x * x); });
  function("erf",
           [](auto dy, auto x, auto) { return dy * ((x * x * -1.0).apply("exp") * (2 / std::sqrt(kPi))); });
  function("erfc",
           [](auto dy, auto x, auto) { return dy * ((x * x * -1.0).apply("exp") * (-2 / std::sqrt(kPi))); });
  function("erfinv",
           [](auto dy, auto, auto y) { return dy * ((y * y).apply("exp") * (std::sqrt(kPi) / 2)); });
  function("lgamma");
  function("bessel_i0", [](auto dy, auto x, auto) { return dy * x.apply("bessel_i1"); });
  function("bessel_i1", [](auto dy, auto x, auto y) {
    const Sym zero = x.apply("equal", {x.constant(0)});
    const Sym over = select(zero, x.constant(0.5), y / select(zero, x.constant(1), x));  // I1(x) / x
    return dy * (x.apply("bessel_i0") - over);
  });
  for (const char* name : {"round", "floor", "ceil", "trunc"})
    function(name, [](auto, auto x, auto) { return zeros_like(x); });
  for (const char* name : {"isnan", "isfinite", "isinf"}) unary(name, predicate_type);
  unary("logical_not", unary_rule(bools, "a bool tensor"));
  unary("bitwise_not", unary_rule(integers, "an integer tensor"));
  unary("stop_gradient", unary_rule(any_type, "")).kernel = [](const OpCall&) { return "copy"; };
}

void define_activations() {
  function("sigmoid", [](auto dy, auto, auto y) { return dy.apply("sigmoid_grad", {y}); }).monotone = true;
  function("log_sigmoid", [](auto dy, auto x, auto) { return dy * (-x).apply("sigmoid"); }).monotone = true;
  function("softplus", [](auto dy, auto x, auto) { return dy * x.apply("sigmoid"); }).monotone = true;
  function("softsign", [](auto dy, auto x, auto) {
    const Sym d = x.apply("abs") + 1.0;
    return dy / (d * d);
  }).monotone = true;
  unary("relu", unary_rule(numbers, "numbers"), [](auto dy, auto, auto y) {
    return dy.apply("relu_grad", {y});
  }).monotone = true;
  function("relu6", [](auto dy, auto x, auto) { return dy.apply("relu6_grad", {x}); }).monotone = true;
  function("hard_sigmoid", [](auto dy, auto x, auto) {
    const Sym inside = x.apply("abs").apply("less", {x.constant(3)});
    return dy * indicator(inside, dy) * (1.0 / 6);
  }).monotone = true;
  function("hard_tanh", [](auto dy, auto x, auto) {
    return dy * indicator(x.apply("abs").apply("less", {x.constant(1)}), dy);
  }).monotone = true;
  function("selu", [](auto dy, auto x, auto) { return dy.apply("selu_grad", {x}); }).monotone = true;
  function("gelu", [](auto dy, auto x, auto) { return dy.apply("gelu_grad", {x}); });
  function("gelu_tanh", [](auto dy, auto x, auto) { return dy.apply("gelu_tanh_grad", {x}); });
  function("silu", [](auto dy, auto x, auto) { return dy.apply("silu_grad", {x}); });
  function("mish", [](auto dy, auto x, auto) { return dy.apply("mish_grad", {x}); });
  for (const char* name : {"leaky_relu", "elu"}) {
    const std::string derivative = std::string(name) + "_grad";
    Op& op = function(name);
    op.monotone = true;
    op.gradient = [derivative](const GradientCall& g) -> std::vector<Sym> {
      return {g.grad().apply(derivative.c_str(), {g.in(0)}, g.attrs)};
    };
  }

  gradient_kernel("relu_grad",
                  [](auto y, auto&) { return indicator(y.apply("greater", {y.constant(0)}), y); });
  gradient_kernel("relu6_grad", [](auto x, auto&) {
    return indicator(
        x.apply("greater", {x.constant(0)}).apply("logical_and", {x.apply("less", {x.constant(6)})}), x);
  });
  gradient_kernel("sigmoid_grad", [](auto y, auto&) { return y * (1.0 - y); });
  gradient_kernel("tanh_grad", [](auto y, auto&) { return 1.0 - y * y; });
  gradient_kernel("leaky_relu_grad", [](auto x, auto& attrs) {
    const double slope = attrs.template get<double>("negative_slope");
    return select(x.apply("greater", {x.constant(0)}), x.constant(1), x.constant(slope));
  });
  gradient_kernel("elu_grad", [](auto x, auto& attrs) {
    const Sym tail = x.apply("exp") * attrs.template get<double>("alpha");
    return select(x.apply("greater", {x.constant(0)}), x.constant(1), tail);
  });
  gradient_kernel("selu_grad", [](auto x, auto&) {
    constexpr double scale = 1.0507009873554804934193349852946, alpha = 1.6732632423543772848170429916717;
    return select(x.apply("greater", {x.constant(0)}), x.constant(scale), x.apply("exp") * (scale * alpha));
  });
  gradient_kernel("gelu_grad", [](auto x, auto&) {
    return ((x * std::sqrt(0.5)).apply("erf") + 1.0) * 0.5 + x * normal_density(x);
  });
  gradient_kernel("gelu_tanh_grad", [](auto x, auto&) {
    const double a = std::sqrt(2 / kPi), b = 0.044715;
    const Sym t = ((x + x * x * x * b) * a).apply("tanh");
    return (t + 1.0) * 0.5 + x * (1.0 - t * t) * (1.0 + x * x * (3 * b)) * (0.5 * a);
  });
  gradient_kernel("silu_grad", [](auto x, auto&) {
    const Sym s = x.apply("sigmoid");
    return s + x * s * (1.0 - s);
  });
  gradient_kernel("mish_grad", [](auto x, auto&) {
    const Sym t = x.apply("softplus").apply("tanh");
    return t + x * x.apply("sigmoid") * (1.0 - t * t);
  });
}

void define_arithmetic() {
  binary("add", numbers, "numbers", [](auto dy, auto, auto, auto) {
    return std::vector<Sym>{dy, dy};
  }).simplify = neutral_operand(0, true);
  binary("subtract", numbers, "numbers", [](auto dy, auto, auto, auto) {
    return std::vector<Sym>{dy, -dy};
  }).simplify = neutral_operand(0, false);
  binary("multiply", numbers, "numbers", [](auto dy, auto a, auto b, auto) {
    return std::vector<Sym>{dy * b, dy * a};
  }).simplify = neutral_operand(1, true);
  binary("divide", floats, "floating-point tensors", [](auto dy, auto, auto b, auto y) {
    const Sym da = dy / b;
    return std::vector<Sym>{da, -(da * y)};
  }).simplify = neutral_operand(1, false);
  binary("floor_divide", numbers, "numbers");
  binary("mod", numbers, "numbers",
         [](auto dy, auto a, auto b, auto) { return std::vector<Sym>{dy, -(dy * (a / b).apply("floor"))}; });
  binary("power", numbers, "numbers", [](auto dy, auto a, auto b, auto y) {
    // d/da = b a^(b-1), also where a is 0; d/db = y log a, 0 where a is not positive.
    const Sym one = b.constant(1), zero = b.constant(0);
    const Sym flat = b.apply("equal", {zero});
    const Sym lower = a.apply("power", {select(flat, one, b - 1.0)});
    const Sym positive = a.apply("greater", {zero});
    const Sym log = select(positive, a, one).apply("log");
    return std::vector<Sym>{dy * b * lower, dy * select(positive, y * log, zero)};
  });
  // Equal operands share the gradient, so that maximum(x, x) has slope 1.
  for (const char* name : {"maximum", "minimum"})
    binary(name, any_type, "", [](auto dy, auto a, auto b, auto y) {
      const Sym tie = 0.5 * indicator(a.apply("equal", {b}), dy);
      return std::vector<Sym>{dy * (indicator(a.apply("equal", {y}), dy) - tie),
                              dy * (indicator(b.apply("equal", {y}), dy) - tie)};
    });
  binary("arctan2", floats, "floating-point tensors", [](auto dy, auto a, auto b, auto) {
    const Sym scale = dy / (a * a + b * b);
    return std::vector<Sym>{scale * b, -(scale * a)};
  });
  // By the upper limit x alone: x^(a-1) e^-x / Gamma(a).
  binary("gammainc", floats, "floating-point tensors", [](auto dy, auto a, auto x, auto) {
    const Sym log = (a - 1.0) * x.apply("log") - x - a.apply("lgamma");
    return std::vector<Sym>{Sym(), dy * log.apply("exp")};
  });
  binary("nextafter", floats, "floating-point tensors");
  binary("gcd", integers, "integer tensors");
  for (const char* name : {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal"})
    comparison(name);
  for (const char* name : {"logical_and", "logical_or", "logical_xor"}) binary(name, bools, "bool tensors");
  for (const char* name : {"bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift"})
    binary(name, integers, "integer tensors");
}

void define_selection() {
  Op& where = map_op("where");
  where.type = [](const OpCall& c) -> std::vector<TensorType> {
    require<TypeError>(c.inputs.size() == 3 && c.in(0).dtype == DType::b8 && c.in(1).dtype == c.in(2).dtype,
                       "where: expected a bool condition and two values of one dtype");
    const Shape values = broadcast_shapes(c.in(1).shape, c.in(2).shape, "where");
    return {{c.in(1).dtype, broadcast_shapes(c.in(0).shape, values, "where")}};
  };
  where.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    const Sym zero = g.grad().constant(0);
    return {Sym(), select(g.in(0), g.grad(), zero), select(g.in(0), zero, g.grad())};
  };

  Op& clip = map_op("clip");
  clip.type = [](const OpCall& c) -> std::vector<TensorType> {
    require<TypeError>(
        c.inputs.size() == 3 && c.in(0).dtype == c.in(1).dtype && c.in(0).dtype == c.in(2).dtype,
        "clip: expected a tensor and two bounds of its dtype");
    const Shape bounds = broadcast_shapes(c.in(1).shape, c.in(2).shape, "clip");
    return {{c.in(0).dtype, broadcast_shapes(c.in(0).shape, bounds, "clip")}};
  };
  clip.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    const Sym zero = g.grad().constant(0);
    const Sym below = g.in(0).apply("less", {g.in(1)}), above = g.in(0).apply("greater", {g.in(2)});
    const Sym outside = below.apply("logical_or", {above});
    return {select(outside, zero, g.grad()), select(below, g.grad(), zero), select(above, g.grad(), zero)};
  };

  Op& cast_op = map_op("cast");
  cast_op.type = [](const OpCall& c) -> std::vector<TensorType> {
    return {{dtype_from_name(c.attrs.get<std::string>("dtype").c_str()), c.in(0).shape}};
  };
  cast_op.kernel = [](const OpCall& c) { return "cast_" + c.attrs.get<std::string>("dtype"); };
  cast_op.simplify = [](Graph& g, const std::vector<Value>& in, const Attrs& attrs) -> Value {
    return attrs.get<std::string>("dtype") == dtype_name(g.dtype(in[0])) ? in[0] : Value{};
  };
  cast_op.gradient = [](const GradientCall& g) -> std::vector<Sym> {
    return {cast(g.grad(), g.in(0).dtype())};
  };

  Op& broadcast = map_op("broadcast_to");
  broadcast.type = [](const OpCall& c) -> std::vector<TensorType> {
    const Shape shape = c.attrs.get<Shape>("shape");
    require(broadcast_shapes(c.in(0).shape, shape, "broadcast_to") == shape, "broadcast_to: shape ",
            c.in(0).shape, " does not broadcast to ", shape);
    return {{c.in(0).dtype, shape}};
  };
  broadcast.kernel = [](const OpCall&) { return "copy"; };
  broadcast.simplify = [](Graph& g, const std::vector<Value>& in, const Attrs& attrs) -> Value {
    return g.shape(in[0]) == attrs.get<Shape>("shape") ? in[0] : Value{};
  };
  broadcast.gradient = [](const GradientCall& g) -> std::vector<Sym> { return {g.grad()}; };
}

// What a vector unit does while it waits for memory.
void mark_cheap() {
  for (const char* name :
       {"neg",         "abs",        "square",      "relu",       "relu6",   "relu_grad",
        "relu6_grad",  "add",        "subtract",    "multiply",   "maximum", "minimum",
        "equal",       "not_equal",  "less",        "less_equal", "greater", "greater_equal",
        "logical_and", "logical_or", "logical_not", "where",      "cast",    "broadcast_to"})
    const_cast<Op&>(find_op(name)).cheap = true;
}

[[maybe_unused]] const bool registered = [] {
  define_functions();
  define_activations();
  define_arithmetic();
  define_selection();
  mark_cheap();
  return true;
}();

}  // namespace

double map_parameter(const Attrs& attrs) {
  for (const char* name : {"negative_slope", "alpha"})
    if (attrs.has(name)) return attrs.get<double>(name);
  return 0;
}

}  // namespace axone
