// random_categorical: classes drawn with the probabilities softmax(logits) along the last axis.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/buffer.h"
#include "ops/execution.h"
#include "ops/random_bits.h"
#include "ops/rules.h"

namespace axone {

namespace {

std::vector<TensorType> categorical_type(const OpCall& c) {
  expect_inputs(c, 2);
  require<TypeError>(c.in(0) == TensorType{DType::i64, {2}}, c.name(),
                     ": expected an int64 seed of shape (2,)");
  expect_float(c, 1);
  expect_rank(c, 1, 1);
  const int64_t samples = c.attrs.get<int64_t>("samples");
  Shape shape = c.in(1).shape;
  require(samples >= 0, c.name(), ": expected a number of samples of at least 0, got ", samples);
  require(shape.back() > 0, c.name(), ": expected at least one class, got logits of shape ", shape);
  shape.back() = samples;
  element_count(shape);
  return {{DType::i64, shape}};
}

// e^x for x <= 0 by Taylor's series after x = k ln 2 + r: libm's differs between processors, draws must not.
double exp_of_negative(double x) {
  if (!(x > -708)) return 0;
  const double k = std::nearbyint(x * 1.4426950408889634),
               r = (x - k * 0x1.62e42feep-1) - k * 0x1.a39ef35793c76p-33;
  double sum = 1;
  for (int i = 13; i > 0; --i) sum = 1 + sum * r / i;
  const uint64_t bits = uint64_t(int64_t(k) + 1023) << 52;
  double scale;
  std::memcpy(&scale, &bits, sizeof(scale));
  return sum * scale;
}

// The sums of the classes' weights up to each class. Logits that are NaN weigh nothing.
template <class T>
void cumulate_weights(const T* logits, int64_t classes, double* sums) {
  double top = -INFINITY, total = 0;
  for (int64_t i = 0; i < classes; ++i) top = std::max(top, double(logits[i]));
  for (int64_t i = 0; i < classes; ++i) {
    const double x = double(logits[i]);
    total += x == top ? 1 : exp_of_negative(x - top);
    sums[i] = total;
  }
}

template <class T>
class CategoricalInstruction final : public Instruction {
 public:
  CategoricalInstruction(int64_t rows, int64_t classes, int64_t samples)
      : rows_(rows), classes_(classes), samples_(samples), kernel_(RandomBits::find_kernel()) {}

  void run(const Lane& lane, const Operands& io) const override {
    double* sums =
        reinterpret_cast<double*>(static_cast<char*>(io.scratch) + size_t(lane.index) * lane_bytes());
    RandomBits bits(kernel_, RandomSeed(io.input<int64_t>(0)));
    int64_t begin, end;
    lane.share(samples_ == 0 ? 0 : rows_, &begin, &end);
    for (int64_t r = begin; r < end; ++r) {
      cumulate_weights(io.input<T>(1) + r * classes_, classes_, sums);
      for (int64_t s = 0; s < samples_; ++s) {
        const double u = bits.uniform(r * samples_ + s) * sums[classes_ - 1];
        const int64_t drawn = std::upper_bound(sums, sums + classes_, u) - sums;
        io.output<int64_t>()[r * samples_ + s] = std::min(drawn, classes_ - 1);
      }
    }
  }
  bool serial() const override { return rows_ * (classes_ + samples_) * 32 < kSerialBytes; }
  size_t scratch_bytes(int threads) const override { return size_t(threads) * lane_bytes(); }
  const char* name() const override { return "random_categorical"; }

 private:
  size_t lane_bytes() const { return lane_region(size_t(classes_) * sizeof(double)); }

  int64_t rows_, classes_, samples_;
  RandomBits::Kernel kernel_;
};

std::unique_ptr<Instruction> compile_categorical(const OpCall& c) {
  const int64_t classes = c.in(1).shape.back(), rows = element_count(c.in(1).shape) / classes;
  const int64_t samples = c.out().shape.back();
  if (c.in(1).dtype == DType::f32)
    return std::make_unique<CategoricalInstruction<float>>(rows, classes, samples);
  return std::make_unique<CategoricalInstruction<double>>(rows, classes, samples);
}

[[maybe_unused]] const bool registered = [] {
  define_op("random_categorical").type = categorical_type;
  define_execution("random_categorical", compile_categorical);
  return true;
}();

}  // namespace

}  // namespace axone
