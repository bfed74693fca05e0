// scan and while_loop: a graph of its own, run again and again with what it carries from step to step.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "graph/op.h"

namespace axone {

// What one step computes. The graph's inputs are, in order: what is carried, the step's elements, constants
// of all steps. Outputs: the new carried values, then what is stacked (while_loop: whether to go on, then
// the new carried values). Two bodies of one content are equal.
struct ScanBody final : Opaque {
  ScanBody(Graph graph, std::vector<Value> outputs);
  void append_key(std::string* out) const override { *out += key_; }

  const Graph graph;
  const std::vector<Value> outputs;

 private:
  std::string key_;
};

// The attributes of a scan or while_loop node, and what follows from them.
struct ScanPlan {
  explicit ScanPlan(const Attrs& attrs, bool endless = false);

  std::shared_ptr<const ScanBody> body;
  size_t carries = 0, steps = 0, constants = 0, stacked = 0;
  int64_t length = 0;    // of a while_loop: the most steps
  bool reverse = false;  // the last element first; stacked outputs stand where their elements do

  const TensorType& input(size_t i) const { return body->graph.type(body->graph.inputs()[i]); }
  const TensorType& output(size_t i) const { return body->graph.type(body->outputs[i]); }
};

// The type of `length` elements of a type, one behind the other.
TensorType stacked_type(const TensorType& element, int64_t length);

// The gradient of a scan: another one, that runs the other way.
std::vector<Sym> scan_gradient(const GradientCall& call);

}  // namespace axone
