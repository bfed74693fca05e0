#pragma once

#include "graph/op.h"

namespace axone {

// The gradient rule of attention_grad. The forward pass's means and the rows' numbers count as functions of
// queries, keys and values: what depends on them is in the gradients of these.
std::vector<Sym> attention_second_gradient(const GradientCall& g);

}  // namespace axone
