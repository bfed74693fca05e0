#include "graph/autodiff.h"

#include <map>

#include "graph/op.h"

namespace axone {

namespace {

// Marks every node on a path from a source to a target: the only ones whose gradients matter.
std::vector<char> nodes_between(const Graph& graph, const std::vector<Value>& sources,
                                const std::vector<Value>& targets) {
  const int32_t count = graph.size();
  std::vector<char> from_source(size_t(count), 0), wanted(size_t(count), 0);
  for (Value v : sources) from_source[size_t(v.node)] = 1;
  for (int32_t id = 0; id < count; ++id)
    for (Value v : graph.node(id).inputs)
      if (from_source[size_t(v.node)]) from_source[size_t(id)] = 1;
  for (Value v : targets) wanted[size_t(v.node)] = from_source[size_t(v.node)];
  for (int32_t id = count; id-- > 0;)
    if (wanted[size_t(id)])
      for (Value v : graph.node(id).inputs)
        if (from_source[size_t(v.node)]) wanted[size_t(v.node)] = 1;
  return wanted;
}

class Accumulator {
 public:
  explicit Accumulator(Graph& graph) : graph_(graph) {}

  void add(Value of, Value gradient) {
    Value& slot = slots_[of];
    slot = slot ? graph_.add("add", {slot, gradient}) : gradient;
  }
  Sym get(Value of) const {
    auto it = slots_.find(of);
    return it == slots_.end() ? Sym() : Sym(graph_, it->second);
  }

 private:
  Graph& graph_;
  std::map<Value, Value> slots_;
};

GradientCall gradient_call(Graph& graph, int32_t id, const Accumulator& grads) {
  const Node node = graph.node(id);  // a copy: the graph grows while the rule runs
  std::vector<Sym> inputs, outputs, arrived;
  for (Value v : node.inputs) inputs.emplace_back(graph, v);
  for (int32_t k = 0; k < int32_t(node.outputs.size()); ++k) {
    outputs.emplace_back(graph, Value{id, k});
    arrived.push_back(grads.get({id, k}));
  }
  return {graph, node.attrs, inputs, outputs, arrived};
}

bool any_gradient(const GradientCall& call) {
  for (const Sym& g : call.grads)
    if (g) return true;
  return false;
}

}  // namespace

std::vector<Value> gradients(Graph& graph, const std::vector<Value>& targets,
                             const std::vector<Value>& sources, const std::vector<Value>& seeds) {
  const std::vector<char> wanted = nodes_between(graph, sources, targets);
  Accumulator grads(graph);
  for (size_t i = 0; i < targets.size(); ++i) {
    const Value t = targets[i];
    require<TypeError>(is_float(graph.dtype(t)), "gradient: the target must be floating point, got ",
                       dtype_name(graph.dtype(t)));
    if (!wanted[size_t(t.node)]) continue;
    const Value seed = i < seeds.size() && seeds[i]
                           ? seeds[i]
                           : broadcast_to({graph, graph.constant(graph.dtype(t), 1)}, graph.shape(t)).value();
    require(graph.shape(seed) == graph.shape(t), "gradient: output gradient of shape ", graph.shape(seed),
            " for a target of shape ", graph.shape(t));
    grads.add(t, seed);
  }
  for (int32_t id = int32_t(wanted.size()); id-- > 0;) {
    if (!wanted[size_t(id)] || graph.node(id).kind != NodeKind::operation) continue;
    const Op& op = *graph.node(id).op;
    if (!op.gradient) continue;
    const GradientCall call = gradient_call(graph, id, grads);
    if (!any_gradient(call)) continue;
    const std::vector<Sym> result = op.gradient(call);
    for (size_t i = 0; i < result.size() && i < call.inputs.size(); ++i) {
      const Sym& x = call.inputs[i];
      if (result[i] && wanted[size_t(x.value().node)] && is_float(x.dtype()))
        grads.add(x.value(), sum_to(result[i], x.shape()).value());
    }
  }
  std::vector<Value> out;
  for (Value v : sources) out.push_back(grads.get(v).value());
  return out;
}

}  // namespace axone
