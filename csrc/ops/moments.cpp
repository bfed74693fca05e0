// channel_moments: mean and variance of each channel (the last axis) over all others, in one pass over
// memory. Blocks of rows are taken in by themselves, twice while in cache; then their moments are joined in
// order (Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances",
// 1979).
#include <algorithm>

#include "kernels/reduce.h"
#include "ops/execution.h"
#include "ops/lines.h"
#include "ops/rules.h"

namespace axone {

namespace {

// Elements of a block, 64 KB of float32, and the most blocks there may be.
constexpr int64_t kBlock = 16 * 1024, kMinRows = 16, kMaxBlocks = 512;

class Moments final : public Instruction {
 public:
  explicit Moments(const OpCall& c) : dtype_(c.in(0).dtype), item_(int64_t(item_size(dtype_))) {
    columns_ = c.in(0).shape.back();
    rows_ = columns_ ? element_count(c.in(0).shape) / columns_ : 0;
    const int64_t most =
        std::max({kMinRows, kBlock / std::max<int64_t>(1, columns_), ceil_div(rows_, kMaxBlocks)});
    blocks_ = std::max<int64_t>(1, ceil_div(rows_, most));
    serial_ = rows_ * columns_ * item_ < kSerialBytes;
    kernel_ = kernel_function<ReduceMoments>("reduce.moments", dtype_);
  }

  void run(const Lane& lane, const Operands& io) const override {
    int64_t block, end;
    lane.share(blocks_, &block, &end);
    char* const partial = static_cast<char*>(io.scratch);
    for (; rows_ > 0 && block < end; ++block) {
      const int64_t row = begin_of(block);
      kernel_(partial + 2 * block * columns_ * item_, partial + (2 * block + 1) * columns_ * item_,
              static_cast<const char*>(io.in[0]) + row * columns_ * item_, begin_of(block + 1) - row,
              columns_, columns_);
    }
    lane.barrier();
    if (dtype_ == DType::f32)
      join<float>(lane, io);
    else
      join<double>(lane, io);
  }
  bool serial() const override { return serial_; }
  size_t scratch_bytes(int) const override { return size_t(2 * blocks_ * columns_ * item_); }
  const char* name() const override { return "channel_moments"; }

 private:
  int64_t begin_of(int64_t block) const { return rows_ * block / blocks_; }

  template <class T>
  void join(const Lane& lane, const Operands& io) const {
    for_each_line_run(lane, 1, columns_, kAlignment / item_, [&](int64_t, int64_t first, int64_t last) {
      for (int64_t c = first; c < last; ++c) {
        const T* p = static_cast<const T*>(io.scratch) + c;
        double count = 0, mean = 0, squares = 0;
        for (int64_t b = 0; rows_ > 0 && b < blocks_; ++b, p += 2 * columns_) {
          const double n = double(begin_of(b + 1) - begin_of(b)), distance = double(p[0]) - mean;
          count += n;
          mean += distance * (n / count);
          squares += double(p[columns_]) + distance * distance * (n * (count - n) / count);
        }
        io.output<T>(0)[c] = T(rows_ ? mean : 0.0 / 0.0);
        io.output<T>(1)[c] = T(squares / count);
      }
    });
  }

  DType dtype_;
  int64_t item_, rows_ = 0, columns_ = 0, blocks_ = 1;
  bool serial_ = false;
  ReduceMoments kernel_;
};

// d mean / dx = 1 / n; d variance / dx = 2 (x - mean) / n.
std::vector<Sym> gradient(const GradientCall& g) {
  const Sym& x = g.in(0);
  const double n = double(element_count(x.shape())) / double(std::max<int64_t>(1, x.shape().back()));
  Sym dx;
  if (g.grad(1)) dx = (x - g.out(0)) * (g.grad(1) * (2.0 / n));
  if (g.grad(0)) {
    const Sym dmean = g.grad(0) * (1.0 / n);
    dx = dx ? dx + dmean : broadcast_to(dmean, x.shape());
  }
  return {dx};
}

[[maybe_unused]] const bool registered = [] {
  Op& op = define_op("channel_moments");
  op.type = [](const OpCall& c) -> std::vector<TensorType> {
    expect_inputs(c, 1);
    expect_float(c, 0);
    expect_rank(c, 0, 1);
    const TensorType out{c.in(0).dtype, {c.in(0).shape.back()}};
    return {out, out};
  };
  op.gradient = gradient;
  op.statistic = [](const Graph& g, const Node& n) -> ColumnStatistic {
    const TensorType& x = g.type(n.inputs[0]);
    return {followed_columns(x, x.shape.back()), StatisticKind::moments};
  };
  define_execution("channel_moments", PlainCompile([](const OpCall& c) -> std::unique_ptr<Instruction> {
                     return std::make_unique<Moments>(c);
                   }));
  return true;
}();

}  // namespace

}  // namespace axone
