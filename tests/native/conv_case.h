// Convolutions to test, and what they give.
#pragma once

#include <cmath>
#include <random>
#include <vector>

#include "cpu/team.h"
#include "graph/op.h"
#include "runtime/program.h"

namespace axone::testing {

struct Case {
  int64_t batch, height, width, channels, filters, kernel, stride, dilation, pad, groups;
  int64_t other_stride = 0;  // across, where it is not the stride down

  int64_t across() const { return other_stride ? other_stride : stride; }
};

inline Tensor noise(const Shape& shape, double mean = 0) {
  static std::mt19937 generator(3);
  std::normal_distribution<float> normal(static_cast<float>(mean), 1);
  Tensor t(TensorType{DType::f32, shape});
  for (int64_t i = 0; i < t.size(); ++i) static_cast<float*>(t.data())[i] = normal(generator);
  return t;
}

inline const float* values(const Tensor& t) {
  return static_cast<const float*>(t.data());
}

inline Shape x_shape(const Case& c) {
  return {c.batch, c.height, c.width, c.channels};
}
inline Shape w_shape(const Case& c) {
  return {c.kernel, c.kernel, c.channels / c.groups, c.filters};
}
inline Shape y_shape(const Case& c) {
  auto out = [&](int64_t n, int64_t stride) {
    return (n + 2 * c.pad - (c.kernel - 1) * c.dilation - 1) / stride + 1;
  };
  return {c.batch, out(c.height, c.stride), out(c.width, c.across()), c.filters};
}

inline Attrs attributes(const Case& c) {
  return {{"strides", Axes{c.stride, c.across()}},
          {"dilation", Axes{c.dilation, c.dilation}},
          {"pad_lo", Axes{c.pad, c.pad}},
          {"pad_hi", Axes{c.pad, c.pad}},
          {"groups", c.groups}};
}

inline std::vector<float> result(const char* op, const Tensor& a, const Tensor& b, const Attrs& attrs,
                                 int threads) {
  Graph graph;
  const Value first = graph.input(a.type()), second = graph.input(b.type());
  Program program(graph, {graph.add(op, {first, second}, attrs)});
  std::vector<float> out(size_t(element_count(program.output_types()[0].shape)), -7);
  set_num_threads(threads);
  program.run({a.data(), b.data()}, {out.data()});
  return out;
}

struct Deviation {
  double rms, most;
};

// Relative to the expected values' root mean square.
template <class T>
Deviation error_of(const std::vector<T>& got, const std::vector<double>& expected) {
  double squares = 0, norm = 0, most = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    const double e = double(got[i]) - expected[i];
    squares += e * e, norm += expected[i] * expected[i];
    most = std::max(most, std::isfinite(e) ? std::fabs(e) : 1e30);
  }
  const double scale = std::sqrt(norm / double(got.size())) + 1e-30;
  return {std::sqrt(squares / double(got.size())) / scale, most / scale};
}

}  // namespace axone::testing
