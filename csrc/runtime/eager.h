// One operation at a time: a one-node graph, compiled once per signature and kept.
#pragma once

#include <string>
#include <vector>

#include "graph/op.h"

namespace axone {

// Computes op(inputs) now; the outputs are new tensors. Throws what the op's shape rule and its run throw.
std::vector<Tensor> run_eagerly(const std::string& op, const std::vector<Tensor>& inputs, const Attrs& attrs);

}  // namespace axone
