#include "graph/op.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>

namespace axone {

namespace {

std::map<std::string, std::unique_ptr<Op>, std::less<>>& registry() {
  static std::map<std::string, std::unique_ptr<Op>, std::less<>> ops;
  return ops;
}

}  // namespace

Op& define_op(const char* name) {
  auto [it, fresh] = registry().try_emplace(name, std::make_unique<Op>());
  require(fresh, "operation '", name, "' is defined twice");
  it->second->name = name;
  return *it->second;
}

const Op& find_op(const std::string& name) {
  auto it = registry().find(name);
  require<TypeError>(it != registry().end(), "there is no operation '", name, "'");
  return *it->second;
}

std::vector<std::string> op_names() {
  std::vector<std::string> names;
  for (const auto& [name, op] : registry()) names.push_back(name);
  return names;
}

bool is_op(const Graph& graph, Value v, const char* name) {
  const Op* op = graph.node(v).op;
  return op && !std::strcmp(op->name, name);
}

OpCall call_of(const Graph& graph, const Node& node) {
  OpCall call{*node.op, node.attrs, {}, node.outputs};
  for (Value v : node.inputs) call.inputs.push_back(graph.type(v));
  return call;
}

}  // namespace axone
