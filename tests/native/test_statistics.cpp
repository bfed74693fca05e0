// Statistics gathered on the way: behind every kind of head and in chains, against double precision, with the
// same bits for every team, on every instruction set.
#include <cmath>
#include <cstring>
#include <random>

#include "check.h"
#include "cpu/team.h"
#include "graph/op.h"
#include "run_program.h"

using namespace axone;
using axone::testing::at;
using axone::testing::on_every_target;

namespace {

Tensor noise(DType dtype, const Shape& shape, double mean = 0) {
  static std::mt19937 generator(5);
  std::normal_distribution<double> normal(mean, 1);
  Tensor t(TensorType{dtype, shape});
  for (int64_t i = 0; i < t.size(); ++i)
    dtype == DType::f32 ? static_cast<float*>(t.data())[i] = float(normal(generator))
                        : static_cast<double*>(t.data())[i] = normal(generator);
  return t;
}

// A head and what it is given.
struct Case {
  const char* op;
  Shape a, b;
  Attrs attrs;
};

Attrs conv(int64_t stride, int64_t pad, int64_t groups = 1) {
  return {{"strides", Axes{stride, stride}},
          {"dilation", Axes{1, 1}},
          {"pad_lo", Axes{pad, pad}},
          {"pad_hi", Axes{pad, pad}},
          {"groups", groups}};
}

Attrs with(Attrs attrs, const char* name, const Shape& value) {
  attrs.set(name, value);
  return attrs;
}

Attrs transposes(bool a, bool b) {
  return {{"transpose_a", a}, {"transpose_b", b}};
}

// Products of every algorithm, convolutions of every algorithm, and a chain alone.
std::vector<Case> cases() {
  return {
      {"", {1031, 70}, {}, {}},
      {"", {40, 7, 9, 64}, {}, {}},
      {"matmul", {2000, 33}, {33, 64}, transposes(false, false)},
      {"matmul", {1500, 64}, {64, 300}, transposes(false, false)},
      {"matmul", {700, 600}, {600, 700}, transposes(false, false)},
      {"matmul", {300, 200}, {300, 800}, transposes(true, false)},
      {"matmul", {1500, 30}, {128, 30}, transposes(false, true)},
      {"matmul", {9000, 20}, {20, 10}, transposes(false, false)},
      {"matmul", {5000, 784}, {5000, 130}, transposes(true, false)},
      {"conv", {8, 28, 28, 24}, {1, 1, 24, 40}, conv(1, 0)},
      {"conv", {8, 28, 28, 24}, {3, 3, 24, 40}, conv(1, 1)},
      {"conv", {4, 14, 14, 96}, {3, 3, 96, 96}, conv(1, 1)},
      {"conv", {3, 55, 55, 3}, {7, 7, 3, 48}, conv(2, 3)},
      {"conv", {4, 28, 28, 48}, {3, 3, 1, 48}, conv(1, 1, 48)},
      {"conv", {2, 40, 40, 32}, {3, 3, 8, 64}, conv(1, 1, 4)},
      {"conv_input_grad", {4, 14, 14, 40}, {3, 3, 64, 40}, with(conv(2, 1), "input_shape", {4, 28, 28, 64})},
      {"conv_input_grad", {4, 28, 28, 40}, {3, 3, 64, 40}, with(conv(1, 1), "input_shape", {4, 28, 28, 64})},
      {"conv_weight_grad", {4, 28, 28, 64}, {4, 28, 28, 128}, with(conv(1, 1), "kernel", {3, 3})},
      {"conv_weight_grad", {4, 28, 28, 64}, {4, 14, 14, 128}, with(conv(2, 1), "kernel", {3, 3})},
      {"max_pool_indexed",
       {4, 57, 55, 72},
       {},
       {{"window", Axes{3, 3}}, {"strides", Axes{2, 2}}, {"pad_lo", Axes{1, 0}}, {"pad_hi", Axes{1, 1}}}},
      {"avg_pool_grad",
       {4, 14, 14, 96},
       {},
       with({{"window", Axes{2, 2}}, {"strides", Axes{2, 2}}, {"pad_lo", Axes{0, 0}}, {"pad_hi", Axes{0, 0}}},
            "input_shape", {4, 28, 28, 96})},
  };
}

std::vector<Tensor> run(Program& p, const std::vector<Tensor>& inputs, int threads) {
  set_num_threads(threads);
  return axone::testing::run(p, inputs);
}

// out: y, z, the sum of z's columns, y's means and variances, and the sum of z's squares.
void expect_statistics(const std::vector<Tensor>& out, const std::string& what) {
  const Tensor &y = out[0], &z = out[1];
  const int64_t columns = y.shape().back(), rows = y.size() / columns;
  const double eps = y.dtype() == DType::f32 ? 6e-8 : 1.2e-16;
  double all = 0;
  for (int64_t c = 0; c < columns; ++c) {
    double sum = 0, size = 0, mean = 0, spread = 0;
    for (int64_t r = 0; r < rows; ++r) {
      const double v = at(z, r * columns + c);
      sum += v, size += std::fabs(v), all += v * v, mean += at(y, r * columns + c);
    }
    mean /= double(rows);
    for (int64_t r = 0; r < rows; ++r) spread += std::pow(at(y, r * columns + c) - mean, 2);
    const double variance = spread / double(rows), root = std::sqrt(variance);
    CHECK(std::fabs(at(out[2], c) - sum) <= 1000 * eps * size + 1e-300, what, ": sum ", c, " is ",
          at(out[2], c), ", not ", sum);
    CHECK(std::fabs(at(out[3], c) - mean) <= 4 * eps * std::fabs(mean) + 1000 * eps * root, what, ": mean ",
          c, " is ", at(out[3], c), ", not ", mean);
    CHECK(std::fabs(at(out[4], c) - variance) <= 2000 * eps * variance, what, ": variance ", c, " is ",
          at(out[4], c), ", not ", variance);
  }
  CHECK(std::fabs(at(out[5], 0) - all) <= 1000 * eps * all, what, ": squares ", at(out[5], 0), ", not ", all);
}

void check(const Case& c, DType dtype, double mean) {
  Graph g;
  std::vector<Tensor> in{noise(dtype, c.a, mean)};
  if (!c.b.empty()) in.push_back(noise(dtype, c.b));
  std::vector<Sym> s;
  for (const Tensor& t : in) s.emplace_back(g, g.input(t.type()));
  const Sym y = !*c.op        ? s[0] + 0.5
                : c.b.empty() ? s[0].apply(c.op, {}, c.attrs)
                              : s[0].apply(c.op, {s[1]}, c.attrs);
  const Shape shape = y.shape();
  in.push_back(noise(dtype, {shape.back()}));
  const Sym z = (y + Sym(g, g.input(in.back().type()))).apply("relu");
  Axes rows, all;
  for (size_t i = 0; i < shape.size(); ++i) all.push_back(int64_t(i));
  rows.assign(all.begin(), all.end() - 1);
  const Sym moments = y.apply("channel_moments");
  const Sym squares = z.apply("sumsq", {}, {{"axes", all}, {"keepdims", false}});
  Program p(g, {y.value(), z.value(), sum(z, rows).value(), moments.value(), moments.output(1).value(),
                squares.value()});
  const std::string what = text(c.op, " ", c.a, " ", c.b, " ", dtype_name(dtype));
  for (const char* alone : {"channel_moments", "sumsq", "sum in", "sum serial"})
    CHECK(p.describe().find(alone) == std::string::npos, what, ": not gathered on the way:\n", p.describe());
  const std::vector<Tensor> first = run(p, in, 2);
  expect_statistics(first, what);
  for (int threads : {1, 3, 6}) {
    const std::vector<Tensor> other = run(p, in, threads);
    for (size_t k = 0; k < other.size(); ++k)
      CHECK(!std::memcmp(first[k].data(), other[k].data(), other[k].bytes()), what, ": output ", k,
            " differs on ", threads, " threads");
  }
  // The same where nothing but the statistics is wanted.
  Program lean(g, {sum(z, rows).value(), moments.output(1).value()});
  const std::vector<Tensor> few = run(lean, in, 2);
  CHECK(!std::memcmp(few[0].data(), first[2].data(), few[0].bytes()), what, ": the sum alone differs");
  CHECK(!std::memcmp(few[1].data(), first[4].data(), few[1].bytes()), what, ": the variance alone differs");
}

void every_case() {
  for (const Case& c : cases()) {
    check(c, DType::f32, 0.5);
    check(c, DType::f64, 0.5);
  }
  // Far from zero: the first value of each part takes the offset away.
  check(cases()[0], DType::f32, 3000);
}

TEST(statistics_behind_every_head) {
  on_every_target(every_case);
}

// Sums of g (x - centre) in a chain that makes g, alone and beside the sum of g.
void check_products(int64_t rows, int64_t columns, DType dtype) {
  const Tensor x = noise(dtype, {rows, columns}, 3), g0 = noise(dtype, {rows, columns}),
               centre = noise(dtype, {columns}, 3);
  Graph g;
  const Sym xs(g, g.input(x.type())), gs(g, g.input(g0.type())), middle(g, g.input(centre.type()));
  const Sym slope = gs + 0.25;
  Program p(g, {slope.value(), sum(slope * (xs - middle), {0}).value(), sum(slope, {0}).value(),
                sum((xs - middle) * gs, {0}).value()});
  const std::string what = text(rows, " x ", columns, " ", dtype_name(dtype));
  for (const char* alone : {"sum in", "sum serial"})
    CHECK(p.describe().find(alone) == std::string::npos, what, ": not gathered on the way:\n", p.describe());
  const std::vector<Tensor> out = run(p, {x, g0, centre}, 2);
  const double eps = dtype == DType::f32 ? 6e-8 : 1.2e-16;
  for (int64_t c = 0; c < columns; ++c) {
    double products = 0, size = 0, raw = 0;
    for (int64_t r = 0, i = c; r < rows; ++r, i += columns) {
      const double distance = at(x, i) - at(centre, c);
      products += at(out[0], i) * distance, raw += at(g0, i) * distance;
      size += (std::fabs(at(g0, i)) + 1) * std::fabs(distance);
    }
    CHECK(std::fabs(at(out[1], c) - products) <= 1000 * eps * size, what, ": product ", c, " is ",
          at(out[1], c), ", not ", products);
    CHECK(std::fabs(at(out[3], c) - raw) <= 1000 * eps * size, what, ": product of an input ", c, " is ",
          at(out[3], c), ", not ", raw);
  }
  for (int threads : {1, 3}) {
    const std::vector<Tensor> other = run(p, {x, g0, centre}, threads);
    for (size_t k = 0; k < other.size(); ++k)
      CHECK(!std::memcmp(out[k].data(), other[k].data(), other[k].bytes()), what, ": output ", k,
            " differs on ", threads, " threads");
  }
}

TEST(sums_of_products_with_distances) {
  on_every_target([] {
    for (int64_t columns : {16, 37, 64, 150, 999})
      for (DType dtype : {DType::f32, DType::f64}) check_products(200000 / columns, columns, dtype);
  });
}

// Values that are no numbers reach the result.
TEST(nan_spoils_its_column_alone) {
  Graph g;
  const Tensor x = noise(DType::f32, {1200, 64});
  static_cast<float*>(x.data())[700 * 64 + 3] = NAN;
  const Sym y = Sym(g, g.input(x.type())) + 1.0, moments = y.apply("channel_moments");
  Program p(g, {sum(y, {0}).value(), moments.value(), moments.output(1).value()});
  const std::vector<Tensor> out = run(p, {x}, 2);
  for (int64_t c = 0; c < 64; ++c)
    for (const Tensor& t : out) CHECK(std::isnan(at(t, c)) == (c == 3), "column ", c);
}

}  // namespace

int main(int argc, char** argv) {
  return axone::testing::run_all(argc, argv);
}
