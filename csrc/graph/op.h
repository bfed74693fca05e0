// An operation's contract that every device shares: its name, shape rule, gradient and simplification.
// How it runs is registered beside it, per device (ops/execution.h).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "graph/sym.h"

namespace axone {

// What a shape rule and an execution see of a node.
struct OpCall {
  const Op& op;
  const Attrs& attrs;
  std::vector<TensorType> inputs;
  std::vector<TensorType> outputs;  // empty while the shape rule runs

  const TensorType& in(size_t i) const { return inputs[i]; }
  const TensorType& out(size_t i = 0) const { return outputs[i]; }
  const char* name() const;
};

// What a gradient sees: the node's inputs, its outputs, the gradients that arrived (none where there is
// none).
struct GradientCall {
  Graph& graph;
  const Attrs attrs;
  const std::vector<Sym> inputs;
  const std::vector<Sym> outputs;
  const std::vector<Sym> grads;  // of the outputs; an invalid Sym is zero

  const Sym& in(size_t i) const { return inputs[i]; }
  const Sym& out(size_t i = 0) const { return outputs[i]; }
  const Sym& grad(size_t i = 0) const { return grads[i]; }
};

// What they see of a node of a graph.
OpCall call_of(const Graph& graph, const Node& node);

using TypeRule = std::function<std::vector<TensorType>(const OpCall&)>;
// One gradient per input; an invalid Sym where there is none. Shapes may be those of the broadcast output:
// autodiff sums them down to the input's shape.
using GradientRule = std::function<std::vector<Sym>(const GradientCall&)>;
// A simpler equal value, or none to keep the operation as it is.
using SimplifyRule = std::function<Value(Graph&, const std::vector<Value>&, const Attrs&)>;

// What is gathered of a matrix: the sum of each column, the sum of all squares, or each column's mean and
// variance (two outputs).
enum class StatisticKind : uint8_t { sum, squares, moments };
struct ColumnStatistic {
  int64_t columns = 0;
  StatisticKind kind = StatisticKind::sum;
  int64_t samples = 0;  // sequences that the rows are, one after another; 0: they are none
};

// Another way to compute a node: by an operation of the same outputs, from values made before it.
struct Rewriting {
  const Op* op;
  std::vector<Value> inputs;
  Attrs attrs;
};
// A cheaper way for a program that is about to run the graph, where there is one. Unlike what `simplify`
// finds, differentiation never sees it: every value that a user may ask for the gradient of is still there.
// `reads`: how often each node is read.
using RewriteRule =
    std::function<std::optional<Rewriting>(const Graph&, const Node&, const std::vector<int>& reads)>;

class Op {
 public:
  const char* name = "";
  TypeRule type;
  GradientRule gradient;     // empty: not differentiable, its inputs get no gradient
  SimplifyRule simplify;     // may be empty; reads nothing that its inputs were made of: that would take them
                             // off the path of a gradient
  SimplifyRule shortcut;     // may be empty; may do so: for graphs that are only to be run
  RewriteRule rewrite;       // may be empty
  bool elementwise = false;  // a map kernel named "map.<name>" computes out[i] from broadcast inputs at i
  bool cheap = false;        // elementwise, and no more work than reading its result from memory
  bool monotone = false;     // elementwise, of one input, and never falls (with a parameter of 0 or more)
  bool view = false;         // output 0 is input 0's memory under another shape
  bool epilogue = false;  // its execution can apply an elementwise chain to its output while that is in cache
  bool over_first = false;  // output 0 may be written over input 0, which then costs no copy
  bool effects = false;  // may do more than compute its outputs: two equal nodes stay two, and one with the
                         // attribute "effects" runs even if nothing reads it
  // What this node gathers of the columns of its one input, so that a chain which makes or reads that input
  // may do so on the way; no columns where it does not. May be empty.
  std::function<ColumnStatistic(const Graph&, const Node&)> statistic;
  // For elementwise ops: the kernel's name without "map." for these inputs (casts depend on the output).
  std::function<std::string(const OpCall&)> kernel;
};

// Registers an operation; chains: define_op("exp").type(...).gradient(...). Names are unique.
Op& define_op(const char* name);

// Throws TypeError for an unknown name.
const Op& find_op(const std::string& name);
std::vector<std::string> op_names();

// Whether `v` is computed by the operation of that name.
bool is_op(const Graph& graph, Value v, const char* name);

inline const char* OpCall::name() const {
  return op.name;
}

}  // namespace axone
