// Pooling and batch statistics: the passes over memory of a convolutional network.
//
//   bench_pool [--shape NxHxWxC]... [--threads N] [--seconds S] [--isa NAME] [--json]
//
// Prints GB/s of the bytes that a pass has to read and write once, beside what a copy of the input reaches on
// the same threads in the same run. With one thread the clock is the thread's CPU time.
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>

#include "graph/op.h"
#include "peak.h"
#include "runtime/program.h"

namespace axone {
namespace {

struct Options {
  std::vector<Shape> shapes;
  int threads = num_threads();
  double seconds = 0.2;
  bool json = false;
};

Shape shape_of(const std::string& argument) {
  long long n, h, w, c;
  require(std::sscanf(argument.c_str(), "%lldx%lldx%lldx%lld", &n, &h, &w, &c) == 4 && n > 0 && h > 1 &&
              w > 1 && c > 0,
          "--shape: expected sizes such as 8x112x112x64, got '", argument, "'");
  return {n, h, w, c};
}

Tensor noise(const TensorType& type) {
  static std::mt19937 rng(1);
  Tensor t(type);
  std::uniform_real_distribution<float> value(-1, 1);
  if (type.dtype == DType::f32)
    for (int64_t i = 0; i < t.size(); ++i) static_cast<float*>(t.data())[i] = value(rng);
  else
    for (size_t i = 0; i < t.bytes(); ++i) static_cast<uint8_t*>(t.data())[i] = uint8_t(rng() % 4);
  return t;
}

// Bytes of inputs and outputs over the median time of a run.
double rate(const Options& o, const Graph& graph, const std::vector<Value>& outputs) {
  Program program(graph, outputs);
  std::vector<Tensor> in, out;
  std::vector<const void*> from;
  std::vector<void*> to;
  double bytes = 0;
  for (const TensorType& t : program.input_types()) in.push_back(noise(t));
  for (const TensorType& t : program.output_types()) out.emplace_back(t);
  for (const Tensor& t : in) from.push_back(t.data()), bytes += double(t.bytes());
  for (const Tensor& t : out) to.push_back(t.data()), bytes += double(t.bytes());
  program.run(from, to);
  std::vector<double> times;
  for (const double end = seconds_now() + o.seconds; seconds_now() < end || times.size() < 3;) {
    const double start = seconds_now();
    program.run(from, to);
    times.push_back(seconds_now() - start);
  }
  return bytes / median(times) * 1e-9;
}

Attrs window(int64_t size, int64_t stride) {
  const int64_t pad = (size - 1) / 2;
  return {{"window", Axes{size, size}},
          {"strides", Axes{stride, stride}},
          {"pad_lo", Axes{pad, pad}},
          {"pad_hi", Axes{pad, pad}}};
}

struct Result {
  std::string name;
  double rate;
};

std::vector<Result> measure(const Options& o, const Shape& shape) {
  std::vector<Result> results;
  const TensorType x_type{DType::f32, shape};
  auto add = [&](const std::string& name, const std::function<std::vector<Value>(Graph&)>& build) {
    Graph graph;
    const std::vector<Value> outputs = build(graph);
    results.push_back({name, rate(o, graph, outputs)});
  };
  add("copy", [&](Graph& g) { return std::vector<Value>{g.add("neg", {g.input(x_type)})}; });
  for (int64_t size : {2, 3}) {
    const std::string which = " " + std::to_string(size) + "/2";
    for (const char* op : {"max_pool", "avg_pool"}) {
      const bool max = !std::strcmp(op, "max_pool");
      TensorType y, index;
      add(op + which, [&](Graph& g) {
        const Value v = g.add(max ? "max_pool_indexed" : op, {g.input(x_type)}, window(size, 2));
        y = g.type(v);
        if (!max) return std::vector<Value>{v};
        index = g.type({v.node, 1});
        return std::vector<Value>{v, {v.node, 1}};
      });
      add(std::string(op) + "_grad" + which, [&](Graph& g) {
        Attrs attrs = window(size, 2);
        attrs.set("input_shape", shape);
        std::vector<Value> in{g.input(y)};
        if (max) in.push_back(g.input(index));
        return std::vector<Value>{g.add(max ? "max_pool_grad" : "avg_pool_grad", in, attrs)};
      });
    }
  }
  add("channel_moments", [&](Graph& g) {
    const Value v = g.add("channel_moments", {g.input(x_type)});
    return std::vector<Value>{v, {v.node, 1}};
  });
  return results;
}

void run(const Options& o, const Shape& shape, bool first) {
  const std::vector<Result> results = measure(o, shape);
  bool comma = !first;
  if (!o.json) std::printf("%s\n", text(shape).c_str());
  for (const Result& r : results) {
    if (o.json)
      std::printf(
          "%s{\"shape\":\"%s\",\"pass\":\"%s\",\"gb_per_s\":%.2f,\"of_copy\":%.3f,\"isa\":\"%s\",\"threads\":"
          "%d}",
          comma ? ",\n" : "[\n", text(shape).c_str(), r.name.c_str(), r.rate, r.rate / results[0].rate,
          active_target().name, o.threads);
    else
      std::printf("  %-20s %7.1f GB/s  %5.2f of a copy\n", r.name.c_str(), r.rate, r.rate / results[0].rate);
    comma = true;
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
    if (flag == "--shape")
      o.shapes.push_back(shape_of(value()));
    else if (flag == "--threads")
      o.threads = std::atoi(value().c_str());
    else if (flag == "--seconds")
      o.seconds = std::atof(value().c_str());
    else if (flag == "--isa")
      set_target(value());
    else if (flag == "--json")
      o.json = true;
    else
      throw ValueError(text("unknown option ", flag, "; see the head of bench_pool.cpp"));
  }
  set_num_threads(o.threads);
  own_time = o.threads == 1;
  if (o.shapes.empty())
    o.shapes = {{128, 26, 26, 32}, {4, 224, 224, 64}, {8, 112, 112, 64}, {8, 28, 28, 512}};
  for (size_t i = 0; i < o.shapes.size(); ++i) run(o, o.shapes[i], i == 0);
  if (o.json) std::printf("\n]\n");
  return 0;
}

}  // namespace
}  // namespace axone

int main(int argc, char** argv) {
  try {
    return axone::main_or_throw(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench_pool: %s\n", e.what());
    return 2;
  }
}
