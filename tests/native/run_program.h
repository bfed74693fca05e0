// Running programs on tensors, for tests.
#pragma once

#include <vector>

#include "runtime/program.h"

namespace axone::testing {

// The program's outputs, in tensors of their own.
inline std::vector<Tensor> run(Program& program, const std::vector<Tensor>& inputs) {
  std::vector<const void*> in;
  std::vector<void*> out;
  std::vector<Tensor> results;
  for (const Tensor& t : inputs) in.push_back(t.data());
  for (const TensorType& t : program.output_types()) {
    results.emplace_back(t);
    out.push_back(results.back().data());
  }
  program.run(in, out);
  return results;
}

inline double at(const Tensor& t, int64_t i) {
  double v = 0;
  dispatch(t.dtype(), [&](auto* p) { v = double(static_cast<decltype(p)>(t.data())[i]); });
  return v;
}

}  // namespace axone::testing
