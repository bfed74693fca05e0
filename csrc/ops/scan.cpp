#include "ops/scan.h"

#include "ops/rules.h"

namespace axone {

namespace {

void append_value(std::string* key, Value v) {
  key->append(reinterpret_cast<const char*>(&v), sizeof(v));
}

void append_type(std::string* key, const TensorType& type) {
  *key += char(type.dtype);
  *key += char(type.shape.size());
  for (int64_t d : type.shape) key->append(reinterpret_cast<const char*>(&d), sizeof(d));
}

// Small constants by value, large ones by address, as the graph itself tells them apart.
std::string content_key(const Graph& graph, const std::vector<Value>& outputs) {
  constexpr size_t kSmall = 64;
  std::string key;
  for (int32_t id = 0; id < graph.size(); ++id) {
    const Node& n = graph.node(id);
    key += char(n.kind);
    for (const TensorType& t : n.outputs) append_type(&key, t);
    for (Value v : n.inputs) append_value(&key, v);
    if (n.op) {
      key += n.op->name;
      n.attrs.append_key(&key);
    } else if (n.kind == NodeKind::constant && n.data.bytes() <= kSmall) {
      key.append(static_cast<const char*>(n.data.data()), n.data.bytes());
    } else if (n.kind != NodeKind::input) {
      const void* address = n.data.data();
      key.append(reinterpret_cast<const char*>(&address), sizeof(address));
    }
    key += '|';
  }
  for (Value v : outputs) append_value(&key, v);
  return key;
}

void expect_type(const OpCall& c, size_t i, const TensorType& wanted, const char* what) {
  require(c.in(i) == wanted, c.name(), ": ", what, " ", i, " is ", dtype_name(c.in(i).dtype), " of shape ",
          c.in(i).shape, ", the body takes ", dtype_name(wanted.dtype), " of shape ", wanted.shape);
}

void expect_carried(const OpCall& c, const ScanPlan& p, size_t carry, const TensorType& made) {
  require(p.input(carry) == made, c.name(), ": carried value ", carry, " is ",
          dtype_name(p.input(carry).dtype), " of shape ", p.input(carry).shape, " and the body makes it ",
          dtype_name(made.dtype), " of shape ", made.shape, "; it must stay the same");
}

std::vector<TensorType> scan_type(const OpCall& c) {
  const ScanPlan p(c.attrs);
  require(c.inputs.size() == p.body->graph.inputs().size(), c.name(), ": expected ",
          p.body->graph.inputs().size(), " inputs, got ", c.inputs.size());
  std::vector<TensorType> out;
  for (size_t i = 0; i < p.carries; ++i) {
    expect_type(c, i, p.input(i), "input");
    expect_carried(c, p, i, p.output(i));
    out.push_back(p.output(i));
  }
  for (size_t i = p.carries; i < c.inputs.size(); ++i) {
    const bool step = i < p.carries + p.steps;
    expect_type(c, i, step ? stacked_type(p.input(i), p.length) : p.input(i), "input");
  }
  for (size_t i = 0; i < p.stacked; ++i) out.push_back(stacked_type(p.output(p.carries + i), p.length));
  return out;
}

// Input 0: whether to begin at all.
std::vector<TensorType> while_type(const OpCall& c) {
  const ScanPlan p(c.attrs, true);
  require(c.inputs.size() == p.body->graph.inputs().size() + 1, c.name(), ": expected ",
          p.body->graph.inputs().size() + 1, " inputs, got ", c.inputs.size());
  const TensorType flag{DType::b8, {}};
  expect_type(c, 0, flag, "input");
  require(p.output(0) == flag, c.name(), ": the condition must be one boolean");
  std::vector<TensorType> out;
  for (size_t i = 0; i + 1 < c.inputs.size(); ++i) {
    expect_type(c, i + 1, p.input(i), "input");
    if (i >= p.carries) continue;
    expect_carried(c, p, i, p.output(i + 1));
    out.push_back(p.output(i + 1));
  }
  return out;
}

[[maybe_unused]] const bool registered = [] {
  Op& scan = define_op("scan");
  scan.type = scan_type;
  scan.gradient = scan_gradient;
  Op& loop = define_op("while_loop");
  loop.type = while_type;
  loop.gradient = [](const GradientCall&) -> std::vector<Sym> {
    throw TypeError(
        "while_loop: no gradient, since the number of steps is not known beforehand; use scan, or fori_loop "
        "with known bounds");
  };
  return true;
}();

}  // namespace

ScanBody::ScanBody(Graph g, std::vector<Value> out)
    : graph(std::move(g)), outputs(std::move(out)), key_(content_key(graph, outputs)) {
  require(graph.assigned().empty(), "scan: the body assigns variables");
}

ScanPlan::ScanPlan(const Attrs& attrs, bool endless)
    : body(attrs.opaque<ScanBody>("body")),
      length(attrs.get<int64_t>("length")),
      reverse(attrs.get<bool>("reverse", false)) {
  const int64_t c = attrs.get<int64_t>("carries"), s = attrs.get<int64_t>("steps", 0);
  const size_t inputs = body->graph.inputs().size(), flags = endless ? 1 : 0;
  require(length >= 0 && c >= 0 && s >= 0 && size_t(c) <= inputs && size_t(s) <= inputs - size_t(c) &&
              body->outputs.size() >= size_t(c) + flags && (!endless || s == 0),
          "scan: the body's inputs or outputs do not fit");
  carries = size_t(c);
  steps = size_t(s);
  constants = inputs - carries - steps;
  stacked = body->outputs.size() - carries - flags;
  require(!endless || stacked == 0, "while_loop: the body has too many outputs");
}

TensorType stacked_type(const TensorType& element, int64_t length) {
  TensorType t = element;
  t.shape.insert(t.shape.begin(), length);
  element_count(t.shape);
  return t;
}

}  // namespace axone
