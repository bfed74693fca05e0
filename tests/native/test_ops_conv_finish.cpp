// What follows a convolution and is left to its kernels.
#include "check.h"
#include "conv_case.h"

using namespace axone;
using namespace axone::testing;

// Bias, normalisation, residual and ReLU are left to the kernels that make the values, or follow them.
TEST(what_follows_a_convolution_is_its_formula) {
  const Case cases[] = {{2, 30, 33, 20, 40, 3, 1, 1, 1, 1},   {8, 15, 14, 121, 125, 3, 1, 1, 1, 1},
                        {2, 7, 9, 121, 125, 3, 1, 1, 1, 1},   {2, 31, 29, 5, 33, 3, 2, 1, 1, 1},
                        {4, 14, 15, 40, 70, 1, 1, 1, 0, 1},   {4, 14, 15, 260, 600, 1, 1, 1, 0, 1},
                        {3, 21, 20, 300, 1030, 1, 1, 1, 0, 1}};
  for (const Case& c : cases)
    for (bool adds : {false, true}) {
      const Tensor x = noise(x_shape(c)), w = noise(w_shape(c)), other = noise(y_shape(c));
      const Tensor bias = noise({c.filters}), scale = noise({c.filters}), shift = noise({c.filters});
      on_every_target([&] {
        const auto run = [&](int threads) {
          Graph graph;
          const auto input = [&](const Tensor& t) { return Sym(graph, graph.input(t.type())); };
          const Sym from = input(x), weights = input(w), b = input(bias), f = input(scale), s = input(shift),
                    z = input(other);
          Sym y = (from.apply("conv", {weights}, attributes(c)) + b) * f + s;
          if (adds) y = z + y;
          Program program(graph, {y.apply("relu").value()});
          CHECK(program.instruction_count() == 1, program.describe());
          std::vector<float> out(size_t(other.size()), -7);
          set_num_threads(threads);
          program.run({x.data(), w.data(), bias.data(), scale.data(), shift.data(), other.data()},
                      {out.data()});
          return out;
        };
        const std::vector<float> raw = result("conv", x, w, attributes(c), 1), one = run(1);
        std::vector<double> expected;
        for (size_t i = 0; i < raw.size(); ++i) {
          const size_t k = i % size_t(c.filters);
          const double normal = (double(raw[i]) + values(bias)[k]) * values(scale)[k] + values(shift)[k];
          expected.push_back(std::max(0.0, normal + (adds ? values(other)[i] : 0)));
        }
        const Deviation e = error_of(one, expected);
        CHECK(e.rms < 2e-7 && e.most < 1e-5, c.height, "x", c.width, "x", c.channels, " to ", c.filters,
              adds ? " and a residual" : "", ": rms error ", e.rms, ", largest ", e.most);
        for (int threads : {2, 3, 5}) CHECK(run(threads) == one, threads, " threads");
      });
    }
}

int main(int argc, char** argv) {
  return axone::testing::run_all(argc, argv);
}
