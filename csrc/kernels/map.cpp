// The elementwise kernels: contract in map.h. One line of the table per operation.
#include "kernels/map.h"

#include "kernels/adam.h"
#include "kernels/families.h"
#include "simd/math.h"

namespace axone {
namespace AXONE_TARGET {
namespace {

#include "kernels/map_loops.inl"

#include "kernels/map_arithmetic.inl"

#include "kernels/map_activations.inl"
#include "kernels/map_compare.inl"
#include "kernels/map_functions.inl"

#define AXONE_ENTRY(name, type, ...) \
  {"map." name, DType::type, reinterpret_cast<void (*)()>(MapFunction(__VA_ARGS__)), nullptr}
#define AXONE_FLOATS(name, loop, op) \
  AXONE_ENTRY(name, f32, loop<op, float>), AXONE_ENTRY(name, f64, loop<op, double>)
#define AXONE_UPDATE(name, Gradient)                                                                  \
  {name, DType::f32, reinterpret_cast<void (*)()>(UpdateFunction(adam<Gradient, float>)), nullptr}, { \
    name, DType::f64, reinterpret_cast<void (*)()>(UpdateFunction(adam<Gradient, double>)), nullptr   \
  }
#define AXONE_SIGNED(name, loop, op) \
  AXONE_ENTRY(name, i32, loop<op, int32_t>), AXONE_ENTRY(name, i64, loop<op, int64_t>)
#define AXONE_INTS(name, loop, op) AXONE_SIGNED(name, loop, op), AXONE_ENTRY(name, u8, loop<op, uint8_t>)
#define AXONE_NUMBERS(name, loop, op) AXONE_FLOATS(name, loop, op), AXONE_INTS(name, loop, op)
#define AXONE_BOOL(name, loop, op) AXONE_ENTRY(name, b8, loop<op, uint8_t>)
// Loops over elements: both types are named.
#define AXONE_EACH_FLOAT(name, op) \
  AXONE_ENTRY(name, f32, each2<op, float, float>), AXONE_ENTRY(name, f64, each2<op, double, double>)
#define AXONE_EACH_INT(name, op)                                                                            \
  AXONE_ENTRY(name, i32, each2<op, int32_t, int32_t>), AXONE_ENTRY(name, i64, each2<op, int64_t, int64_t>), \
      AXONE_ENTRY(name, u8, each2<op, uint8_t, uint8_t>)
#define AXONE_TEST(name, op) \
  AXONE_ENTRY(name, f32, each1<op, float, uint8_t>), AXONE_ENTRY(name, f64, each1<op, double, uint8_t>)
#define AXONE_COMPARISON(name, op)                                                                       \
  AXONE_ENTRY(name, f32, each2<op, float, uint8_t>), AXONE_ENTRY(name, f64, each2<op, double, uint8_t>), \
      AXONE_ENTRY(name, i32, each2<op, int32_t, uint8_t>),                                               \
      AXONE_ENTRY(name, i64, each2<op, int64_t, uint8_t>),                                               \
      AXONE_ENTRY(name, u8, each2<op, uint8_t, uint8_t>), AXONE_ENTRY(name, b8, each2<op, uint8_t, uint8_t>)
#define AXONE_ALL_TYPES(name, function)                                                     \
  AXONE_ENTRY(name, f32, function<float>), AXONE_ENTRY(name, f64, function<double>),        \
      AXONE_ENTRY(name, i32, function<int32_t>), AXONE_ENTRY(name, i64, function<int64_t>), \
      AXONE_ENTRY(name, u8, function<uint8_t>), AXONE_ENTRY(name, b8, function<uint8_t>)
#define AXONE_CASTS(name, op, To)                                                                     \
  AXONE_ENTRY(name, f32, each1<op, float, To>), AXONE_ENTRY(name, f64, each1<op, double, To>),        \
      AXONE_ENTRY(name, i32, each1<op, int32_t, To>), AXONE_ENTRY(name, i64, each1<op, int64_t, To>), \
      AXONE_ENTRY(name, u8, each1<op, uint8_t, To>), AXONE_ENTRY(name, b8, each1<op, uint8_t, To>)

const KernelEntry kEntries[] = {
    AXONE_NUMBERS("add", map2, Add),
    AXONE_NUMBERS("subtract", map2, Subtract),
    AXONE_NUMBERS("multiply", map2, Multiply),
    AXONE_FLOATS("divide", map2, Divide),
    AXONE_EACH_FLOAT("floor_divide", FloorDivide),
    AXONE_EACH_INT("floor_divide", FloorDivide),
    AXONE_EACH_FLOAT("mod", Mod),
    AXONE_EACH_INT("mod", Mod),
    AXONE_FLOATS("power", map2, Power),
    AXONE_EACH_INT("power", PowerInt),
    AXONE_NUMBERS("maximum", map2, Maximum),
    AXONE_BOOL("maximum", map2, Or),
    AXONE_NUMBERS("minimum", map2, Minimum),
    AXONE_BOOL("minimum", map2, And),
    AXONE_FLOATS("arctan2", map2, Arctan2),
    AXONE_FLOATS("fma", map3, Fma),
    AXONE_FLOATS("fma_relu", map3, FmaRelu),
    AXONE_FLOATS("fma_relu6", map3, FmaRelu6),
    AXONE_FLOATS("fms", map3, Fms),
    AXONE_FLOATS("fnma", map3, Fnma),
    AXONE_FLOATS("lerp", map3, Lerp),
    AXONE_FLOATS("lerp_square", map3, LerpSquare),
    AXONE_FLOATS("root_plus", map2, RootPlus),
    AXONE_FLOATS("over_root", map3, OverRoot),
    AXONE_NUMBERS("clip", map3, Clip),
    AXONE_UPDATE("map.adam", PlainGradient),
    AXONE_UPDATE("map.adam_scaled", ScaledGradient),
    AXONE_UPDATE("map.adam_penalty", PenalizedGradient),
    AXONE_UPDATE("map.adam_clipped", ClippedGradient),

    AXONE_NUMBERS("neg", map1, Neg),
    AXONE_NUMBERS("square", map1, Square),
    AXONE_FLOATS("abs", map1, Abs),
    AXONE_SIGNED("abs", map1, AbsInt),
    AXONE_ENTRY("abs", u8, map1<Identity, uint8_t>),
    AXONE_FLOATS("sign", map1, Sign),
    AXONE_SIGNED("sign", map1, Sign),
    AXONE_ENTRY("sign", u8, map1<SignUnsigned, uint8_t>),
    AXONE_FLOATS("relu", map1, Relu),
    AXONE_SIGNED("relu", map1, Relu),
    AXONE_ENTRY("relu", u8, map1<Identity, uint8_t>),

    AXONE_FLOATS("exp", map1, Exp),
    AXONE_FLOATS("expm1", map1, Expm1),
    AXONE_FLOATS("log", map1, Log),
    AXONE_FLOATS("log1p", map1, Log1p),
    AXONE_FLOATS("log2", map1, Log2),
    AXONE_FLOATS("log10", map1, Log10),
    AXONE_FLOATS("sqrt", map1, Sqrt),
    AXONE_FLOATS("rsqrt", map1, Rsqrt),
    AXONE_FLOATS("reciprocal", map1, Reciprocal),
    AXONE_FLOATS("sin", map1, Sin),
    AXONE_FLOATS("cos", map1, Cos),
    AXONE_FLOATS("tan", map1, Tan),
    AXONE_FLOATS("arcsin", map1, Arcsin),
    AXONE_FLOATS("arccos", map1, Arccos),
    AXONE_FLOATS("arctan", map1, Arctan),
    AXONE_FLOATS("sinh", map1, Sinh),
    AXONE_FLOATS("cosh", map1, Cosh),
    AXONE_FLOATS("tanh", map1, Tanh),
    AXONE_FLOATS("arcsinh", map1, Arcsinh),
    AXONE_FLOATS("arccosh", map1, Arccosh),
    AXONE_FLOATS("arctanh", map1, Arctanh),
    AXONE_FLOATS("erf", map1, Erf),
    AXONE_FLOATS("erfc", map1, Erfc),
    AXONE_FLOATS("erfinv", map1, Erfinv),
    AXONE_FLOATS("lgamma", map1, Lgamma),
    AXONE_FLOATS("bessel_i0", map1, BesselI0),
    AXONE_FLOATS("bessel_i1", map1, BesselI1),
    AXONE_FLOATS("gammainc", map2, Gammainc),
    AXONE_EACH_FLOAT("nextafter", Nextafter),
    AXONE_EACH_INT("gcd", Gcd),
    AXONE_FLOATS("round", map1, Round),
    AXONE_FLOATS("floor", map1, Floor),
    AXONE_FLOATS("ceil", map1, Ceil),
    AXONE_FLOATS("trunc", map1, Trunc),

    AXONE_FLOATS("sigmoid", map1, Sigmoid),
    AXONE_FLOATS("log_sigmoid", map1, LogSigmoid),
    AXONE_FLOATS("softplus", map1, Softplus),
    AXONE_FLOATS("softsign", map1, Softsign),
    AXONE_FLOATS("relu6", map1, Relu6),
    AXONE_FLOATS("leaky_relu", map1, LeakyRelu),
    AXONE_FLOATS("elu", map1, Elu),
    AXONE_FLOATS("selu", map1, Selu),
    AXONE_FLOATS("gelu", map1, Gelu),
    AXONE_FLOATS("gelu_tanh", map1, GeluTanh),
    AXONE_FLOATS("silu", map1, Silu),
    AXONE_FLOATS("mish", map1, Mish),
    AXONE_FLOATS("hard_sigmoid", map1, HardSigmoid),
    AXONE_FLOATS("hard_tanh", map1, HardTanh),
    AXONE_FLOATS("relu_grad", map2, ReluGrad),
    AXONE_FLOATS("relu6_grad", map2, Relu6Grad),
    AXONE_FLOATS("leaky_relu_grad", map2, LeakyReluGrad),
    AXONE_FLOATS("sigmoid_grad", map2, SigmoidGrad),
    AXONE_FLOATS("tanh_grad", map2, TanhGrad),
    AXONE_FLOATS("softplus_grad", map2, SoftplusGrad),
    AXONE_FLOATS("silu_grad", map2, SiluGrad),
    AXONE_FLOATS("elu_grad", map2, EluGrad),
    AXONE_FLOATS("selu_grad", map2, SeluGrad),
    AXONE_FLOATS("erf_grad", map2, ErfGrad),
    AXONE_FLOATS("gelu_grad", map2, GeluGrad),
    AXONE_FLOATS("gelu_tanh_grad", map2, GeluTanhGrad),
    AXONE_FLOATS("mish_grad", map2, MishGrad),

    AXONE_TEST("isnan", IsNan),
    AXONE_TEST("isinf", IsInf),
    AXONE_TEST("isfinite", IsFinite),
    AXONE_COMPARISON("equal", Equal),
    AXONE_COMPARISON("not_equal", NotEqual),
    AXONE_COMPARISON("less", Less),
    AXONE_COMPARISON("less_equal", LessEqual),
    AXONE_COMPARISON("greater", Greater),
    AXONE_COMPARISON("greater_equal", GreaterEqual),
    AXONE_BOOL("logical_and", map2, And),
    AXONE_BOOL("logical_or", map2, Or),
    AXONE_BOOL("logical_xor", map2, Xor),
    AXONE_BOOL("logical_not", map1, LogicalNot),
    AXONE_INTS("bitwise_and", map2, And),
    AXONE_INTS("bitwise_or", map2, Or),
    AXONE_INTS("bitwise_xor", map2, Xor),
    AXONE_INTS("bitwise_not", map1, Not),
    AXONE_EACH_INT("left_shift", LeftShift),
    AXONE_EACH_INT("right_shift", RightShift),

    AXONE_ALL_TYPES("where", where),
    AXONE_ALL_TYPES("copy", copy),
    AXONE_CASTS("cast_float32", Cast, float),
    AXONE_CASTS("cast_float64", Cast, double),
    AXONE_CASTS("cast_int32", Cast, int32_t),
    AXONE_CASTS("cast_int64", Cast, int64_t),
    AXONE_CASTS("cast_uint8", Cast, uint8_t),
    AXONE_CASTS("cast_bool", CastToBool, uint8_t),
};

}  // namespace

extern const KernelFamily map_family;
const KernelFamily map_family = {kEntries, sizeof(kEntries) / sizeof(kEntries[0])};

}  // namespace AXONE_TARGET
}  // namespace axone
