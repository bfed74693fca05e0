// The functions of one floating argument against libm in long double, on every instruction set.
#include "kernel_check.h"

namespace axone::testing {
namespace {

using Real = long double;

Real sigmoid(Real x) {
  return 1 / (1 + std::exp(-x));
}
Real softplus(Real x) {
  return std::fmax(x, Real(0)) + std::log1p(std::exp(-std::fabs(x)));
}
Real log_sigmoid(Real x) {
  return -softplus(-x);
}
Real relu6(Real x) {
  return x < 0 ? 0 : x > 6 ? 6 : x;
}
Real gelu_tanh(Real x) {
  const Real k = std::sqrt(2 / std::acos(Real(-1)));
  return x / (1 + std::exp(-2 * k * (x + 0.044715L * x * x * x)));
}
Real sign(Real x) {
  return x > 0 ? 1 : x < 0 ? -1 : x;
}
const Real kParam = 0.25L;

// Intervals [low, high] are sampled evenly; where low > 0 also by equal ratios. Errors allowed in ulp; below
// `floor` the error counts absolutely.
struct Case {
  const char* op;
  Real (*exact)(Real);
  double low, high;
  double float_ulps, double_ulps;
  double floor = 0;
};

const Case kCases[] = {
    {"neg", [](Real x) { return -x; }, -10, 10, 0, 0},
    {"abs", [](Real x) { return std::fabs(x); }, -10, 10, 0, 0},
    {"sign", sign, -10, 10, 0, 0},
    {"square", [](Real x) { return x * x; }, -10, 10, 0.5, 0.5},
    {"relu", [](Real x) { return x < 0 ? 0 : x; }, -10, 10, 0, 0},
    {"relu6", relu6, -10, 10, 0, 0},
    {"leaky_relu", [](Real x) { return x < 0 ? kParam * x : x; }, -10, 10, 0.5, 0.5},
    {"hard_tanh", [](Real x) { return x < -1  ? -1
                                      : x > 1 ? 1
                                              : x; }, -10, 10, 0, 0},
    {"hard_sigmoid", [](Real x) { return relu6(x + 3) / 6; }, -10, 10, 1.5, 1.5, 0.1},
    {"softsign", [](Real x) { return x / (1 + std::fabs(x)); }, -10, 10, 1.5, 1.5},
    {"sqrt", [](Real x) { return std::sqrt(x); }, 0, 1e6, 0.5, 0.5},
    {"rsqrt", [](Real x) { return 1 / std::sqrt(x); }, 1e-30, 1e6, 1.5, 1.5},
    {"reciprocal", [](Real x) { return 1 / x; }, 1e-30, 1e30, 0.5, 0.5},
    {"round", [](Real x) { return std::nearbyint(x); }, -1000, 1000, 0, 0},
    {"floor", [](Real x) { return std::floor(x); }, -1000, 1000, 0, 0},
    {"ceil", [](Real x) { return std::ceil(x); }, -1000, 1000, 0, 0},
    {"trunc", [](Real x) { return std::trunc(x); }, -1000, 1000, 0, 0},
    {"round", [](Real x) { return std::nearbyint(x); }, 1, 1e18, 0, 0},
    {"floor", [](Real x) { return std::floor(x); }, 1, 1e18, 0, 0},

    {"exp", [](Real x) { return std::exp(x); }, -5, 5, 2, 2},
    {"exp", [](Real x) { return std::exp(x); }, -800, 800, 2, 2},
    {"exp", [](Real x) { return std::exp(x); }, -90, 90, 2, 2},
    {"expm1", [](Real x) { return std::expm1(x); }, -40, 90, 2, 2},
    {"expm1", [](Real x) { return std::expm1(x); }, 1e-20, 2, 2, 2},
    {"expm1", [](Real x) { return std::expm1(x); }, -2, 0, 2, 2},
    {"log", [](Real x) { return std::log(x); }, 1e-37, 1e37, 2, 2},
    {"log", [](Real x) { return std::log(x); }, 0.2, 4, 2, 2},
    {"log1p", [](Real x) { return std::log1p(x); }, 1e-30, 1e37, 2, 2},
    {"log1p", [](Real x) { return std::log1p(x); }, -1, 3, 2, 2},
    {"log2", [](Real x) { return std::log2(x); }, 1e-37, 1e37, 1, 2},
    {"log2", [](Real x) { return std::log2(x); }, 0.2, 4, 1, 2.5},
    {"log10", [](Real x) { return std::log10(x); }, 1e-37, 1e37, 1, 2},
    {"log10", [](Real x) { return std::log10(x); }, 0.2, 4, 1, 2.5},
    {"sin", [](Real x) { return std::sin(x); }, -10, 10, 1, 2},
    {"sin", [](Real x) { return std::sin(x); }, 1e-20, 1e5, 1, 2},
    {"sin", [](Real x) { return std::sin(x); }, 1e5, 1e30, 1, 2},
    {"cos", [](Real x) { return std::cos(x); }, -10, 10, 1, 2},
    {"cos", [](Real x) { return std::cos(x); }, 1e-20, 1e5, 1, 2},
    {"cos", [](Real x) { return std::cos(x); }, 1e5, 1e30, 1, 2},
    {"tan", [](Real x) { return std::tan(x); }, -10, 10, 1, 3.5},
    {"tan", [](Real x) { return std::tan(x); }, 1e-20, 1e8, 1, 3.5},
    {"arcsin", [](Real x) { return std::asin(x); }, -1, 1, 1, 3},
    {"arccos", [](Real x) { return std::acos(x); }, -1, 1, 1, 3},
    {"arcsin", [](Real x) { return std::asin(x); }, 1e-20, 1.1, 1, 3},
    {"arctan", [](Real x) { return std::atan(x); }, -10, 10, 1, 2},
    {"arctan", [](Real x) { return std::atan(x); }, 1e-20, 1e20, 1, 2},
    {"sinh", [](Real x) { return std::sinh(x); }, -10, 10, 1, 3},
    {"sinh", [](Real x) { return std::sinh(x); }, 1e-20, 720, 1, 3},
    {"cosh", [](Real x) { return std::cosh(x); }, -10, 10, 1, 3},
    {"cosh", [](Real x) { return std::cosh(x); }, 1e-20, 720, 1, 3},
    {"tanh", [](Real x) { return std::tanh(x); }, -10, 10, 2.5, 2.5},
    {"tanh", [](Real x) { return std::tanh(x); }, 1e-20, 30, 2.5, 2.5},
    {"arcsinh", [](Real x) { return std::asinh(x); }, -10, 10, 1, 4},
    {"arcsinh", [](Real x) { return std::asinh(x); }, 1e-20, 1e30, 1, 4},
    {"arccosh", [](Real x) { return std::acosh(x); }, 0.5, 10, 1, 4},
    {"arccosh", [](Real x) { return std::acosh(x); }, 1, 1e30, 1, 4},
    {"arctanh", [](Real x) { return std::atanh(x); }, -1, 1, 1, 4},
    {"arctanh", [](Real x) { return std::atanh(x); }, 1e-20, 1.1, 1, 4},
    {"erf", [](Real x) { return std::erf(x); }, -6.5, 6.5, 2, 2},
    {"erf", [](Real x) { return std::erf(x); }, 1e-20, 30, 2, 2},
    {"erfc", [](Real x) { return std::erfc(x); }, -6, 9, 1, 3},
    {"erfc", [](Real x) { return std::erfc(x); }, 1e-20, 5, 1, 3},

    {"sigmoid", sigmoid, -85, 85, 3, 3},
    {"sigmoid", sigmoid, -8, 8, 3, 3},
    {"softplus", softplus, -85, 85, 2, 2},
    {"softplus", softplus, -5, 5, 2, 2},
    {"log_sigmoid", log_sigmoid, -85, 85, 2, 2},
    {"log_sigmoid", log_sigmoid, -5, 5, 2, 2},
    {"silu", [](Real x) { return x * sigmoid(x); }, -80, 80, 3, 3, 1e-20},
    {"silu", [](Real x) { return x * sigmoid(x); }, -8, 8, 3, 3, 1e-20},
    {"gelu", [](Real x) { return x * std::erfc(-x / std::sqrt(Real(2))) / 2; }, -8, 8, 3, 3, 1},
    {"gelu_tanh", gelu_tanh, -8, 8, 5, 5, 0.1},
    {"mish", [](Real x) { return x * std::tanh(softplus(x)); }, -30, 30, 5, 5},
    {"elu", [](Real x) { return x > 0 ? x : kParam * std::expm1(x); }, -30, 30, 2, 2},
    {"selu", [](Real x) { return 1.05070098735548049L * (x > 0 ? x : 1.67326324235437728L * std::expm1(x)); },
     -30, 30, 3, 3},
};

// Values at which functions tend to break, as T.
template <class T>
std::vector<T> special_values() {
  using L = std::numeric_limits<T>;
  std::vector<T> v = {T(0), L::min(), L::epsilon(), T(0.5),   T(1),
                      T(2), T(3),     T(1e5),       L::max(), L::infinity()};
  for (double x : {88.0,
                   88.5,
                   88.72,
                   88.73,
                   89.0,
                   103.0,
                   104.0,
                   709.5,
                   709.8,
                   710.0,
                   745.0,
                   746.0,
                   0.3465736,
                   1.5707963267948966,
                   3.141592653589793,
                   22.0,
                   1e-10,
                   0.70710678,
                   1.41421356,
                   2.5,
                   3.5})
    v.push_back(T(x));
  const size_t positive = v.size();
  for (size_t i = 0; i < positive; ++i) v.push_back(-v[i]);
  v.push_back(L::quiet_NaN());
  return v;
}

template <class T>
std::vector<T> samples(const Case& c) {
  constexpr int kCount = 20000;
  std::vector<T> x;
  for (int i = 0; i <= kCount; ++i) x.push_back(T(c.low + (c.high - c.low) * i / kCount));
  if (c.low > 0)
    for (int i = 0; i <= kCount; ++i) x.push_back(T(c.low * std::pow(c.high / c.low, double(i) / kCount)));
  return x;
}

template <class T>
void check_case(const Case& c, double allowed) {
  std::vector<T> x = samples<T>(c);
  std::vector<T> y = run_map<T>(c.op, dtype_of<T>, x, {}, {}, double(kParam));
  double worst = 0;
  T at = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    double error = ulps<T>(y[i], c.exact(x[i]), c.floor);
    if (error > worst) worst = error, at = x[i];
  }
  if (verbose())
    std::printf("  %-9s %-12s %s [%g, %g] %.3f ulp at %.9g\n", active_target().name, c.op,
                dtype_name(dtype_of<T>), c.low, c.high, worst, double(at));
  CHECK(worst <= allowed, c.op, " ", dtype_name(dtype_of<T>), " is off by ", worst, " ulp at ", at);
}

TEST(functions_are_accurate) {
  on_every_target([] {
    for (const Case& c : kCases) {
      check_case<float>(c, c.float_ulps);
      check_case<double>(c, c.double_ulps);
    }
  });
}

template <class T>
void check_special(const Case& c, double allowed) {
  std::vector<T> x = special_values<T>();
  std::vector<T> y = run_map<T>(c.op, dtype_of<T>, x, {}, {}, double(kParam));
  for (size_t i = 0; i < x.size(); ++i) {
    double error = ulps<T>(y[i], c.exact(x[i]), c.floor);
    CHECK(error <= allowed, c.op, " ", dtype_name(dtype_of<T>), "(", x[i], ") = ", y[i], ", expected ",
          T(c.exact(x[i])));
  }
}

TEST(special_values) {
  on_every_target([] {
    for (const Case& c : kCases) {
      check_special<float>(c, c.float_ulps);
      check_special<double>(c, c.double_ulps);
    }
  });
}

// Whole vectors, unrolled turns and tails must give the same bits; in place too.
template <class T>
void check_sizes(const char* op) {
  std::vector<T> x;
  for (int i = 0; i < 300; ++i) x.push_back(T(0.01 + 0.003 * i));
  std::vector<T> all = run_map<T>(op, dtype_of<T>, x, {}, {}, double(kParam));
  for (size_t n = 0; n <= 140; ++n) {
    std::vector<T> part(x.begin(), x.begin() + long(n));
    std::vector<T> y = run_map<T>(op, dtype_of<T>, part, {}, {}, double(kParam));
    CHECK(same_bits(y.data(), all.data(), n), op, " depends on the place, n = ", n);
    Guarded<T> same(part);
    map_kernel(op, dtype_of<T>)(same.data(), same.data(), nullptr, nullptr, int64_t(n), double(kParam));
    CHECK(same_bits(y.data(), same.data(), n) && same.intact(), op, " in place, n = ", n);
  }
}

TEST(sizes_and_in_place) {
  on_every_target([] {
    for (const Case& c : kCases) {
      if (c.low > 1) continue;
      check_sizes<float>(c.op);
      check_sizes<double>(c.op);
    }
  });
}

}  // namespace
}  // namespace axone::testing

int main(int argc, char** argv) {
  return axone::testing::run_all(argc, argv);
}
