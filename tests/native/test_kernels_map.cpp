// Arithmetic kernels of two and three inputs and the gradients of activations, on every instruction set.
#include <algorithm>
#include <random>

#include "kernel_check.h"

namespace axone::testing {
namespace {

using Real = long double;

template <class T, class F>
void check_binary(const std::string& op, double allowed, const F& exact, double floor = 0) {
  Pairs<T> p;
  std::vector<T> y = run_map<T>(op, dtype_of<T>, p.a, p.b);
  for (size_t i = 0; i < y.size(); ++i) {
    double error = ulps<T>(y[i], exact(p.a[i], p.b[i]), floor);
    CHECK(error <= allowed, op, " ", dtype_name(dtype_of<T>), "(", p.a[i], ", ", p.b[i], ") = ", y[i],
          ", expected ", exact(p.a[i], p.b[i]));
  }
}

template <class T, class F>
void check_integer(const std::string& op, const F& exact) {
  Pairs<T> p;
  std::vector<T> y = run_map<T>(op, dtype_of<T>, p.a, p.b);
  for (size_t i = 0; i < y.size(); ++i)
    CHECK(y[i] == T(exact(p.a[i], p.b[i])), op, " ", dtype_name(dtype_of<T>), "(", +p.a[i], ", ", +p.b[i],
          ") = ", +y[i]);
}

// Python's remainder and quotient, exactly: fmod has no rounding.
template <class T>
Real python_mod(T x, T y) {
  T r = std::fmod(x, y);
  if (r == 0) return std::copysign(Real(0), Real(y));
  return (r < 0) != (y < 0) ? Real(T(r + y)) : Real(r);
}
template <class T>
Real python_floor_divide(T x, T y) {
  if (y == 0 || x != x || y != y) return Real(T(x / y));
  if (std::isinf(x)) return std::nan("");
  if (std::isinf(y)) return x == 0 ? std::copysign(Real(0), Real(x / y)) : (x < 0) != (y < 0) ? -1 : 0;
  Real q = std::floor((Real(x) - std::fmod(x, y)) / y);  // exact quotient where it fits 64 bits
  if (std::fmod(x, y) != 0 && (x < 0) != (y < 0)) q = std::floor((Real(x) - std::fmod(x, y)) / y - 0.5L);
  return q == 0 ? std::copysign(Real(0), Real(T(x / y))) : q;
}

template <class T>
void check_float_arithmetic() {
  check_binary<T>("add", 0.5, [](T x, T y) { return Real(T(x + y)); });
  check_binary<T>("subtract", 0.5, [](T x, T y) { return Real(T(x - y)); });
  check_binary<T>("multiply", 0.5, [](T x, T y) { return Real(T(x * y)); });
  check_binary<T>("divide", 0.5, [](T x, T y) { return Real(T(x / y)); });
  check_binary<T>(
      "maximum", 0, [](T x, T y) { return x != x || y != y ? Real(NAN) : Real(x < y ? y : x); }, 1);
  check_binary<T>(
      "minimum", 0, [](T x, T y) { return x != x || y != y ? Real(NAN) : Real(y < x ? y : x); }, 1);
  check_binary<T>("mod", 0, python_mod<T>);
  check_binary<T>("floor_divide", 1, python_floor_divide<T>);
  check_binary<T>("power", 1, [](T x, T y) { return std::pow(Real(x), Real(y)); });
  check_binary<T>("arctan2", sizeof(T) == 4 ? 1 : 3, [](T x, T y) { return std::atan2(Real(x), Real(y)); });
}

template <class T>
void check_integer_arithmetic() {
  using U = std::make_unsigned_t<T>;
  constexpr bool kSigned = std::is_signed_v<T>;
  check_integer<T>("add", [](T x, T y) { return U(U(x) + U(y)); });
  check_integer<T>("subtract", [](T x, T y) { return U(U(x) - U(y)); });
  check_integer<T>("multiply", [](T x, T y) { return U(uint64_t(x) * uint64_t(y)); });
  check_integer<T>("maximum", [](T x, T y) { return std::max(x, y); });
  check_integer<T>("minimum", [](T x, T y) { return std::min(x, y); });
  check_integer<T>("mod", [](T x, T y) -> T {
    if (y == 0 || (kSigned && y == T(-1))) return 0;
    T r = T(x % y);
    return r != 0 && (r < 0) != (y < 0) ? T(r + y) : r;
  });
  check_integer<T>("floor_divide", [](T x, T y) -> T {
    if (y == 0) return 0;
    if (kSigned && y == T(-1)) return T(U(0) - U(x));
    return T(x / y - (x % y != 0 && (x < 0) != (y < 0)));
  });
  check_integer<T>("power", [](T x, T y) -> T {
    if (y < 0) return x == 1 ? T(1) : x == T(-1) ? T(y % 2 ? -1 : 1) : T(0);
    uint64_t r = 1;  // from the highest bit of y down
    for (int bit = 63; bit >= 0; --bit) r = r * r * ((uint64_t(y) >> bit) & 1 ? uint64_t(x) : 1);
    return T(r);
  });
  constexpr T kBits = 8 * sizeof(T);
  check_integer<T>("left_shift", [](T x, T y) { return y < 0 || y >= kBits ? U(0) : U(uint64_t(x) << y); });
  check_integer<T>("right_shift",
                   [](T x, T y) { return y < 0 || y >= kBits ? T(x < 0 ? -1 : 0) : T(x >> y); });
  check_integer<T>("bitwise_and", [](T x, T y) { return x & y; });
  check_integer<T>("bitwise_or", [](T x, T y) { return x | y; });
  check_integer<T>("bitwise_xor", [](T x, T y) { return x ^ y; });
  std::vector<T> x = edge_values<T>();
  for (const char* op : {"neg", "abs", "sign", "square", "relu", "bitwise_not"}) {
    std::vector<T> y = run_map<T>(op, dtype_of<T>, x);
    for (size_t i = 0; i < x.size(); ++i) {
      const U u = U(x[i]);
      const U exact = !std::strcmp(op, "neg")      ? U(0 - u)
                      : !std::strcmp(op, "abs")    ? (x[i] < 0 ? U(0 - u) : u)
                      : !std::strcmp(op, "sign")   ? U((x[i] > 0) - (x[i] < 0))
                      : !std::strcmp(op, "square") ? U(uint64_t(u) * u)
                      : !std::strcmp(op, "relu")   ? (x[i] < 0 ? U(0) : u)
                                                   : U(~u);
      CHECK(U(y[i]) == exact, op, " ", dtype_name(dtype_of<T>), "(", +x[i], ") = ", +y[i]);
    }
  }
}

TEST(float_arithmetic) {
  on_every_target([] {
    check_float_arithmetic<float>();
    check_float_arithmetic<double>();
  });
}

TEST(integer_arithmetic) {
  on_every_target([] {
    check_integer_arithmetic<int32_t>();
    check_integer_arithmetic<int64_t>();
    check_integer_arithmetic<uint8_t>();
  });
}

Real sigmoid(Real x) {
  return 1 / (1 + std::exp(-x));
}
Real normal_density(Real x) {
  return std::exp(-x * x / 2) / std::sqrt(2 * std::acos(Real(-1)));
}

// The derivative at x of the function called `op`; `floor`: below it the error counts absolutely.
struct Gradient {
  const char* op;
  Real (*derivative)(Real);
  double allowed, floor;
};
const Gradient kGradients[] = {
    {"relu_grad", [](Real y) { return Real(y > 0); }, 0, 0},
    {"relu6_grad", [](Real y) { return Real(y > 0 && y < 6); }, 0, 0},
    {"leaky_relu_grad", [](Real y) { return y < 0 ? 0.25L : 1; }, 0, 0},
    {"sigmoid_grad", [](Real y) { return y * (1 - y); }, 3, 1},
    {"tanh_grad", [](Real y) { return 1 - y * y; }, 3, 1},
    {"softplus_grad", sigmoid, 3, 0},
    {"silu_grad", [](Real x) { return sigmoid(x) * (1 + x * (1 - sigmoid(x))); }, 4, 1},
    {"elu_grad", [](Real x) { return x > 0 ? 1 : 0.25L * std::exp(x); }, 2, 0},
    {"selu_grad",
     [](Real x) { return 1.05070098735548049L * (x > 0 ? 1 : 1.67326324235437728L * std::exp(x)); }, 3, 0},
    {"erf_grad", [](Real x) { return 2 / std::sqrt(std::acos(Real(-1))) * std::exp(-x * x); }, 5, 0.1},
    {"gelu_grad", [](Real x) { return std::erfc(-x / std::sqrt(Real(2))) / 2 + x * normal_density(x); }, 5,
     1},
    {"gelu_tanh_grad",
     [](Real x) {
       const Real k = 2 * std::sqrt(2 / std::acos(Real(-1)));
       const Real s = sigmoid(k * (x + 0.044715L * x * x * x));
       return s + x * s * (1 - s) * k * (1 + 3 * 0.044715L * x * x);
     },
     8, 1},
    {"mish_grad",
     [](Real x) {
       const Real e = std::exp(x), t = std::tanh(std::log1p(e));
       return t + x * (1 - t * t) * sigmoid(x);
     },
     6, 1},
};

template <class T>
void check_gradients() {
  std::vector<T> dy, x;
  for (int i = -4000; i <= 4000; ++i) x.push_back(T(i) / T(250)), dy.push_back(T(i % 7 - 3));
  for (T far : {T(1e4), T(1e30), std::numeric_limits<T>::max()})
    for (T s : {far, -far}) x.push_back(s), dy.push_back(T(2));
  for (const Gradient& g : kGradients) {
    std::vector<T> y = run_map<T>(g.op, dtype_of<T>, dy, x, {}, 0.25);
    double worst = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      if (std::fabs(x[i]) > 50 && std::isnan(g.derivative(x[i]))) {  // the reference itself overflows
        CHECK(std::isfinite(y[i]), g.op, " at ", x[i], " is ", y[i]);
        continue;
      }
      const bool product = !std::strcmp(g.op, "sigmoid_grad") || !std::strcmp(g.op, "tanh_grad");
      if (product && std::fabs(x[i]) > 1) continue;
      worst = std::fmax(worst, ulps<T>(y[i], dy[i] * g.derivative(x[i]), g.floor + 1e-30));
    }
    if (verbose())
      std::printf("  %-9s %s %s %.3f ulp\n", active_target().name, g.op, dtype_name(dtype_of<T>), worst);
    CHECK(worst <= g.allowed, g.op, " ", dtype_name(dtype_of<T>), " is off by ", worst, " ulp");
  }
}

TEST(gradients) {
  on_every_target([] {
    check_gradients<float>();
    check_gradients<double>();
  });
}

template <class T>
void check_ternary() {
  std::vector<T> a, b, c;
  std::mt19937 rng(2);
  for (int i = 0; i < 333; ++i) {
    a.push_back(T(int(rng() % 201) - 100));
    b.push_back(T(int(rng() % 201) - 100));
    c.push_back(T(int(rng() % 201) - 50));
  }
  std::vector<T> fma = run_map<T>("fma", dtype_of<T>, a, b, c), fms = run_map<T>("fms", dtype_of<T>, a, b, c);
  std::vector<T> fnma = run_map<T>("fnma", dtype_of<T>, a, b, c),
                 clip = run_map<T>("clip", dtype_of<T>, a, b, c);
  std::vector<T> relu = run_map<T>("fma_relu", dtype_of<T>, a, b, c),
                 relu6 = run_map<T>("fma_relu6", dtype_of<T>, a, b, c);
  std::vector<T> lerp = run_map<T>("lerp", dtype_of<T>, a, b, c),
                 lerp_square = run_map<T>("lerp_square", dtype_of<T>, a, b, c);
  for (size_t i = 0; i < a.size(); ++i) {
    CHECK(fma[i] == a[i] * b[i] + c[i], "fma");
    CHECK(relu[i] == std::max(fma[i], T(0)), "fma_relu");
    CHECK(relu6[i] == std::min(std::max(fma[i], T(0)), T(6)), "fma_relu6");
    CHECK(fms[i] == a[i] * b[i] - c[i], "fms");
    CHECK(fnma[i] == c[i] - a[i] * b[i], "fnma");
    CHECK(lerp[i] == a[i] + (b[i] - a[i]) * c[i], "lerp");
    CHECK(lerp_square[i] == a[i] + (b[i] * b[i] - a[i]) * c[i], "lerp_square");
    CHECK(clip[i] == std::min(std::max(a[i], b[i]), c[i]), "clip ", a[i], " to ", b[i], ", ", c[i]);
  }
  const T nan = std::numeric_limits<T>::quiet_NaN();
  CHECK(std::isnan(run_map<T, T>("clip", dtype_of<T>, {nan}, {T(0)}, {T(1)})[0]), "clip of NaN");
  for (const char* op : {"fma_relu", "fma_relu6"})
    CHECK(std::isnan(run_map<T, T>(op, dtype_of<T>, {nan}, {T(0)}, {T(1)})[0]), op, " of NaN");
}

TEST(ternary) {
  on_every_target([] {
    check_ternary<float>();
    check_ternary<double>();
  });
}

// Every length gives the same elements, with the output on either input.
template <class T>
void check_binary_sizes(const std::string& op) {
  const MapFunction f = map_kernel(op, dtype_of<T>);
  std::vector<T> a, b;
  for (int i = 0; i < 300; ++i) a.push_back(T(1 + i % 50)), b.push_back(T(1 + i % 7));
  const std::vector<T> all = run_map<T>(op, dtype_of<T>, a, b);
  for (int64_t n = 0; n <= 280; n += n < 140 ? 1 : 13) {
    Guarded<T> left(std::vector<T>(a.begin(), a.begin() + n)),
        right(std::vector<T>(b.begin(), b.begin() + n));
    f(left.data(), left.data(), b.data(), nullptr, n, 0.25);
    f(right.data(), a.data(), right.data(), nullptr, n, 0.25);
    const size_t bytes = size_t(n) * sizeof(T);
    CHECK(!std::memcmp(left.data(), all.data(), bytes) && left.intact(), op,
          " over its first input, n = ", n);
    CHECK(!std::memcmp(right.data(), all.data(), bytes) && right.intact(), op,
          " over its second input, n = ", n);
  }
}

TEST(binary_sizes_and_in_place) {
  on_every_target([] {
    for (const char* op : {"add", "multiply", "maximum", "mod", "floor_divide", "power"}) {
      check_binary_sizes<float>(op);
      check_binary_sizes<double>(op);
      check_binary_sizes<int32_t>(op);
      check_binary_sizes<int64_t>(op);
      check_binary_sizes<uint8_t>(op);
    }
    for (const char* op : {"divide", "arctan2", "relu_grad", "sigmoid_grad", "gelu_grad"}) {
      check_binary_sizes<float>(op);
      check_binary_sizes<double>(op);
    }
  });
}

}  // namespace
}  // namespace axone::testing

int main(int argc, char** argv) {
  return axone::testing::run_all(argc, argv);
}
