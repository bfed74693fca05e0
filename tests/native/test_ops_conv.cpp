// Convolution and pooling inside programs: against their definitions in double on every instruction set, with
// the same bits for every team; the error of Winograd; weights that change between runs.
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "check.h"
#include "conv_case.h"
#include "graph/autodiff.h"
#include "graph/op.h"
#include "run_program.h"

using namespace axone;
using namespace axone::testing;

namespace {

// The algorithms' borders: one pixel, partial tiles, few and many channels, strides, groups, parts of the
// tiles; many weights for 4, 9, 96 and 320 tiles, and for 17 and 98 pixels.
const Case kCases[] = {
    {1, 1, 1, 1, 1, 1, 1, 1, 0, 1},       {2, 7, 9, 3, 17, 3, 2, 1, 1, 1},
    {1, 13, 8, 5, 40, 5, 1, 1, 2, 1},     {2, 9, 11, 6, 4, 3, 1, 2, 2, 2},
    {3, 12, 10, 33, 33, 3, 1, 1, 1, 33},  {2, 15, 15, 20, 20, 3, 2, 1, 1, 20},
    {2, 14, 14, 16, 16, 1, 2, 1, 0, 1},   {4, 14, 14, 20, 37, 3, 1, 1, 1, 1},
    {2, 22, 18, 16, 24, 5, 1, 1, 2, 1},   {16, 46, 46, 16, 16, 3, 1, 1, 1, 1},
    {1, 40, 40, 70, 90, 3, 1, 1, 0, 1},   {8, 7, 7, 130, 140, 3, 1, 1, 1, 1},
    {1, 30, 5, 8, 8, 3, 3, 1, 0, 1},      {2, 6, 6, 4, 8, 2, 1, 1, 1, 1},
    {2, 9, 14, 5, 7, 3, 1, 1, 1, 1, 3},   {2, 11, 10, 6, 6, 3, 3, 1, 1, 6, 2},
    {2, 5, 4, 121, 125, 3, 1, 1, 1, 1},   {1, 12, 9, 121, 125, 3, 1, 1, 1, 1},
    {6, 16, 15, 125, 131, 3, 1, 1, 1, 1}, {20, 14, 13, 230, 64, 3, 1, 1, 1, 1},
    {1, 1, 17, 1100, 250, 1, 1, 1, 0, 1}, {2, 7, 7, 512, 523, 1, 1, 1, 0, 1},
};

// Calls fn(x index, w index, y index) for every product of the convolution's definition.
template <class F>
void for_products(const Case& c, const F& fn) {
  const Shape y = y_shape(c);
  const int64_t in = c.channels / c.groups, out = c.filters / c.groups;
  for (int64_t n = 0; n < c.batch; ++n)
    for (int64_t oh = 0; oh < y[1]; ++oh)
      for (int64_t ow = 0; ow < y[2]; ++ow)
        for (int64_t kh = 0; kh < c.kernel; ++kh)
          for (int64_t kw = 0; kw < c.kernel; ++kw) {
            const int64_t h = oh * c.stride - c.pad + kh * c.dilation,
                          w = ow * c.across() - c.pad + kw * c.dilation;
            if (h < 0 || h >= c.height || w < 0 || w >= c.width) continue;
            const int64_t pixel = ((n * c.height + h) * c.width + w) * c.channels;
            for (int64_t i = 0; i < in; ++i)
              for (int64_t f = 0; f < c.filters; ++f)
                fn(pixel + f / out * in + i, ((kh * c.kernel + kw) * in + i) * c.filters + f,
                   ((n * y[1] + oh) * y[2] + ow) * c.filters + f);
          }
}

struct Products {
  const char* op;
  Tensor a, b;
  Attrs attrs;
  std::vector<double> expected;
};

// The three products of a case with their expected values.
std::vector<Products> products_of(const Case& c, double mean = 0) {
  const Tensor x = noise(x_shape(c), mean), w = noise(w_shape(c)), dy = noise(y_shape(c), mean);
  std::vector<double> y(size_t(dy.size())), dx(size_t(x.size())), dw(size_t(w.size()));
  for_products(c, [&](int64_t i, int64_t j, int64_t k) {
    y[size_t(k)] += double(values(x)[i]) * double(values(w)[j]);
    dx[size_t(i)] += double(values(dy)[k]) * double(values(w)[j]);
    dw[size_t(j)] += double(values(x)[i]) * double(values(dy)[k]);
  });
  Attrs input = attributes(c), weight = attributes(c);
  input.set("input_shape", x_shape(c));
  weight.set("kernel", Shape{c.kernel, c.kernel});
  return {{"conv", x, w, attributes(c), y},
          {"conv_input_grad", dy, w, input, dx},
          {"conv_weight_grad", x, dy, weight, dw}};
}

// The convolution's values by its definition.
std::vector<double> defined(const std::vector<double>& x, const std::vector<double>& w, const Case& c) {
  std::vector<double> y(size_t(element_count(y_shape(c))));
  for_products(c, [&](int64_t i, int64_t j, int64_t k) { y[size_t(k)] += x[size_t(i)] * w[size_t(j)]; });
  return y;
}

std::vector<double> doubles(const Tensor& t) {
  std::vector<double> all(static_cast<size_t>(t.size()));
  for (int64_t i = 0; i < t.size(); ++i) all[size_t(i)] = at(t, i);
  return all;
}

Tensor as_dtype(const Tensor& t, DType dtype) {
  Tensor other(TensorType{dtype, t.shape()});
  for (int64_t i = 0; i < t.size(); ++i)
    dispatch(dtype, [&](auto* p) {
      using T = std::remove_pointer_t<decltype(p)>;
      static_cast<T*>(other.data())[i] = T(at(t, i));
    });
  return other;
}

struct Block {
  int64_t batch, height, width, channels, wide, narrow, kernel, stride, dilation, pad;
  bool widens, narrows;
  int64_t first_kernel = 1;  // of stride 2 if it is not pointwise

  Case first() const {
    return {batch, height,           width, channels, wide, first_kernel, first_kernel > 1 ? 2 : 1,
            1,     first_kernel / 2, 1};
  }
  Case middle() const {
    const Shape in = y_shape(first());
    return {batch, in[1], in[2], wide, wide, kernel, stride, dilation, pad, wide};
  }
  Case last() const {
    const Shape in = y_shape(middle());
    return {batch, in[1], in[2], wide, narrow, 1, 1, 1, 0, 1};
  }
  Shape inner() const { return widens ? y_shape(first()) : x_shape(middle()); }
  // x, three kernels, a factor and a summand, a factor, a summand and, of odd numbers of filters, a factor.
  std::vector<Tensor> inputs() const {
    return {noise(widens ? x_shape(first()) : inner()),
            noise(w_shape(first())),
            noise(w_shape(middle())),
            noise(w_shape(last())),
            noise({wide}),
            noise(inner()),
            noise({wide}),
            noise({narrow}),
            noise({narrow})};
  }
  bool scaled() const { return narrow % 2; }
  // `apart`: what lies between is wanted too.
  std::vector<Value> graph(Graph& g, const std::vector<Tensor>& in, bool apart) const {
    const auto conv = [](const Sym& x, const Sym& w, const Case& c) {
      return x.apply("conv", {w}, attributes(c));
    };
    std::vector<Sym> v;
    for (const Tensor& t : in) v.emplace_back(g, g.input(t.type()));
    Sym x = v[0];
    std::vector<Value> outputs;
    if (widens) x = (conv(x, v[1], first()) * v[4] + v[5]).apply("relu6");
    if (apart) outputs.push_back(x.value());
    x = conv(x, v[2], middle()) * v[6];
    if (apart) outputs.push_back(x.value());
    if (narrows) {
      x = conv(x, v[3], last());
      x = ((scaled() ? x * v[8] : x) + v[7]).apply("relu");
    }
    outputs.insert(outputs.begin(), x.value());
    return outputs;
  }
  std::vector<double> expected(const std::vector<Tensor>& in) const {
    std::vector<std::vector<double>> v;
    for (const Tensor& t : in) v.push_back(doubles(t));
    std::vector<double> x = v[0];
    if (widens) {
      x = defined(x, v[1], first());
      for (size_t i = 0; i < x.size(); ++i)
        x[i] = std::clamp(x[i] * v[4][i % size_t(wide)] + v[5][i], 0.0, 6.0);
    }
    x = defined(x, v[2], middle());
    for (size_t i = 0; i < x.size(); ++i) x[i] *= v[6][i % size_t(wide)];
    if (narrows) {
      x = defined(x, v[3], last());
      for (size_t i = 0; i < x.size(); ++i) {
        const size_t f = i % size_t(narrow);
        x[i] = std::max(0.0, x[i] * (scaled() ? v[8][f] : 1) + v[7][f]);
      }
    }
    return x;
  }
};

}  // namespace

TEST(convolutions_are_what_they_are_defined_as) {
  for (const Case& c : kCases)
    for (const Products& p : products_of(c))
      on_every_target([&] {
        const std::vector<float> one = result(p.op, p.a, p.b, p.attrs, 1);
        const Deviation e = error_of(one, p.expected);
        CHECK(e.rms < 4e-6 && e.most < 5e-5, p.op, " of ", c.height, "x", c.width, "x", c.channels, " to ",
              c.filters, ", kernel ", c.kernel, ": rms error ", e.rms, ", largest ", e.most);
        for (int threads : {2, 3, 5})
          CHECK(result(p.op, p.a, p.b, p.attrs, threads) == one, p.op, " with ", threads, " threads");
      });
}

// A pointwise convolution, a depthwise one and a pointwise one, each with a chain behind it, as one
// instruction: their definition's values, as by themselves, with the same bits for every team.
TEST(blocks_are_their_convolutions) {
  const Block kBlocks[] = {
      {2, 30, 33, 5, 20, 7, 3, 1, 1, 1, true, true},    {8, 13, 14, 16, 96, 24, 3, 2, 1, 1, true, true},
      {9, 7, 7, 20, 130, 33, 3, 1, 1, 1, true, true},   {3, 41, 9, 8, 48, 16, 5, 2, 1, 2, true, false},
      {2, 40, 60, 40, 40, 50, 3, 1, 2, 2, false, true}, {8, 57, 5, 3, 17, 1, 3, 3, 1, 0, true, true},
      {1, 24, 49, 17, 300, 40, 2, 1, 1, 0, true, true}, {2, 64, 64, 12, 500, 9, 3, 1, 1, 1, true, true},
      {2, 30, 33, 3, 20, 7, 3, 1, 1, 1, true, true, 3}, {5, 36, 29, 1, 9, 12, 3, 2, 1, 1, true, true, 5},
      {8, 13, 11, 7, 13, 5, 3, 1, 1, 1, true, true},    {6, 19, 17, 1, 31, 3, 5, 1, 1, 2, true, false},
      {4, 23, 9, 3, 1, 1, 3, 1, 1, 1, true, true},      {9, 15, 15, 11, 65, 129, 3, 2, 1, 0, false, true},
      {3, 33, 21, 3, 37, 11, 3, 1, 2, 2, true, true, 3}};
  for (const Block& b : kBlocks) {
    const std::vector<Tensor> drawn = b.inputs();
    const std::vector<double> expected = b.expected(drawn);
    for (DType dtype : {DType::f32, DType::f64}) {
      std::vector<Tensor> in;
      for (const Tensor& t : drawn) in.push_back(as_dtype(t, dtype));
      const auto run = [&](bool apart, int threads, std::string* instructions) {
        Graph graph;
        Program program(graph, b.graph(graph, in, apart));
        *instructions = program.describe();
        set_num_threads(threads);
        return doubles(axone::testing::run(program, in)[0]);
      };
      const std::string name = text(b.height, "x", b.width, "x", b.wide, " of ", item_size(dtype), " bytes");
      const double unit = dtype == DType::f32 ? 1e-6 : 2e-15;
      on_every_target([&] {
        std::string together, apart;
        const std::vector<double> one = run(false, 1, &together), reference = run(true, 1, &apart);
        CHECK(together.find("conv block") == 0 && together.find('\n') + 1 == together.size(), together);
        CHECK(apart.find("conv block") == std::string::npos, apart);
        for (const auto& [values, what] : {std::pair{expected, "definition"}, {reference, "parts"}}) {
          const Deviation e = error_of(one, values);
          CHECK(e.rms < unit && e.most < 10 * unit, name, " and its ", what, ": rms error ", e.rms,
                ", largest ", e.most);
        }
        for (int threads : {2, 3, 5})
          CHECK(run(false, threads, &together) == one, name, " with ", threads, " threads");
      });
    }
  }
}

// Zeros around the input by an operation of their own: no instruction pads or cuts, the results are those of
// the convolution's own padding, and the padded input still has a gradient.
TEST(padding_becomes_the_convolutions) {
  const Case c{2, 9, 8, 12, 12, 3, 2, 1, 0, 12};
  Case padded = c;
  padded.pad = 1;
  const Tensor x = noise(x_shape(c)), w = noise(w_shape(c));
  const auto run = [&](bool by_pad, std::string* instructions) {
    Graph graph;
    const Value in = graph.input(x.type()), weights = graph.input(w.type());
    Value from = in;
    if (by_pad) from = graph.add("pad", {in}, {{"low", Axes{0, 1, 1, 0}}, {"high", Axes{0, 1, 1, 0}}});
    const Value y = graph.add("conv", {from, weights}, attributes(by_pad ? c : padded));
    const std::vector<Value> grads = gradients(graph, {y}, {in, weights, from}, {graph.add("square", {y})});
    CHECK(bool(grads[2]), "the padded input has no gradient");
    Program program(graph, {y, grads[0], grads[1]});
    *instructions = program.describe();
    std::vector<std::vector<float>> out;
    std::vector<void*> to;
    for (const TensorType& t : program.output_types()) out.emplace_back(size_t(element_count(t.shape)));
    for (auto& v : out) to.push_back(v.data());
    program.run({x.data(), w.data()}, to);
    return out;
  };
  std::string with, without;
  CHECK(run(true, &with) == run(false, &without), "padding by a node differs");
  CHECK(with.size() == without.size() && with.find("pad") == std::string::npos, with, " instead of ",
        without);
}

// Zeros around what is never negative change no window's largest element, and their gradient is lost either
// way; around anything else they count.
TEST(padding_becomes_the_pools) {
  const Tensor x = noise({2, 9, 8, 5});
  const auto run = [&](bool rectified, bool by_pad, std::string* instructions) {
    Graph graph;
    const Value in = graph.input(x.type());
    Value from = rectified ? graph.add("relu", {in}) : in;
    if (by_pad) from = graph.add("pad", {from}, {{"low", Axes{0, 1, 1, 0}}, {"high", Axes{0, 1, 0, 0}}});
    const Axes low = by_pad ? Axes{0, 0} : Axes{1, 1}, high = by_pad ? Axes{0, 0} : Axes{1, 0};
    const Value y =
        graph.add("max_pool", {from},
                  {{"window", Axes{3, 2}}, {"strides", Axes{2, 2}}, {"pad_lo", low}, {"pad_hi", high}});
    const std::vector<Value> grads = gradients(graph, {y}, {in}, {graph.add("square", {y})});
    Program program(graph, {y, grads[0]});
    *instructions = program.describe();
    std::vector<std::vector<float>> out;
    std::vector<void*> to;
    for (const TensorType& t : program.output_types()) out.emplace_back(size_t(element_count(t.shape)));
    for (auto& v : out) to.push_back(v.data());
    program.run({x.data()}, to);
    return out;
  };
  std::string with, without, kept;
  const auto padded = run(true, true, &with), own = run(true, false, &without);
  CHECK(padded == own, "padding by a node differs");
  CHECK(with.find("pad ") == std::string::npos, with);
  const auto zeros = run(false, true, &kept);
  CHECK(kept.find("pad ") != std::string::npos, kept);
  CHECK(zeros[0] != run(false, false, &without)[0], "zeros around negative elements do not count");
}

// What the documentation promises of F(4, 3) and F(2, 5).
TEST(winograd_stays_within_its_error) {
  const Case cases[] = {{1, 24, 24, 512, 16, 3, 1, 1, 1, 1},
                        {1, 24, 24, 16, 512, 3, 1, 1, 1, 1},
                        {1, 14, 14, 512, 16, 5, 1, 1, 2, 1},
                        {1, 14, 14, 16, 512, 5, 1, 1, 2, 1}};
  for (const Case& c : cases)
    for (double mean : {0.0, 1.0})
      for (const Products& p : products_of(c, mean))
        on_every_target([&] {
          const Deviation e = error_of(result(p.op, p.a, p.b, p.attrs, 2), p.expected);
          CHECK(e.rms < 2e-6 && e.most < 3e-5, p.op, ", kernel ", c.kernel, ", mean ", mean, ": rms error ",
                e.rms, ", largest ", e.most);
        });
}

TEST(exact_convolution_is_closer) {
  const Case c{1, 24, 24, 64, 64, 3, 1, 1, 1, 1};
  for (const Products& p : products_of(c)) {
    Attrs exact = p.attrs;
    exact.set("exact", true);
    const Deviation fast = error_of(result(p.op, p.a, p.b, p.attrs, 2), p.expected);
    const Deviation slow = error_of(result(p.op, p.a, p.b, exact, 2), p.expected);
    CHECK(slow.rms < 0.7 * fast.rms, p.op, ": ", slow.rms, " and ", fast.rms);
  }
}

// Weights are packed when they have changed, whoever changed them.
TEST(prepared_weights_follow_their_variable) {
  const Case c{2, 14, 14, 32, 32, 3, 1, 1, 1, 1};
  const Tensor x = noise(x_shape(c)), w = noise(w_shape(c));
  for (bool assigned : {false, true}) {
    Graph graph, doubling;
    const Sym input(graph, graph.input(x.type()));
    const Sym weights(graph, graph.variable(w));
    const Sym y = input.apply("conv", {weights}, attributes(c));
    if (assigned) graph.assign(w, (weights * 2.0).value());
    Program program(graph, {y.value()});
    doubling.assign(w, (Sym(doubling, doubling.variable(w)) * 2.0).value());
    Program other(doubling, {});
    std::vector<float> first(size_t(c.batch * 14 * 14 * 32)), second(first.size());
    program.run({x.data()}, {first.data()});
    if (!assigned) other.run({}, {});
    program.run({x.data()}, {second.data()});
    for (float& v : first) v *= 2;
    CHECK(first == second, "the second run used old weights");
  }
}

// Both products of a block keep packed weights, and either may change.
TEST(a_block_follows_all_its_weights) {
  const Case wide{8, 14, 14, 8, 24, 1, 1, 1, 0, 1}, middle{8, 14, 14, 24, 24, 3, 1, 1, 1, 24},
      narrow{8, 14, 14, 24, 8, 1, 1, 1, 0, 1};
  const Tensor x = noise(x_shape(wide));
  const std::vector<Tensor> w{noise(w_shape(wide)), noise(w_shape(middle)), noise(w_shape(narrow))};
  Graph graph;
  Sym y(graph, graph.input(x.type()));
  const Case* const cases[] = {&wide, &middle, &narrow};
  for (size_t i = 0; i < 3; ++i)
    y = y.apply("conv", {Sym(graph, graph.variable(w[i]))}, attributes(*cases[i]));
  Program program(graph, {y.value()});
  CHECK(program.instruction_count() == 1, program.describe());
  std::vector<float> before(size_t(x.size())), after(before.size());
  for (const Tensor& changed : w) {
    Graph doubling;
    doubling.assign(changed, (Sym(doubling, doubling.variable(changed)) * 2.0).value());
    program.run({x.data()}, {before.data()});
    Program(doubling, {}).run({}, {});
    program.run({x.data()}, {after.data()});
    for (float& v : before) v *= 2;
    CHECK(before == after, "old weights were used");
  }
}

int main(int argc, char** argv) {
  return axone::testing::run_all(argc, argv);
}
