// Convolution layer by layer: forward and both gradients of every distinct layer of well-known networks.
//
//   bench_conv [--net lenet|vgg16|resnet50|mobilenetv2|all] [--layer HxCxF/K[/STRIDE[/GROUPS]]]... [--batch
//   N]
//              [--threads N] [--seconds S] [--isa NAME] [--json]
//
// GFLOP/s count the multiply-adds of the definition, whatever the algorithm does (so Winograd's may pass the
// peak), beside the multiply-add peak of the same threads in the same run. Weights are constant, as in
// inference: their transformation is not counted. With one thread the clock is the thread's CPU time.
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>

#include "graph/op.h"
#include "peak.h"
#include "runtime/program.h"

namespace axone {
namespace {

struct Layer {
  const char* net;
  int64_t size, channels, filters, kernel, stride, groups;
  bool valid = false;  // no padding
};

// Square inputs; padding keeps ceil(size / stride) unless `valid`.
const Layer kLayers[] = {
    {"lenet", 28, 1, 6, 5, 1, 1, false},      {"lenet", 14, 6, 16, 5, 1, 1, true},
    {"vgg16", 224, 3, 64, 3, 1, 1},           {"vgg16", 224, 64, 64, 3, 1, 1},
    {"vgg16", 112, 64, 128, 3, 1, 1},         {"vgg16", 112, 128, 128, 3, 1, 1},
    {"vgg16", 56, 128, 256, 3, 1, 1},         {"vgg16", 56, 256, 256, 3, 1, 1},
    {"vgg16", 28, 256, 512, 3, 1, 1},         {"vgg16", 28, 512, 512, 3, 1, 1},
    {"vgg16", 14, 512, 512, 3, 1, 1},         {"resnet50", 224, 3, 64, 7, 2, 1},
    {"resnet50", 56, 64, 64, 1, 1, 1},        {"resnet50", 56, 64, 64, 3, 1, 1},
    {"resnet50", 56, 64, 256, 1, 1, 1},       {"resnet50", 56, 256, 64, 1, 1, 1},
    {"resnet50", 56, 256, 128, 1, 2, 1},      {"resnet50", 28, 128, 128, 3, 1, 1},
    {"resnet50", 28, 128, 512, 1, 1, 1},      {"resnet50", 28, 512, 128, 1, 1, 1},
    {"resnet50", 56, 256, 512, 1, 2, 1},      {"resnet50", 28, 512, 256, 1, 2, 1},
    {"resnet50", 14, 256, 256, 3, 1, 1},      {"resnet50", 14, 256, 1024, 1, 1, 1},
    {"resnet50", 14, 1024, 256, 1, 1, 1},     {"resnet50", 28, 512, 1024, 1, 2, 1},
    {"resnet50", 14, 1024, 512, 1, 2, 1},     {"resnet50", 7, 512, 512, 3, 1, 1},
    {"resnet50", 7, 512, 2048, 1, 1, 1},      {"resnet50", 7, 2048, 512, 1, 1, 1},
    {"resnet50", 14, 1024, 2048, 1, 2, 1},    {"mobilenetv2", 224, 3, 32, 3, 2, 1},
    {"mobilenetv2", 112, 32, 32, 3, 1, 32},   {"mobilenetv2", 112, 32, 16, 1, 1, 1},
    {"mobilenetv2", 112, 16, 96, 1, 1, 1},    {"mobilenetv2", 112, 96, 96, 3, 2, 96},
    {"mobilenetv2", 56, 96, 24, 1, 1, 1},     {"mobilenetv2", 56, 24, 144, 1, 1, 1},
    {"mobilenetv2", 56, 144, 144, 3, 1, 144}, {"mobilenetv2", 56, 144, 144, 3, 2, 144},
    {"mobilenetv2", 28, 192, 192, 3, 1, 192}, {"mobilenetv2", 28, 192, 192, 3, 2, 192},
    {"mobilenetv2", 14, 384, 384, 3, 1, 384}, {"mobilenetv2", 14, 64, 384, 1, 1, 1},
    {"mobilenetv2", 14, 384, 64, 1, 1, 1},    {"mobilenetv2", 14, 576, 576, 3, 1, 576},
    {"mobilenetv2", 14, 576, 576, 3, 2, 576}, {"mobilenetv2", 7, 960, 960, 3, 1, 960},
    {"mobilenetv2", 7, 960, 160, 1, 1, 1},    {"mobilenetv2", 7, 320, 1280, 1, 1, 1},
};

struct Options {
  std::string net = "all";
  std::vector<Layer> layers;
  int64_t batch = 4;
  int threads = num_threads();
  double seconds = 0.1;
  bool json = false;
};

Layer layer_of(const std::string& text_) {
  long long size, channels, filters, kernel, stride = 1, groups = 1;
  const int found = std::sscanf(text_.c_str(), "%lldx%lldx%lld/%lld/%lld/%lld", &size, &channels, &filters,
                                &kernel, &stride, &groups);
  require(found >= 4, "--layer: expected sizes such as 56x64x64/3, got '", text_, "'");
  return {"own", size, channels, filters, kernel, stride, groups, false};
}

Tensor noise(const Shape& shape) {
  static std::mt19937 rng(1);
  Tensor t(TensorType{DType::f32, shape});
  std::uniform_real_distribution<float> value(-1, 1);
  for (int64_t i = 0; i < t.size(); ++i) static_cast<float*>(t.data())[i] = value(rng);
  return t;
}

struct Result {
  double seconds, peak;
  std::string algorithm;
};

// One of the layer's three products as a program of its own.
Result measure(const Options& o, const char* op, const Tensor& a, const Tensor& b, bool constant_b,
               const Attrs& attrs) {
  Graph graph;
  const Value first = graph.input(a.type()), second = constant_b ? graph.variable(b) : graph.input(b.type());
  Program program(graph, {graph.add(op, {first, second}, attrs)});
  std::vector<const void*> in{a.data()};
  if (!constant_b) in.push_back(b.data());
  const Tensor out(program.output_types()[0]);
  program.run(in, {out.data()});
  std::vector<double> times, peaks;
  for (const double end = seconds_now() + o.seconds; seconds_now() < end || times.size() < 3;) {
    if (times.size() % 4 == 0) peaks.push_back(measure_peak(o.threads, 0.003));
    const double start = seconds_now();
    program.run(in, {out.data()});
    times.push_back(seconds_now() - start);
  }
  std::string name = program.describe();
  name.resize(name.find(" in "));
  return {median(times), median(peaks), name};
}

void run(const Options& o, const Layer& l, bool first) {
  const int64_t out = l.valid ? (l.size - l.kernel) / l.stride + 1 : (l.size + l.stride - 1) / l.stride;
  const int64_t pad = l.valid ? 0 : std::max<int64_t>(0, (out - 1) * l.stride + l.kernel - l.size);
  Attrs attrs{{"strides", Axes{l.stride, l.stride}},
              {"dilation", Axes{1, 1}},
              {"pad_lo", Axes{pad / 2, pad / 2}},
              {"pad_hi", Axes{pad - pad / 2, pad - pad / 2}},
              {"groups", l.groups}};
  const Shape x_shape{o.batch, l.size, l.size, l.channels},
      w_shape{l.kernel, l.kernel, l.channels / l.groups, l.filters};
  const Tensor x = noise(x_shape), w = noise(w_shape), dy = noise({o.batch, out, out, l.filters});
  const double flops =
      2.0 * double(o.batch * out * out) * double(l.kernel * l.kernel * l.channels / l.groups * l.filters);
  Attrs dx = attrs, dw = attrs;
  dx.set("input_shape", x_shape);
  dw.set("kernel", Shape{l.kernel, l.kernel});
  const Result results[] = {measure(o, "conv", x, w, true, attrs),
                            measure(o, "conv_input_grad", dy, w, true, dx),
                            measure(o, "conv_weight_grad", x, dy, false, dw)};
  const char* const names[] = {"forward", "input_grad", "weight_grad"};
  char layer[64];
  std::snprintf(layer, sizeof(layer), "%lldx%lldx%lld/%lld/%lld/%lld", (long long)l.size,
                (long long)l.channels, (long long)l.filters, (long long)l.kernel, (long long)l.stride,
                (long long)l.groups);
  if (!o.json) std::printf("%-12s %-22s", l.net, layer);
  for (int i = 0; i < 3; ++i) {
    const double rate = flops / results[i].seconds * 1e-9;
    if (o.json)
      std::printf(
          "%s{\"net\":\"%s\",\"layer\":\"%s\",\"pass\":\"%s\",\"batch\":%lld,\"us\":%.2f,\"gflops\":%.1f,"
          "\"peak_gflops\":%.1f,\"ratio\":%.3f,\"algorithm\":\"%s\",\"isa\":\"%s\",\"threads\":%d}",
          first && i == 0 ? "[\n" : ",\n", l.net, layer, names[i], (long long)o.batch,
          results[i].seconds * 1e6, rate, results[i].peak, rate / results[i].peak,
          results[i].algorithm.c_str(), active_target().name, o.threads);
    else
      std::printf(" | %6.0f %4.2f %-26.26s", rate, rate / results[i].peak, results[i].algorithm.c_str());
  }
  if (!o.json) std::printf("| peak %.0f\n", results[0].peak);
  std::fflush(stdout);
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
      o.net = value();
    else if (flag == "--layer")
      o.layers.push_back(layer_of(value()));
    else if (flag == "--batch")
      o.batch = std::atoll(value().c_str());
    else if (flag == "--threads")
      o.threads = std::atoi(value().c_str());
    else if (flag == "--seconds")
      o.seconds = std::atof(value().c_str());
    else if (flag == "--isa")
      set_target(value());
    else if (flag == "--json")
      o.json = true;
    else
      throw ValueError(text("unknown option ", flag, "; see the head of bench_conv.cpp"));
  }
  require(o.batch > 0, "--batch: expected a positive number");
  set_num_threads(o.threads);
  own_time = o.threads == 1;
  if (o.layers.empty())
    for (const Layer& l : kLayers)
      if (o.net == "all" || o.net == l.net) o.layers.push_back(l);
  require(!o.layers.empty(), "--net: expected lenet, vgg16, resnet50, mobilenetv2 or all, got '", o.net, "'");
  if (!o.json)
    std::printf(
        "batch %lld, %s, %d threads: GFLOP/s, ratio to the peak, algorithm of forward | input's | weights' "
        "gradient\n",
        (long long)o.batch, active_target().name, o.threads);
  for (size_t i = 0; i < o.layers.size(); ++i) run(o, o.layers[i], i == 0);
  if (o.json) std::printf("\n]\n");
  return 0;
}

}  // namespace
}  // namespace axone

int main(int argc, char** argv) {
  try {
    return axone::main_or_throw(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench_conv: %s\n", e.what());
    return 2;
  }
}
