// Recurrent operations, attention and loops: against plain loops, gradients by finite differences, and the
// same bits for every team.
#include <cmath>
#include <cstring>
#include <random>

#include "check.h"
#include "cpu/team.h"
#include "graph/autodiff.h"
#include "graph/op.h"
#include "ops/scan.h"
#include "run_program.h"

using namespace axone;
using axone::testing::at;
using axone::testing::on_every_target;

namespace {

Tensor noise(DType dtype, const Shape& shape, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> uniform(-0.8, 0.8);
  Tensor t(TensorType{dtype, shape});
  for (int64_t i = 0; i < t.size(); ++i)
    dispatch(dtype, [&](auto* p) {
      using T = std::remove_pointer_t<decltype(p)>;
      static_cast<T*>(t.data())[i] =
          dtype == DType::b8 ? T(uniform(generator) > -0.3) : T(uniform(generator));
    });
  return t;
}

// The operation's first output and the gradients of its sum by the floating-point inputs.
std::vector<Tensor> run(const char* op, const std::vector<Tensor>& inputs, const Attrs& attrs, int threads) {
  Graph graph;
  std::vector<Value> in, wanted;
  for (const Tensor& t : inputs) in.push_back(graph.input(t.type()));
  const Value out = graph.add(op, in, attrs);
  std::vector<Value> sources;
  for (Value v : in)
    if (is_float(graph.dtype(v))) sources.push_back(v);
  wanted.push_back(out);
  for (Value v : gradients(graph, {out}, sources, {})) wanted.push_back(v);
  Program program(graph, wanted);
  set_num_threads(threads);
  std::vector<Tensor> made = axone::testing::run(program, inputs);
  set_num_threads(available_processors());
  return made;
}

void check_same_bits(const char* op, const std::vector<Tensor>& inputs, const Attrs& attrs) {
  const std::vector<Tensor> one = run(op, inputs, attrs, 1);
  for (int threads : {2, 3, 7}) {
    const std::vector<Tensor> many = run(op, inputs, attrs, threads);
    for (size_t k = 0; k < one.size(); ++k)
      CHECK(std::memcmp(one[k].data(), many[k].data(), one[k].bytes()) == 0, op, " output ", k, " on ",
            threads, " threads");
  }
}

// A few elements of every gradient.
void check_gradients(const char* op, const std::vector<Tensor>& inputs, const Attrs& attrs) {
  const std::vector<Tensor> found = run(op, inputs, attrs, 2);
  auto total = [&](const std::vector<Tensor>& x) {
    const Tensor y = run(op, x, attrs, 1)[0];
    double sum = 0;
    for (int64_t i = 0; i < y.size(); ++i) sum += at(y, i);
    return sum;
  };
  size_t k = 1;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!is_float(inputs[i].dtype())) continue;
    const int64_t step = std::max<int64_t>(1, inputs[i].size() / 5);
    for (int64_t e = 0; e < inputs[i].size(); e += step) {
      std::vector<Tensor> up = inputs, down = inputs;
      for (auto* side : {&up, &down}) {
        Tensor moved(inputs[i].type());
        std::memcpy(moved.data(), inputs[i].data(), moved.bytes());
        static_cast<double*>(moved.data())[e] += side == &up ? 1e-6 : -1e-6;
        (*side)[i] = moved;
      }
      const double slope = (total(up) - total(down)) / 2e-6;
      CHECK(std::fabs(slope - at(found[k], e)) < 1e-6 * (1 + std::fabs(slope)), op, " input ", i, " element ",
            e, ": ", at(found[k], e), " for ", slope);
    }
    ++k;
  }
}

std::vector<Tensor> recurrent_inputs(const std::string& op, DType t, int64_t batch, int64_t steps,
                                     int64_t units, bool masked) {
  const int64_t gates = op == "lstm" ? 4 : op == "gru" ? 3 : 1;
  std::vector<Tensor> in{noise(t, {batch, steps, gates * units}, 1), noise(t, {units, gates * units}, 2),
                         noise(t, {batch, units}, 3)};
  if (op == "lstm") in.push_back(noise(t, {batch, units}, 4));
  if (op == "gru") in.push_back(noise(t, {gates * units}, 5));
  if (masked) in.push_back(noise(DType::b8, {batch, steps}, 6));
  return in;
}

Attrs recurrent_attrs(const std::string& op, bool reverse, bool masked) {
  return {{"reverse", reverse}, {"bias", op == "gru"}, {"mask", masked}, {"keep", false}};
}

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

// An LSTM by its definition: all states, one behind the other.
std::vector<double> plain_lstm(const std::vector<Tensor>& in, bool reverse, bool masked) {
  const Shape x = in[0].shape();
  const int64_t batch = x[0], steps = x[1], units = x[2] / 4;
  std::vector<double> out(size_t(batch * steps * units));
  for (int64_t b = 0; b < batch; ++b) {
    std::vector<double> h(static_cast<size_t>(units)), c(static_cast<size_t>(units));
    for (int64_t u = 0; u < units; ++u)
      h[size_t(u)] = at(in[2], b * units + u), c[size_t(u)] = at(in[3], b * units + u);
    for (int64_t s = 0; s < steps; ++s) {
      const int64_t t = reverse ? steps - 1 - s : s;
      const std::vector<double> before = h;
      const bool counts = !masked || at(in[4], b * steps + t) != 0;
      for (int64_t u = 0; counts && u < units; ++u) {
        double z[4];
        for (int64_t g = 0; g < 4; ++g) {
          z[g] = at(in[0], (b * steps + t) * 4 * units + g * units + u);
          for (int64_t k = 0; k < units; ++k)
            z[g] += before[size_t(k)] * at(in[1], k * 4 * units + g * units + u);
        }
        c[size_t(u)] = sigmoid(z[1]) * c[size_t(u)] + sigmoid(z[0]) * std::tanh(z[2]);
        h[size_t(u)] = sigmoid(z[3]) * std::tanh(c[size_t(u)]);
      }
      for (int64_t u = 0; u < units; ++u) out[size_t((b * steps + t) * units + u)] = h[size_t(u)];
    }
  }
  return out;
}

// The first output of a program without gradients.
Tensor run_forward(const Graph& graph, Value out, const std::vector<Tensor>& inputs, int threads) {
  Program program(graph, {out});
  set_num_threads(threads);
  std::vector<Tensor> made = axone::testing::run(program, inputs);
  set_num_threads(available_processors());
  return made[0];
}

Tensor forward(const char* op, const std::vector<Tensor>& inputs, const Attrs& attrs, int threads) {
  Graph graph;
  std::vector<Value> in;
  for (const Tensor& t : inputs) in.push_back(graph.input(t.type()));
  return run_forward(graph, graph.add(op, in, attrs), inputs, threads);
}

double distance(const Tensor& a, const std::vector<double>& b) {
  double most = 0;
  for (int64_t i = 0; i < a.size(); ++i) most = std::max(most, std::fabs(at(a, i) - b[size_t(i)]));
  return most;
}

// Of few sequences lanes hand each other the states: one block of units a lane, several, and lanes without
// any.
TEST(few_sequences_are_the_definition) {
  on_every_target([] {
    for (DType t : {DType::f32, DType::f64})
      for (int64_t batch : {1, 3})
        for (int64_t units : {128, 210})
          for (bool masked : {false, true}) {
            const auto in = recurrent_inputs("lstm", t, batch, 5, units, masked);
            const Attrs attrs = recurrent_attrs("lstm", masked, masked);
            const Tensor one = forward("lstm", in, attrs, 1);
            const double error = distance(one, plain_lstm(in, masked, masked));
            CHECK(error < (t == DType::f32 ? 1e-4 : 1e-12), "units ", units, ": ", error);
            for (int threads : {2, 3, 5})
              CHECK(std::memcmp(one.data(), forward("lstm", in, attrs, threads).data(), one.bytes()) == 0,
                    "units ", units, ", batch ", batch, ", ", threads, " threads");
          }
  });
}

TEST(few_sequences_have_the_same_bits_for_every_team) {
  for (const char* op : {"lstm", "gru", "simple_rnn"})
    for (int64_t batch : {1, 2, 6, 7})
      for (int64_t units : {200, 320}) {
        check_same_bits(op, recurrent_inputs(op, DType::f32, batch, 6, units, true),
                        recurrent_attrs(op, false, true));
        check_same_bits(op, recurrent_inputs(op, DType::f64, batch, 6, units, false),
                        recurrent_attrs(op, true, false));
      }
}

// Each lane makes the projected inputs of its units, as soon as it is known what they come from.
TEST(few_sequences_project_their_inputs) {
  on_every_target([] {
    for (const char* op : {"lstm", "gru", "simple_rnn"})
      for (DType t : {DType::f32, DType::f64})
        for (bool biased : {false, true}) {
          const int64_t batch = 2, steps = 5, features = 9, units = 210;
          std::vector<Tensor> in = recurrent_inputs(op, t, batch, steps, units, false);
          const int64_t width = in[0].shape()[2];
          const std::vector<Tensor> from{noise(t, {batch, steps, features}, 7),
                                         noise(t, {features, width}, 8), noise(t, {width}, 9)};
          const auto project = [&](Graph& g, std::vector<Value>& v) {
            for (const Tensor& x : from) v.push_back(g.input(x.type()));
            const Value product =
                g.add("matmul", {v[0], v[1]}, {{"transpose_a", false}, {"transpose_b", false}});
            return biased ? g.add("add", {product, v[2]}, {}) : product;
          };
          Graph first, whole;
          std::vector<Value> operands, inputs;
          in[0] = run_forward(first, project(first, operands), from, 1);
          std::vector<Tensor> all = from;
          std::vector<Value> given{project(whole, inputs)};
          for (size_t i = 1; i < in.size(); ++i) {
            given.push_back(whole.input(in[i].type()));
            all.push_back(in[i]);
          }
          const Attrs attrs = recurrent_attrs(op, false, false);
          const Tensor wanted = forward(op, in, attrs, 1);
          const Value out = whole.add(op, given, attrs);
          CHECK(Program(whole, {out}).describe().find("gemm") == std::string::npos, op);
          for (int threads : {1, 2, 3})
            CHECK(
                std::memcmp(run_forward(whole, out, all, threads).data(), wanted.data(), wanted.bytes()) == 0,
                op, " on ", threads, " threads");
        }
  });
}

TEST(lstm_is_its_definition) {
  on_every_target([] {
    for (bool masked : {false, true})
      for (bool reverse : {false, true})
        for (int64_t units : {1, 7, 40}) {
          const auto in = recurrent_inputs("lstm", DType::f32, 19, 4, units, masked);
          const std::vector<double> wanted = plain_lstm(in, reverse, masked);
          const Tensor out = run("lstm", in, recurrent_attrs("lstm", reverse, masked), 2)[0];
          double most = 0;
          for (int64_t i = 0; i < out.size(); ++i)
            most = std::max(most, std::fabs(at(out, i) - wanted[size_t(i)]));
          CHECK(most < 3e-5, "units ", units, ": ", most);
        }
  });
}

// 16 steps of 160 units lie 5 pages apart from sequence to sequence, and are copied together for the product.
TEST(sequences_pages_apart) {
  const auto few = recurrent_inputs("lstm", DType::f64, 9, 16, 160, false);
  const auto many = recurrent_inputs("lstm", DType::f64, 50, 16, 160, true);
  const Attrs attrs = recurrent_attrs("lstm", false, false), masked = recurrent_attrs("lstm", true, true);
  const std::vector<double> wanted = plain_lstm(few, false, false),
                            wanted_many = plain_lstm(many, true, true);
  on_every_target([&] {
    CHECK(distance(run("lstm", few, attrs, 2)[0], wanted) < 1e-12, "9 sequences");
    CHECK(distance(run("lstm", many, masked, 2)[0], wanted_many) < 1e-12, "50 sequences");
    check_same_bits("lstm", many, masked);
  });
  check_gradients("lstm", few, attrs);
}

TEST(gradients_of_recurrent_operations) {
  on_every_target([] {
    for (const char* op : {"lstm", "gru", "simple_rnn"})
      for (bool masked : {false, true}) {
        check_gradients(op, recurrent_inputs(op, DType::f64, 3, 4, 5, masked),
                        recurrent_attrs(op, masked, masked));
        check_gradients(op, recurrent_inputs(op, DType::f64, 17, 2, 12, masked),
                        recurrent_attrs(op, !masked, masked));
      }
  });
}

TEST(recurrent_operations_have_the_same_bits_on_every_team) {
  on_every_target([] {
    for (const char* op : {"lstm", "gru", "simple_rnn"})
      for (const auto& [batch, units] : {std::pair<int64_t, int64_t>{37, 48}, {5, 330}, {60, 400}, {1, 64}})
        check_same_bits(op, recurrent_inputs(op, DType::f32, batch, 3, units, true),
                        recurrent_attrs(op, false, true));
  });
}

std::vector<Tensor> attention_inputs(DType t, int64_t targets, int64_t sources, int64_t heads,
                                     int64_t key_heads, bool masked) {
  std::vector<Tensor> in{noise(t, {2, targets, heads, 5}, 1), noise(t, {2, sources, key_heads, 5}, 2),
                         noise(t, {2, sources, key_heads, 3}, 3)};
  if (masked) in.push_back(noise(DType::b8, {2, 1, targets, sources}, 4));
  return in;
}

Attrs attention_attrs(bool causal, bool masked) {
  return {{"scale", 0.7}, {"causal", causal}, {"mask", masked}};
}

TEST(attention_is_its_definition) {
  on_every_target([] {
    for (bool causal : {false, true}) {
      const int64_t n = 301;
      const auto in = attention_inputs(DType::f32, n, n, 2, 1, false);
      const Tensor out = run("attention", in, attention_attrs(causal, false), 2)[0];
      double most = 0;
      for (int64_t t : {0, 1, 47, 48, 255, 256, 300})
        for (int64_t head : {0, 1}) {
          double sum = 0, mean[3] = {};
          for (int64_t s = 0; s < (causal ? t + 1 : n); ++s) {
            double score = 0;
            for (int64_t k = 0; k < 5; ++k) score += at(in[0], (t * 2 + head) * 5 + k) * at(in[1], s * 5 + k);
            const double e = std::exp(0.7 * score);
            sum += e;
            for (int64_t k = 0; k < 3; ++k) mean[k] += e * at(in[2], s * 3 + k);
          }
          for (int64_t k = 0; k < 3; ++k)
            most = std::max(most, std::fabs(mean[k] / sum - at(out, (t * 2 + head) * 3 + k)));
        }
      CHECK(most < 1e-5, "causal ", causal, ": ", most);
    }
  });
}

TEST(gradients_of_attention) {
  on_every_target([] {
    for (bool masked : {false, true})
      for (bool causal : {false, true}) {
        check_gradients("attention", attention_inputs(DType::f64, 7, 9, 4, 2, masked),
                        attention_attrs(causal, masked));
        check_gradients("attention", attention_inputs(DType::f64, 50, 260, 8, 8, masked),
                        attention_attrs(causal, masked));
      }
  });
}

TEST(attention_has_the_same_bits_on_every_team) {
  on_every_target([] {
    for (bool masked : {false, true}) {
      check_same_bits("attention", attention_inputs(DType::f32, 270, 600, 1, 1, masked),
                      attention_attrs(true, masked));
      check_same_bits("attention", attention_inputs(DType::f32, 60, 60, 8, 4, masked),
                      attention_attrs(false, masked));
    }
  });
}

// h' = tanh(x w + h u), outputs h.
Attrs scan_attrs(int64_t length, const TensorType& x, const TensorType& w, const TensorType& u,
                 const TensorType& h) {
  Graph g;
  const Sym state(g, g.input(h)), element(g, g.input({x.dtype, Shape(x.shape.begin() + 1, x.shape.end())})),
      kernel(g, g.input(w)), recurrent(g, g.input(u));
  auto product = [](const Sym& a, const Sym& b) {
    return a.apply("matmul", {b}, {{"transpose_a", false}, {"transpose_b", false}});
  };
  const Value next = (product(element, kernel) + product(state, recurrent)).apply("tanh").value();
  auto body = std::make_shared<ScanBody>(std::move(g), std::vector<Value>{next, next});
  return {{"body", std::shared_ptr<const Opaque>(body)},
          {"carries", int64_t(1)},
          {"steps", int64_t(1)},
          {"length", length},
          {"reverse", false}};
}

TEST(scan_with_gradients_on_every_team) {
  on_every_target([] {
    std::vector<Tensor> in{noise(DType::f64, {3, 4}, 1), noise(DType::f64, {6, 3, 2}, 2),
                           noise(DType::f64, {2, 4}, 3), noise(DType::f64, {4, 4}, 4)};
    const Attrs attrs = scan_attrs(6, in[1].type(), in[2].type(), in[3].type(), in[0].type());
    check_gradients("scan", in, attrs);
    check_same_bits("scan", in, attrs);
    std::vector<Tensor> wide{noise(DType::f32, {64, 96}, 1), noise(DType::f32, {5, 64, 32}, 2),
                             noise(DType::f32, {32, 96}, 3), noise(DType::f32, {96, 96}, 4)};
    check_same_bits("scan", wide,
                    scan_attrs(5, wide[1].type(), wide[2].type(), wide[3].type(), wide[0].type()));
  });
}

TEST(wrong_operands_are_errors) {
  auto throws = [](const char* op, const std::vector<Tensor>& in, const Attrs& attrs) {
    try {
      run(op, in, attrs, 1);
    } catch (const std::exception&) {
      return true;
    }
    return false;
  };
  auto in = recurrent_inputs("lstm", DType::f32, 2, 3, 4, false);
  in[1] = noise(DType::f32, {4, 12}, 1);
  CHECK(throws("lstm", in, recurrent_attrs("lstm", false, false)), "a kernel of three gates");
  in = recurrent_inputs("gru", DType::f32, 2, 3, 4, false);
  in[2] = noise(DType::f32, {3, 4}, 1);
  CHECK(throws("gru", in, recurrent_attrs("gru", false, false)), "a state of another batch");
  in = attention_inputs(DType::f32, 3, 4, 3, 2, false);
  CHECK(throws("attention", in, attention_attrs(false, false)), "heads that do not divide");
  in = attention_inputs(DType::f32, 3, 4, 2, 2, true);
  in[3] = noise(DType::b8, {2, 2, 3, 5}, 1);
  CHECK(throws("attention", in, attention_attrs(false, true)), "a mask of other sources");
}

}  // namespace

int main(int argc, char** argv) {
  return axone::testing::run_all(argc, argv);
}
