// How work is cut: reductions and copies over shapes at the edges of their blocks, with the same bits for
// every team.
#include <cmath>
#include <cstring>
#include <numeric>
#include <random>
#include <vector>

#include "base/buffer.h"
#include "check.h"
#include "cpu/team.h"
#include "ops/reduce_plan.h"
#include "ops/strided_copy.h"

using namespace axone;
using axone::testing::on_every_target;

namespace {

template <class T>
std::vector<T> random_values(int64_t n) {
  std::mt19937 generator(1);
  std::normal_distribution<double> normal;
  std::vector<T> x(static_cast<size_t>(n));
  for (T& v : x) v = T(normal(generator));
  return x;
}

template <class T>
std::vector<T> reduced(const ReducePlan& plan, const std::vector<T>& x, int64_t results, int threads) {
  std::vector<T> out(size_t(results), T(-7));
  const Buffer scratch(plan.scratch_bytes());
  run_team(threads, [&](const Lane& lane) { plan.run(lane, x.data(), out.data(), scratch.data()); });
  return out;
}

// The sum in float64 in the order of the elements.
std::vector<double> plain_sum(const std::vector<float>& x, const Shape& shape,
                              const std::vector<bool>& reduced) {
  int64_t results = 1;
  for (size_t a = 0; a < shape.size(); ++a) results *= reduced[a] ? 1 : shape[a];
  std::vector<double> out(static_cast<size_t>(results));
  for (size_t i = 0; i < x.size(); ++i) {
    int64_t rest = int64_t(i), place = 0, scale = 1;
    for (size_t a = shape.size(); a-- > 0; rest /= shape[a])
      if (!reduced[a]) place += rest % shape[a] * scale, scale *= shape[a];
    out[size_t(place)] += double(x[i]);
  }
  return out;
}

void check_sum(const Shape& shape, const Axes& axes) {
  const std::vector<float> x = random_values<float>(element_count(shape));
  std::vector<bool> gone(shape.size(), false);
  for (int64_t a : axes) gone[size_t(a)] = true;
  const std::vector<double> expected = plain_sum(x, shape, gone);
  const double terms = double(x.size()) / double(expected.size());
  on_every_target([&] {
    const ReducePlan plan("sum", DType::f32, shape, axes);
    const std::vector<float> one = reduced(plan, x, int64_t(expected.size()), 1);
    for (size_t i = 0; i < one.size(); ++i)
      CHECK(std::abs(one[i] - expected[i]) <= 1e-5 * std::sqrt(terms) + 1e-6, "shape ", shape, " axes ", axes,
            ": ", one[i], " instead of ", expected[i]);
    for (int threads : {2, 3, 5})
      CHECK(!std::memcmp(reduced(plan, x, int64_t(one.size()), threads).data(), one.data(),
                         one.size() * sizeof(float)),
            "shape ", shape, " axes ", axes, " with ", threads, " threads");
  });
}

void check_copy(const Shape& sizes, const std::vector<int64_t>& src, int64_t offset, int64_t source_size) {
  const std::vector<int64_t> dst = dense_strides(sizes);
  const int64_t n = element_count(sizes);
  std::vector<uint32_t> x(static_cast<size_t>(source_size)), expected(static_cast<size_t>(n));
  std::iota(x.begin(), x.end(), 0u);
  for (int64_t i = 0; i < n; ++i) {
    int64_t rest = i, place = offset;
    for (size_t a = sizes.size(); a-- > 0; rest /= sizes[a]) place += rest % sizes[a] * src[a];
    expected[size_t(i)] = x[size_t(place)];
  }
  const StridedCopy copy(sizes, src, dst, sizeof(uint32_t), offset);
  for (int threads : {1, 3}) {
    std::vector<uint32_t> out(static_cast<size_t>(n), 7u);
    run_team(threads, [&](const Lane& lane) { copy.run(lane, x.data(), out.data()); });
    CHECK(out == expected, "sizes ", sizes, " source strides ", Shape(src));
  }
}

}  // namespace

TEST(sums_at_the_edges_of_blocks) {
  for (int64_t n : {1, 8191, 8192, 16384, 16385, 24577, 70000}) check_sum({n}, {0});
  for (int64_t rows : {1, 63, 64, 65}) check_sum({rows, 17000}, {1});
  for (int64_t n : {127, 128, 129, 257, 2048, 2049, 5000})
    for (int64_t columns : {1, 3, 15, 16, 17, 64, 131}) check_sum({n, columns}, {0});
  check_sum({32, 784}, {0});
  check_sum({2100, 9, 3}, {0});
}

TEST(sums_over_several_groups_of_axes) {
  check_sum({33, 7, 500}, {0, 2});
  check_sum({3, 2500, 5}, {1});
  check_sum({11, 6, 13, 4, 17}, {0, 2, 4});
  check_sum({11, 6, 13, 4, 17}, {1, 3});
  check_sum({1, 5, 1, 4}, {0, 2});
}

TEST(a_sum_of_nothing_is_zero) {
  const ReducePlan plan("sum", DType::f32, {0, 3}, {0});
  CHECK(reduced(plan, std::vector<float>{}, 3, 2) == std::vector<float>(3, 0.0f), "zeros");
}

TEST(copies_of_every_kind) {
  check_copy({300, 257}, {1, 300}, 0, 300 * 257);              // transposed: several tiles, ragged edges
  check_copy({5, 130, 9}, {130 * 9, 1, 130}, 0, 5 * 130 * 9);  // transposed within batches
  check_copy({3, 4, 5}, {1, 15, 3}, 0, 60);
  check_copy({100, 20}, {-40, 2}, 99 * 40, 4000);  // flipped rows, every second column
  check_copy({7, 3, 11}, {11, 0, 1}, 0, 77);       // repeated
  check_copy({20000}, {-1}, 19999, 20000);
  check_copy({2, 20000}, {20000, 1}, 0, 40000);
}

int main(int argc, char** argv) {
  return axone::testing::run_all(argc, argv);
}
