// Which nodes run, in which order, and which run together.
#pragma once

#include <vector>

#include "graph/op.h"

namespace axone {

// Nodes that run as one instruction: a chain of elementwise operations over one shape, perhaps behind a head
// whose output it refines (a matrix product with its bias and activation), or a single other operation. A
// chain may add up rows of what it makes or reads.
struct Group {
  std::vector<int32_t> nodes;  // in topological order; the head first
  std::vector<int32_t> sums;   // nodes with Op::row_sum
  bool map = false;            // all nodes are elementwise
  int32_t head = -1;           // the node whose epilogue the others are, or -1

  bool holds(int32_t node) const;
};

// What the roots need, grouped, in an order in which it can run. Leaves (inputs, constants, variables) are
// left out.
std::vector<Group> make_schedule(const Graph& graph, const std::vector<Value>& roots);

}  // namespace axone
