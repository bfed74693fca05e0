// host_call: a node whose outputs are computed by a function outside of the engine.
#pragma once

#include <vector>

#include "graph/op.h"

namespace axone {

// The function behind a host call. It is called on lane 0, between two instructions of a run.
struct HostFunction : Opaque {
  // Reads inputs and fills outputs, both dense and valid during the call only. May throw: the run then ends
  // before its next instruction and throws the same. It may run other programs, on one lane.
  virtual void run(const std::vector<TensorType>& input_types, const void* const* inputs,
                   const std::vector<TensorType>& output_types, void* const* outputs) const = 0;
};

// The gradient of a node, written outside of the engine: emits graph nodes like a GradientRule.
struct GradientFunction : Opaque {
  virtual std::vector<Sym> run(const GradientCall& call) const = 0;
};

}  // namespace axone
