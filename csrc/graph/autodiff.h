// Reverse-mode differentiation: emits graph nodes, so that a gradient has gradients of its own.
#pragma once

#include "graph/graph.h"

namespace axone {

// Gradients of sum_i <seeds[i], targets[i]> by each source; none where no path leads from it to a target.
// A seed that is none stands for ones. Targets must be floating point: throws TypeError otherwise.
std::vector<Value> gradients(Graph& graph, const std::vector<Value>& targets,
                             const std::vector<Value>& sources, const std::vector<Value>& seeds);

}  // namespace axone
