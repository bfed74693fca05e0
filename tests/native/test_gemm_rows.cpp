// Products whose left operand is rows that lie apart, on every instruction set: the same bits as of the
// matrix.
#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "check.h"
#include "cpu/team.h"
#include "ops/gemm.h"

namespace axone {
namespace {

// A's rows in another order, with NaN between them, at any multiple of an element.
template <class T>
class Apart {
 public:
  Apart(const std::vector<T>& a, int64_t rows, int64_t width, std::mt19937& rng)
      : store_(size_t(rows * (width + kMostBetween)), std::numeric_limits<T>::quiet_NaN()),
        rows_(size_t(rows)) {
    std::vector<int64_t> order(static_cast<size_t>(rows));
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), rng);
    T* to = store_.data();
    for (int64_t row : order) {
      to += rng() % kMostBetween;
      std::copy_n(a.data() + row * width, width, to);
      rows_[size_t(row)] = to;
      to += width;
    }
  }
  const void* const* rows() const { return rows_.data(); }

 private:
  static constexpr int64_t kMostBetween = 9;
  std::vector<T> store_;
  std::vector<const void*> rows_;
};

template <class T>
std::vector<T> multiply(const GemmShape& s, const T* a, const void* const* rows, const std::vector<T>& b,
                        int threads) {
  const Gemm gemm(s);
  std::vector<T> c(size_t(s.m * s.n), T(-1));
  std::vector<unsigned char> scratch(gemm.scratch_bytes(threads) + 64);
  void* aligned = scratch.data() + (64 - reinterpret_cast<uintptr_t>(scratch.data()) % 64) % 64;
  run_team(threads, [&](const Lane& lane) { gemm.run(lane, a, b.data(), c.data(), aligned, nullptr, rows); });
  return c;
}

template <class T>
void check_rows(GemmShape s, uint32_t seed) {
  s.dtype = dtype_of<T>;
  std::mt19937 rng(seed);
  std::uniform_real_distribution<double> uniform(-1, 1);
  std::vector<T> a(size_t(s.m * s.k)), b(size_t(s.k * s.n));
  for (T& x : a) x = T(uniform(rng));
  for (T& x : b) x = T(uniform(rng));
  const int64_t rows = s.transpose_a ? s.k : s.m, width = s.transpose_a ? s.m : s.k;
  const Apart<T> apart(a, rows, width, rng);
  const std::vector<T> wanted = multiply<T>(s, a.data(), nullptr, b, 1);
  for (int threads : {1, 2, 3}) {
    const std::vector<T> c = multiply<T>(s, nullptr, apart.rows(), b, threads);
    CHECK(std::memcmp(c.data(), wanted.data(), c.size() * sizeof(T)) == 0, Gemm(s).algorithm(), " of ", s.m,
          " x ", s.k, " x ", s.n, ": rows that lie apart give other bits (", threads, " threads)");
  }
}

GemmShape shape_of(int64_t m, int64_t k, int64_t n, bool transpose_a, bool transpose_b) {
  GemmShape s;
  s.m = m, s.k = k, s.n = n;
  s.transpose_a = transpose_a, s.transpose_b = transpose_b;
  return s;
}

// What a layer of few units needs, forward and for its weights' gradient, with a batch's rows in place.
TEST(layers_of_few_units) {
  testing::on_every_target([] {
    uint32_t seed = 0;
    for (int64_t batch : {64, 300, 1037})
      for (int64_t width : {64, 67, 784, 1000})
        for (int64_t units = 1; units <= 12; ++units) {
          const GemmShape forward = shape_of(batch, width, units, false, false),
                          gradient = shape_of(width, batch, units, true, false);
          CHECK(Gemm(forward).rows_apart() == batch && Gemm(gradient).rows_apart() == batch, units,
                " units of ", width, " inputs, batches of ", batch, ": the rows have to be copied");
          check_rows<float>(forward, ++seed);
          check_rows<float>(gradient, ++seed);
          if (width > 100) continue;
          check_rows<double>(forward, ++seed);
          check_rows<double>(gradient, ++seed);
        }
  });
}

TEST(matrices_that_are_one_have_all_their_rows) {
  GemmShape s = shape_of(64, 70, 5, false, false);
  s.batch = 64;
  s.a_stride = s.m * s.k;
  CHECK(Gemm(s).rows_apart() == 64 * 64, Gemm(s).rows_apart());
  s.b_stride = s.k * s.n;
  CHECK(Gemm(s).rows_apart() == 0, Gemm(s).rows_apart());
}

TEST(every_shape_that_takes_rows) {
  testing::on_every_target([] {
    std::mt19937 rng(3);
    int taken = 0;
    const auto size = [&](int64_t limit) { return 1 + int64_t(rng() % uint32_t(limit)); };
    for (int i = 0; i < 2000; ++i) {
      const GemmShape s = shape_of(size(200), size(200), size(20), rng() % 2, rng() % 2);
      if (!Gemm(s).rows_apart()) continue;
      check_rows<float>(s, rng());
      ++taken;
    }
    CHECK(taken > 200, "only ", taken, " of 2000 products take rows that lie apart");
  });
}

}  // namespace
}  // namespace axone

int main(int argc, char** argv) {
  return axone::testing::run_all(argc, argv);
}
