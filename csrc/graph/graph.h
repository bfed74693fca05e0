// The SSA graph: every value is made once, by one node. Shapes are concrete. Equal nodes are made once.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/tensor.h"
#include "graph/attrs.h"

namespace axone {

class Op;

// Output `output` of node `node` of a graph; none() stands for "no value" (a gradient that is zero).
struct Value {
  int32_t node = -1;
  int32_t output = 0;

  explicit operator bool() const { return node >= 0; }
  bool operator==(const Value& o) const { return node == o.node && output == o.output; }
  bool operator!=(const Value& o) const { return !(*this == o); }
  bool operator<(const Value& o) const { return node != o.node ? node < o.node : output < o.output; }
};

enum class NodeKind : uint8_t { operation, input, constant, variable };

struct Node {
  NodeKind kind = NodeKind::operation;
  const Op* op = nullptr;  // null for the other kinds
  Attrs attrs;
  std::vector<Value> inputs;
  std::vector<TensorType> outputs;
  Tensor data;  // a constant's value, a variable's storage
};

class Graph {
 public:
  Graph() = default;
  // shortcuts: operations may pass over what their inputs were made of (Op::shortcut), and elementwise ones
  // are computed in the shape that their operands had before they were reshaped. For graphs that are only to
  // be run: a gradient by a value that was passed over would be lost.
  explicit Graph(bool shortcuts) : shortcuts_(shortcuts) {}

  // A value that each run is given. Order of calls is the order of a program's inputs.
  Value input(TensorType type);
  Value constant(Tensor value);
  // A scalar constant.
  Value constant(DType dtype, double value) { return constant(scalar_of(dtype, value)); }
  // The variable's current value in this graph: what was assigned last, else what it holds when a run starts.
  Value variable(const Tensor& storage);
  // From here on, variable(storage) is `value`; a run leaves the last assigned value in the storage.
  // Throws ValueError where the types differ.
  void assign(const Tensor& storage, Value value);

  // Adds the operation, or finds the equal one that is there. Returns its first output; the k-th is {node,
  // k}. Throws what the operation's shape rule throws.
  Value add(const Op& op, std::vector<Value> inputs, Attrs attrs = {});
  Value add(const char* op, std::vector<Value> inputs, Attrs attrs = {});

  // Lets a node compute more: other attributes, and further outputs behind those it has. For operations
  // whose gradient needs what a run without it has no reason to keep.
  void extend(int32_t id, Attrs attrs, const std::vector<TensorType>& more);

  // Applies the operations' rewrite rules (Op::rewrite), for a program's own copy of a graph.
  void rewrite();

  // Whether gradients will be asked for by variables and inputs alone: then a simplification may pass over
  // values on the way, by which a gradient would be lost.
  void set_leaf_gradients(bool leaf) { leaf_gradients_ = leaf; }
  bool leaf_gradients() const { return leaf_gradients_; }

  const Node& node(int32_t id) const { return nodes_[size_t(id)]; }
  const Node& node(Value v) const { return nodes_[size_t(v.node)]; }
  const TensorType& type(Value v) const { return node(v).outputs[size_t(v.output)]; }
  const Shape& shape(Value v) const { return type(v).shape; }
  DType dtype(Value v) const { return type(v).dtype; }
  int32_t size() const { return int32_t(nodes_.size()); }

  const std::vector<Value>& inputs() const { return inputs_; }
  // Variables assigned so far with their last values, in order of first assignment.
  const std::vector<std::pair<Tensor, Value>>& assigned() const { return assigned_; }
  // Nodes that run whether or not anything reads them.
  const std::vector<Value>& effects() const { return effects_; }
  // Every variable read so far: its leaf.
  const std::unordered_map<const void*, Value>& variable_leaves() const { return leaves_; }

 private:
  Value append(Node node);

  bool leaf_gradients_ = false;
  bool shortcuts_ = false;
  std::vector<Node> nodes_;
  std::vector<Value> inputs_, effects_;
  std::vector<std::pair<Tensor, Value>> assigned_;
  std::unordered_map<const void*, Value> leaves_;    // by storage address: the value before any assignment
  std::unordered_map<const void*, size_t> current_;  // by storage address: index into assigned_
  std::unordered_map<std::string, int32_t> known_;   // by content: what makes equal nodes one
};

// The operation computed in the shape that operands of the output's shape had before a reshape, reshaped,
// where all operands broadcast to that; else none. A product of sequences is computed with one row for each
// step: so what follows it stays its epilogue.
Value add_below_reshape(Graph& graph, const Op& op, const std::vector<Value>& inputs, const Attrs& attrs,
                        const Shape& shape);

// The same values in a graph with shortcuts: all inputs, what `wanted` holds (replaced), assignments,
// effects.
Graph shorten(const Graph& graph, std::vector<Value>* wanted);

// Adds to one graph what `wanted` needs of another, and returns it there. `known` says what stands for the
// other's values, its inputs at least, and learns the rest.
std::vector<Value> copy_values(const Graph& from, const std::vector<Value>& wanted, Graph& to,
                               std::map<Value, Value>* known);

}  // namespace axone
