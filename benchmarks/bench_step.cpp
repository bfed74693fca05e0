// Whole train steps of dense networks, without Python: forward, softmax cross-entropy, gradients, Adam.
//
//   bench_step [--net 784-128-10]... [--batch N] [--threads N] [--seconds S] [--isa NAME] [--profile]
//   [--json]
//
// Prints the median time of a step, GFLOP/s of its matrix products, and their ratio to the multiply-add peak
// that the same threads reach in the same run; with one thread the clock is the thread's CPU time. --profile
// adds the time of each instruction.
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <random>

#include "graph/autodiff.h"
#include "graph/op.h"
#include "peak.h"
#include "runtime/program.h"

namespace axone {
namespace {

struct Options {
  std::vector<std::string> nets;
  int64_t batch = 32;
  int threads = num_threads();
  double seconds = 1;
  bool profile = false, json = false;
};

std::vector<int64_t> sizes_of(const std::string& net) {
  std::vector<int64_t> sizes;
  for (const char* at = net.c_str(); *at;) {
    char* end;
    sizes.push_back(std::strtol(at, &end, 10));
    require(end != at && sizes.back() > 0 && (*end == '-' || !*end),
            "--net: expected sizes such as 784-128-10, got '", net, "'");
    at = *end ? end + 1 : end;
  }
  require(sizes.size() >= 2, "--net: expected at least two sizes, got '", net, "'");
  return sizes;
}

Tensor uniform(const Shape& shape, float limit, std::mt19937& rng) {
  Tensor t(TensorType{DType::f32, shape});
  std::uniform_real_distribution<float> value(-limit, limit);
  for (int64_t i = 0; i < t.size(); ++i) static_cast<float*>(t.data())[i] = value(rng);
  return t;
}

// A network with Adam's state, and the program of its train step.
class Network {
 public:
  Network(const std::vector<int64_t>& sizes, int64_t batch) {
    std::mt19937 rng(1);
    Sym h(graph_, graph_.input({DType::f32, {batch, sizes[0]}}));
    const Sym labels(graph_, graph_.input({DType::i64, {batch}}));
    for (size_t i = 0; i + 1 < sizes.size(); ++i) {
      const Sym w =
          weight(uniform({sizes[i], sizes[i + 1]}, std::sqrt(6.f / float(sizes[i] + sizes[i + 1])), rng));
      h = h.apply("matmul", {w}) + weight(uniform({sizes[i + 1]}, 0, rng));
      if (i + 2 < sizes.size()) h = h.apply("relu");
      flops += 6.0 * double(batch) * double(sizes[i]) * double(sizes[i + 1]);
    }
    flops -= 2.0 * double(batch) * double(sizes[0]) * double(sizes[1]);  // the input has no gradient
    const Sym loss = h.apply("sparse_softmax_cross_entropy", {labels})
                         .apply("mean", {}, {{"axes", Axes{0}}, {"keepdims", false}});
    adam(loss);
    program_ = std::make_unique<Program>(graph_, std::vector<Value>{loss.value()});
  }

  Program& program() { return *program_; }
  double flops = 0;

 private:
  Sym weight(const Tensor& t) {
    weights_.push_back(t);
    return {graph_, graph_.variable(t)};
  }

  // Kingma and Ba, "Adam", 2015, with the bias corrections folded into the step size.
  void adam(const Sym& loss) {
    std::vector<Value> sources;
    for (const Tensor& w : weights_) sources.push_back(graph_.variable(w));
    const std::vector<Value> grads = gradients(graph_, {loss.value()}, sources, {});
    const Tensor step = scalar_of(DType::f32, 1e-3);
    for (size_t i = 0; i < weights_.size(); ++i) {
      const Sym g(graph_, grads[i]), w(graph_, sources[i]), rate(graph_, graph_.variable(step));
      auto state = [&] {
        Tensor zeros(weights_[i].type());
        std::memset(zeros.data(), 0, zeros.bytes());
        return zeros;
      };
      const Tensor m_state = state(), v_state = state();
      const Sym m(graph_, graph_.variable(m_state)), v(graph_, graph_.variable(v_state));
      const Sym m_new = m + (g - m) * 0.1, v_new = v + (g * g - v) * 0.001;
      graph_.assign(m_state, m_new.value());
      graph_.assign(v_state, v_new.value());
      graph_.assign(weights_[i], (w - rate * (m_new / (v_new.apply("sqrt") + 1e-7))).value());
    }
  }

  Graph graph_;
  std::vector<Tensor> weights_;
  std::unique_ptr<Program> program_;
};

void run(const Options& o, const std::string& net, bool first) {
  const std::vector<int64_t> sizes = sizes_of(net);
  Network network(sizes, o.batch);
  std::mt19937 rng(2);
  constexpr int64_t kBatches = 64;
  const Tensor x = uniform({o.batch * kBatches, sizes[0]}, 1, rng);
  Tensor y(TensorType{DType::i64, {o.batch * kBatches}});
  for (int64_t i = 0; i < y.size(); ++i)
    static_cast<int64_t*>(y.data())[i] = int64_t(rng() % uint64_t(sizes.back()));
  Program::Steps steps;
  steps.sources = {{static_cast<const char*>(x.data()), SourceType::f32, x.shape(), {sizes[0] * 4, 4}},
                   {static_cast<const char*>(y.data()), SourceType::i64, y.shape(), {8}}};
  steps.order_size = o.batch * kBatches, steps.batch = o.batch, steps.count = kBatches, steps.budget = 1e9;

  std::vector<double> times, peaks;
  network.program().run_steps(steps);
  for (const double end = seconds_now() + o.seconds; seconds_now() < end || times.empty();) {
    peaks.push_back(measure_peak(o.threads, 0.01));
    const double start = seconds_now();
    network.program().run_steps(steps);
    times.push_back((seconds_now() - start) / kBatches);
  }
  const double step = median(times), peak = median(peaks), rate = network.flops / step * 1e-9;
  if (o.json)
    std::printf(
        "%s{\"net\":\"%s\",\"batch\":%lld,\"us\":%.2f,\"gflops\":%.1f,\"peak_gflops\":%.1f,\"ratio\":%.3f,"
        "\"isa\":\"%s\",\"threads\":%d}",
        first ? "[\n" : ",\n", net.c_str(), (long long)o.batch, step * 1e6, rate, peak, rate / peak,
        active_target().name, o.threads);
  else
    std::printf("%-24s batch %4lld  %9.1f us  %7.1f GFLOP/s of %7.1f = %.2f  (%s, %d threads)\n", net.c_str(),
                (long long)o.batch, step * 1e6, rate, peak, rate / peak, active_target().name, o.threads);
  if (!o.profile) return;
  const std::string description = network.program().describe();
  size_t at = 0;
  for (double s : network.program().profile(500)) {
    const size_t end = description.find('\n', at);
    std::printf("  %8.2f us  %.100s\n", s / 500 * 1e6, description.substr(at, end - at).c_str());
    at = end + 1;
  }
}

int main_or_throw(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    auto value = [&] {
      require(i + 1 < argc, flag, ": a value is missing");
      return std::string(argv[++i]);
    };
    if (flag == "--net")
      o.nets.push_back(value());
    else if (flag == "--batch")
      o.batch = std::atoll(value().c_str());
    else if (flag == "--threads")
      o.threads = std::atoi(value().c_str());
    else if (flag == "--seconds")
      o.seconds = std::atof(value().c_str());
    else if (flag == "--isa")
      set_target(value());
    else if (flag == "--profile")
      o.profile = true;
    else if (flag == "--json")
      o.json = true;
    else
      throw ValueError(text("unknown option ", flag, "; see the head of bench_step.cpp"));
  }
  require(o.batch > 0, "--batch: expected a positive number");
  set_num_threads(o.threads);
  own_time = o.threads == 1;
  if (o.nets.empty()) o.nets = {"784-128-10", "784-512-256-128-64-10", "784-10"};
  for (size_t i = 0; i < o.nets.size(); ++i) run(o, o.nets[i], i == 0);
  if (o.json) std::printf("\n]\n");
  return 0;
}

}  // namespace
}  // namespace axone

int main(int argc, char** argv) {
  try {
    return axone::main_or_throw(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench_step: %s\n", e.what());
    return 2;
  }
}
