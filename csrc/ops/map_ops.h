// What the executor of elementwise chains needs to know of the operations.
#pragma once

#include "graph/autodiff.h"
#include "graph/op.h"

namespace axone {

// The constant that an operation hands its kernel: a slope, alpha; else 0.
double map_parameter(const Attrs& attrs);

// The gradient of <seed, target> by `source`; none where there is none.
inline Value gradient_of(Graph& graph, Value target, Value source, Value seed) {
  return gradients(graph, {target}, {source}, {seed})[0];
}

}  // namespace axone
