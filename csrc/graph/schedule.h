// Which nodes run, in which order, and which run together.
#pragma once

#include <vector>

#include "graph/op.h"

namespace axone {

// Nodes that run as one instruction: a chain of elementwise operations over one shape, perhaps behind a head
// whose output it refines (a matrix product with its bias and activation), or a single other operation. A
// chain may gather statistics of what it makes or reads.
struct Group {
  std::vector<int32_t> nodes;       // in topological order; the head first
  std::vector<int32_t> statistics;  // nodes with Op::statistic
  std::vector<int32_t> copies;  // of `nodes`: those that belong to another group, and are computed here again
  bool map = false;             // all nodes are elementwise
  int32_t head = -1;            // the node whose epilogue the others are, or -1
};

// More operations than this gain nothing: the chain's tiles no longer fit into the first-level cache.
constexpr size_t kLargestChain = 48;

// What the roots need, grouped, in an order in which it can run. Leaves (inputs, constants, variables) are
// left out.
std::vector<Group> make_schedule(const Graph& graph, const std::vector<Value>& roots);

// Part of make_schedule: what one chain makes and only other chains read need not go through memory; these
// compute it again where that takes no more reading than the value itself. So the forward pass leaves to the
// gradients only what they must have.
void recompute_cheap_values(const Graph& graph, const std::vector<Value>& roots, std::vector<Group>* groups);

}  // namespace axone
