// random_gamma(seed, shape), random_binomial(seed, counts, probabilities): one draw for each element of their
// parameters. Element i takes a fixed part of the stream, so that its value depends on nothing else.
#include <algorithm>
#include <cmath>

#include "ops/execution.h"
#include "ops/random_bits.h"
#include "ops/rules.h"

namespace axone {

namespace {

constexpr double kTwoPi = 6.283185307179586;

std::vector<TensorType> variates_type(const OpCall& c, size_t parameters) {
  expect_inputs(c, 1 + parameters);
  require<TypeError>(c.in(0) == TensorType{DType::i64, {2}}, c.name(),
                     ": expected an int64 seed of shape (2,)");
  expect_float(c, 1);
  for (size_t i = 2; i <= parameters; ++i)
    require<TypeError>(c.in(i) == c.in(1), c.name(), ": expected parameters of one dtype and shape");
  return {c.in(1)};
}

// Never 0: a logarithm follows.
double inside(RandomBits& bits, int64_t i) {
  return bits.uniform(i) + 0x1p-54;
}

// Marsaglia and Tsang, "A simple method for generating gamma variables", 2000. A try succeeds with more than
// 95 in 100, so that after ten tries 1 in 10^13 elements is left with a draw that should have been refused.
double draw_gamma(RandomBits& bits, int64_t i, double shape) {
  constexpr int64_t kNumbers = 32, kTries = 10;  // numbers of an element: one for shapes below 1, three a try
  if (!(shape > 0)) return shape == 0 ? 0 : NAN;
  const int64_t first = i * kNumbers;
  // Gamma(a) = Gamma(a + 1) u^(1 / a).
  const double boost = shape < 1 ? std::pow(inside(bits, first), 1 / shape) : 1;
  const double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  double v = 1;
  for (int64_t t = 0; t < kTries; ++t) {
    const int64_t at = first + 1 + 3 * t;
    const double z = std::sqrt(-2 * std::log(inside(bits, at))) * std::cos(kTwoPi * bits.uniform(at + 1));
    const double root = 1 + c * z;
    if (root <= 0) continue;
    v = root * root * root;
    if (std::log(inside(bits, at + 2)) < 0.5 * z * z + d - d * v + d * std::log(v)) break;
  }
  return d * v * boost;
}

// Inversion of one uniform number, searching from the most likely count outwards: about sqrt(n p (1 - p))
// steps. Where that is more than ten thousand, the normal distribution stands in: its error is below what a
// float32 count resolves.
double draw_binomial(RandomBits& bits, int64_t i, double n, double p) {
  if (!(n >= 0) || !(p >= 0 && p <= 1)) return NAN;
  n = std::floor(n);
  if (n == 0 || p == 0) return 0;
  if (p == 1) return n;
  const double variance = n * p * (1 - p);
  if (!(variance <= 1e8)) {
    const double z =
        std::sqrt(-2 * std::log(inside(bits, 2 * i))) * std::cos(kTwoPi * bits.uniform(2 * i + 1));
    return std::clamp(std::round(n * p + z * std::sqrt(variance)), 0.0, n);
  }
  const double mode = std::min(std::floor((n + 1) * p), n), odds = p / (1 - p);
  const double top = std::exp(std::lgamma(n + 1) - std::lgamma(mode + 1) - std::lgamma(n - mode + 1) +
                              mode * std::log(p) + (n - mode) * std::log1p(-p));
  double u = bits.uniform(2 * i) - top;
  double up = mode, down = mode, p_up = top, p_down = top;
  while (u >= 0 && (p_up > 0 || p_down > 0)) {
    p_up *= up < n ? odds * (n - up) / (up + 1) : 0;
    if (p_up > 0) ++up;
    if ((u -= p_up) < 0) return up;
    p_down *= down / (odds * (n - down + 1));
    if (p_down > 0) --down;
    if ((u -= p_down) < 0) return down;
  }
  return mode;
}

template <class T>
class VariatesInstruction final : public Instruction {
 public:
  VariatesInstruction(const char* name, int64_t size, bool binomial)
      : name_(name), size_(size), binomial_(binomial), kernel_(RandomBits::find_kernel()) {}

  void run(const Lane& lane, const Operands& io) const override {
    RandomBits bits(kernel_, RandomSeed(io.input<int64_t>(0)));
    int64_t begin, end;
    lane.share(size_, &begin, &end);
    const T *a = io.input<T>(1), *b = binomial_ ? io.input<T>(2) : nullptr;
    for (int64_t i = begin; i < end; ++i)
      io.output<T>()[i] = T(binomial_ ? draw_binomial(bits, i, double(a[i]), double(b[i]))
                                      : draw_gamma(bits, i, double(a[i])));
  }
  bool serial() const override { return size_ < 256; }
  double flops() const override { return double(size_) * 200; }
  const char* name() const override { return name_; }

 private:
  const char* name_;
  int64_t size_;
  bool binomial_;
  RandomBits::Kernel kernel_;
};

template <bool binomial>
std::unique_ptr<Instruction> compile_variates(const OpCall& c) {
  const int64_t size = element_count(c.out().shape);
  if (c.out().dtype == DType::f32)
    return std::make_unique<VariatesInstruction<float>>(c.name(), size, binomial);
  return std::make_unique<VariatesInstruction<double>>(c.name(), size, binomial);
}

[[maybe_unused]] const bool registered = [] {
  define_op("random_gamma").type = [](const OpCall& c) { return variates_type(c, 1); };
  define_op("random_binomial").type = [](const OpCall& c) { return variates_type(c, 2); };
  define_execution("random_gamma", compile_variates<false>);
  define_execution("random_binomial", compile_variates<true>);
  return true;
}();

}  // namespace

}  // namespace axone
