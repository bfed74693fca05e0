// Graphs that are only to be run: what a gradient had to find is passed over.
#include <algorithm>

#include "graph/op.h"

namespace axone {

namespace {

// The rows' shape of a product or of what was computed from one: of such an operand all others are seen.
Value origin_of(const Graph& g, Value v, const Shape& shape) {
  if (!is_op(g, v, "reshape") || g.shape(v) != shape) return {};
  const Value from = g.node(v).inputs[0];
  const Node& made = g.node(from);
  const bool head = made.op && (made.op->epilogue || made.op->elementwise);
  return head && g.shape(from).size() == 2 && shape.size() > 2 ? from : Value{};
}

// What an operand that broadcasts to `shape` must be reshaped to so that it broadcasts to the rows' shape.
bool operand_shape(const Shape& own, const Shape& shape, const Shape& rows, Shape* to) {
  const int64_t count = element_count(own);
  if (count == element_count(shape)) return *to = rows, true;
  if (count == 1) return *to = {}, true;
  // Axes of size 1 in front or behind of others that are whole.
  Shape padded(shape.size() - own.size(), 1);
  padded.insert(padded.end(), own.begin(), own.end());
  size_t begin = 0, end = padded.size();
  while (padded[begin] == 1) ++begin;
  while (padded[end - 1] == 1) --end;
  if (!std::equal(padded.begin() + long(begin), padded.begin() + long(end), shape.begin() + long(begin)))
    return false;
  if (end == padded.size() && count == rows[1]) return *to = {rows[1]}, true;
  if (count == rows[0] &&
      std::all_of(shape.begin(), shape.begin() + long(begin), [](int64_t n) { return n == 1; }))
    return *to = {rows[0], 1}, true;
  return false;
}

}  // namespace

Value add_below_reshape(Graph& g, const Op& op, const std::vector<Value>& inputs, const Attrs& attrs,
                        const Shape& shape) {
  if (attrs.has("shape")) return {};
  Value origin;
  for (size_t i = 0; i < inputs.size() && !origin; ++i) origin = origin_of(g, inputs[i], shape);
  if (!origin) return {};
  const Shape rows = g.shape(origin), all = shape;
  std::vector<Value> in = inputs;
  std::vector<Shape> shapes(in.size());
  for (size_t i = 0; i < in.size(); ++i) {
    if (is_op(g, in[i], "broadcast_to")) in[i] = g.node(in[i]).inputs[0];
    if (!operand_shape(g.shape(in[i]), all, rows, &shapes[i])) return {};
  }
  for (size_t i = 0; i < in.size(); ++i) in[i] = reshape({g, in[i]}, shapes[i]).value();
  return reshape({g, g.add(op, std::move(in), attrs)}, all).value();
}

Graph shorten(const Graph& graph, std::vector<Value>* wanted) {
  Graph short_one(true);
  std::map<Value, Value> known;
  for (Value v : graph.inputs()) known.emplace(v, short_one.input(graph.type(v)));
  std::vector<Value> roots = *wanted;
  for (const auto& [storage, v] : graph.assigned()) roots.push_back(v);
  for (Value v : graph.effects()) roots.push_back(v);
  const std::vector<Value> made = copy_values(graph, roots, short_one, &known);
  std::copy_n(made.begin(), wanted->size(), wanted->begin());
  for (size_t i = 0; i < graph.assigned().size(); ++i)
    short_one.assign(graph.assigned()[i].first, made[wanted->size() + i]);
  return short_one;
}

}  // namespace axone
