// Recurrent layers and attention: forward, and forward with backward, of well-known sizes.
//
//   bench_rnn [--op lstm|gru|simple_rnn|attention|all] [--batch N] [--steps N] [--units N] [--heads N]
//             [--threads N] [--seconds S] [--isa NAME]
//
// Without sizes: a table of common ones. GFLOP/s count the multiply-adds of the products (of attention those
// of all scores), beside the multiply-add peak of the same threads in the same run. The projection of the
// inputs is a matrix product by itself (bench_gemm) and is not part of it. With one thread the clock is the
// thread's CPU time.
#include <cstdlib>
#include <random>
#include <string>

#include "graph/autodiff.h"
#include "graph/op.h"
#include "peak.h"
#include "runtime/program.h"

namespace axone {
namespace {

struct Case {
  std::string op;
  int64_t batch, steps, units;  // attention: units is the size of a head
  int64_t heads = 1;
};

const Case kCases[] = {
    {"lstm", 64, 28, 128},         {"lstm", 32, 100, 512},        {"lstm", 32, 200, 64},
    {"lstm", 1, 28, 128},          {"gru", 64, 28, 128},          {"gru", 32, 100, 512},
    {"simple_rnn", 64, 28, 128},   {"attention", 16, 256, 32, 8}, {"attention", 1, 4096, 64, 8},
    {"attention", 1, 1024, 64, 1},
};

Tensor noise(const Shape& shape) {
  static std::mt19937 rng(1);
  Tensor t(TensorType{DType::f32, shape});
  std::uniform_real_distribution<float> value(-0.2f, 0.2f);
  for (int64_t i = 0; i < t.size(); ++i) static_cast<float*>(t.data())[i] = value(rng);
  return t;
}

// Median seconds of a program on its inputs.
double measure(Program& program, const std::vector<Tensor>& inputs, double seconds) {
  std::vector<const void*> in;
  for (const Tensor& t : inputs) in.push_back(t.data());
  std::vector<Tensor> made;
  std::vector<void*> out;
  for (const TensorType& t : program.output_types()) {
    made.emplace_back(t);
    out.push_back(made.back().data());
  }
  program.run(in, out);
  std::vector<double> times;
  for (const double end = seconds_now() + seconds; seconds_now() < end || times.size() < 3;) {
    const double start = seconds_now();
    program.run(in, out);
    times.push_back(seconds_now() - start);
  }
  return median(times);
}

struct Layer {
  std::vector<Tensor> inputs;
  Attrs attrs;
  double flops;  // of the way forward
  double more;   // of both ways: times those
};

Layer layer_of(const Case& c) {
  if (c.op == "attention") {
    const Shape shape{c.batch, c.steps, c.heads, c.units};
    const double pairs = double(c.batch * c.heads * c.steps) * double(c.steps);
    return {{noise(shape), noise(shape), noise(shape)},
            {{"scale", 0.2}, {"causal", false}, {"mask", false}},
            4.0 * pairs * double(c.units),
            3.5};
  }
  const int64_t gates = c.op == "lstm" ? 4 : c.op == "gru" ? 3 : 1;
  const Shape state{c.batch, c.units};
  Layer l{{noise({c.batch, c.steps, gates * c.units}), noise({c.units, gates * c.units}), noise(state)},
          {},
          0,
          3};
  if (c.op == "lstm") l.inputs.push_back(noise(state));
  l.flops = 2.0 * double(c.batch * c.steps) * double(gates * c.units * c.units);
  return l;
}

void run(const Case& c, int threads, double seconds) {
  const Layer layer = layer_of(c);
  auto build = [&](bool both) {
    Graph graph;
    std::vector<Value> in;
    for (const Tensor& t : layer.inputs) in.push_back(graph.input(t.type()));
    const Value out = graph.add(c.op.c_str(), in, layer.attrs);
    std::vector<Value> wanted{out};
    if (both)
      for (Value v : gradients(graph, {out}, in, {})) wanted.push_back(v);
    return std::make_unique<Program>(graph, wanted);
  };
  const double forward = measure(*build(false), layer.inputs, seconds);
  const double both = measure(*build(true), layer.inputs, seconds);
  const double peak = measure_peak(threads, 0.02), rate = layer.flops / forward * 1e-9,
               rate_both = layer.more * layer.flops / both * 1e-9;
  std::printf(
      "%-10s batch %3lld steps %5lld units %4lld heads %2lld | forward %9.0f us %6.0f GFLOP/s %4.2f | both "
      "%9.0f "
      "us %6.0f GFLOP/s %4.2f | peak %.0f\n",
      c.op.c_str(), (long long)c.batch, (long long)c.steps, (long long)c.units, (long long)c.heads,
      forward * 1e6, rate, rate / peak, both * 1e6, rate_both, rate_both / peak, peak);
  std::fflush(stdout);
}

int main_or_throw(int argc, char** argv) {
  Case own{"all", 0, 0, 0, 1};
  int threads = num_threads();
  double seconds = 0.2;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    require(i + 1 < argc, flag, ": a value is missing");
    const std::string value = argv[++i];
    if (flag == "--op")
      own.op = value;
    else if (flag == "--batch")
      own.batch = std::atoll(value.c_str());
    else if (flag == "--steps")
      own.steps = std::atoll(value.c_str());
    else if (flag == "--units")
      own.units = std::atoll(value.c_str());
    else if (flag == "--heads")
      own.heads = std::atoll(value.c_str());
    else if (flag == "--threads")
      threads = std::atoi(value.c_str());
    else if (flag == "--seconds")
      seconds = std::atof(value.c_str());
    else if (flag == "--isa")
      set_target(value);
    else
      throw ValueError(text("unknown option ", flag, "; see the head of bench_rnn.cpp"));
  }
  set_num_threads(threads);
  own_time = threads == 1;
  if (own.batch || own.steps || own.units) {
    require(own.op != "all" && own.batch > 0 && own.steps > 0 && own.units > 0 && own.heads > 0,
            "a size of one's own needs --op, --batch, --steps and --units");
    run(own, threads, seconds);
    return 0;
  }
  bool any = false;
  for (const Case& c : kCases)
    if (own.op == "all" || own.op == c.op) run(c, threads, seconds), any = true;
  require(any, "--op: expected lstm, gru, simple_rnn, attention or all, got '", own.op, "'");
  return 0;
}

}  // namespace
}  // namespace axone

int main(int argc, char** argv) {
  try {
    return axone::main_or_throw(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench_rnn: %s\n", e.what());
    return 2;
  }
}
