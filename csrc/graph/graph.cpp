#include "graph/graph.h"

#include <cstring>

#include "graph/op.h"

namespace axone {

void Attrs::append_key(std::string* out) const {
  auto bytes = [out](const auto& x) { out->append(reinterpret_cast<const char*>(&x), sizeof(x)); };
  for (const auto& [name, attr] : items_) {
    *out += name;
    bytes(uint8_t(attr.index()));
    std::visit(
        [&](const auto& v) {
          using T = std::decay_t<decltype(v)>;
          if constexpr (std::is_same_v<T, std::string>) {
            bytes(v.size());
            *out += v;
          } else if constexpr (std::is_same_v<T, std::vector<int64_t>>) {
            bytes(v.size());
            for (int64_t x : v) bytes(x);
          } else if constexpr (std::is_same_v<T, std::shared_ptr<const Opaque>>) {
            v->append_key(out);
          } else {
            bytes(v);
          }
        },
        attr);
  }
}

Value Graph::append(Node node) {
  require<MemoryError>(nodes_.size() < size_t(INT32_MAX), "the graph has too many nodes");
  nodes_.push_back(std::move(node));
  return {int32_t(nodes_.size()) - 1, 0};
}

Value Graph::input(TensorType type) {
  element_count(type.shape);
  Node n;
  n.kind = NodeKind::input;
  n.outputs = {std::move(type)};
  inputs_.push_back(append(std::move(n)));
  return inputs_.back();
}

Value Graph::constant(Tensor value) {
  // Equal small constants are one node; large ones are told apart by address.
  constexpr size_t kSmall = 64;
  std::string key = "constant";
  key += char(value.dtype());
  for (int64_t d : value.shape()) key.append(reinterpret_cast<const char*>(&d), sizeof(d));
  key += '|';
  const void* address = value.data();
  if (value.bytes() <= kSmall)
    key.append(static_cast<const char*>(value.data()), value.bytes());
  else
    key.append(reinterpret_cast<const char*>(&address), sizeof(address));
  auto [it, fresh] = known_.try_emplace(std::move(key), size());
  if (!fresh) return {it->second, 0};
  Node n;
  n.kind = NodeKind::constant;
  n.outputs = {value.type()};
  n.data = std::move(value);
  return append(std::move(n));
}

Value Graph::variable(const Tensor& storage) {
  if (auto it = current_.find(storage.data()); it != current_.end()) return assigned_[it->second].second;
  auto [it, fresh] = leaves_.try_emplace(storage.data());
  if (fresh) {
    Node n;
    n.kind = NodeKind::variable;
    n.outputs = {storage.type()};
    n.data = storage;
    it->second = append(std::move(n));
  }
  return it->second;
}

void Graph::assign(const Tensor& storage, Value value) {
  require(type(value) == storage.type(), "assign: the variable is ", dtype_name(storage.dtype()),
          " of shape ", storage.shape(), ", the value ", dtype_name(dtype(value)), " of shape ",
          shape(value));
  auto [it, fresh] = current_.try_emplace(storage.data(), assigned_.size());
  if (fresh)
    assigned_.emplace_back(storage, value);
  else
    assigned_[it->second].second = value;
}

Value Graph::add(const char* op, std::vector<Value> inputs, Attrs attrs) {
  return add(find_op(op), std::move(inputs), std::move(attrs));
}

Value Graph::add(const Op& op, std::vector<Value> inputs, Attrs attrs) {
  OpCall call{op, attrs, {}, {}};
  call.inputs.reserve(inputs.size());
  for (Value v : inputs) {
    require(v.node >= 0 && v.node < size(), op.name, ": an input does not belong to this graph");
    call.inputs.push_back(type(v));
  }
  std::vector<TensorType> outputs = op.type(call);
  if (op.simplify)
    if (Value v = op.simplify(*this, inputs, attrs)) return v;
  if (shortcuts_ && op.shortcut)
    if (Value v = op.shortcut(*this, inputs, attrs)) return v;
  if (shortcuts_ && op.elementwise)
    if (Value v = add_below_reshape(*this, op, inputs, attrs, outputs[0].shape)) return v;

  Node n;
  n.op = &op;
  n.outputs = std::move(outputs);
  if (op.effects && attrs.get<bool>("effects", false)) effects_.push_back({size(), 0});
  if (op.effects) {
    n.attrs = std::move(attrs);
    n.inputs = std::move(inputs);
    return append(std::move(n));
  }
  std::string key = op.name;
  for (Value v : inputs) key.append(reinterpret_cast<const char*>(&v), sizeof(v));
  key += '|';
  attrs.append_key(&key);
  auto [it, fresh] = known_.try_emplace(std::move(key), size());
  if (!fresh) return {it->second, 0};
  n.attrs = std::move(attrs);
  n.inputs = std::move(inputs);
  return append(std::move(n));
}

void Graph::extend(int32_t id, Attrs attrs, const std::vector<TensorType>& more) {
  Node& n = nodes_[size_t(id)];
  n.attrs = std::move(attrs);
  n.outputs.insert(n.outputs.end(), more.begin(), more.end());
}

void Graph::rewrite() {
  std::vector<int> reads(nodes_.size(), 0);
  for (const Node& n : nodes_)
    for (Value v : n.inputs) ++reads[size_t(v.node)];
  for (Node& n : nodes_) {
    if (!n.op || !n.op->rewrite) continue;
    std::optional<Rewriting> way = n.op->rewrite(*this, n, reads);
    if (!way) continue;
    n.op = way->op;
    n.inputs = std::move(way->inputs);
    n.attrs = std::move(way->attrs);
  }
}

std::vector<Value> copy_values(const Graph& from, const std::vector<Value>& wanted, Graph& to,
                               std::map<Value, Value>* known) {
  std::vector<char> live(size_t(from.size()), 0);
  for (Value v : wanted) live[size_t(v.node)] = 1;
  auto mapped = [&](Value v) { return known->count(v) != 0; };
  for (int32_t id = from.size(); id-- > 0;) {
    if (!live[size_t(id)]) continue;
    for (Value v : from.node(id).inputs)
      if (!mapped(v)) live[size_t(v.node)] = 1;
  }
  for (int32_t id = 0; id < from.size(); ++id) {
    if (!live[size_t(id)]) continue;
    const Node& n = from.node(id);
    if (n.kind == NodeKind::input) continue;
    if (n.kind == NodeKind::constant) known->emplace(Value{id, 0}, to.constant(n.data));
    if (n.kind == NodeKind::variable) known->emplace(Value{id, 0}, to.variable(n.data));
    if (n.kind != NodeKind::operation) continue;
    std::vector<Value> in;
    for (Value v : n.inputs) {
      require(mapped(v), "a function that is run many times uses a value that is none of its inputs");
      in.push_back(known->at(v));
    }
    const Value first = to.add(*n.op, std::move(in), n.attrs);
    for (int32_t k = 0; k < int32_t(n.outputs.size()); ++k)
      known->emplace(Value{id, k}, Value{first.node, first.output + k});
  }
  std::vector<Value> out;
  for (Value v : wanted) {
    require(mapped(v), "a function that is run many times returns a value that is none of its own");
    out.push_back(known->at(v));
  }
  return out;
}

}  // namespace axone
