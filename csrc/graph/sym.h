// Symbolic arithmetic on graph values, so that gradient rules read like formulas: dy * y * (1.0 - y).
#pragma once

#include "graph/graph.h"

namespace axone {

class Sym {
 public:
  Sym() = default;
  Sym(Graph& graph, Value value) : graph_(&graph), value_(value) {}

  explicit operator bool() const { return graph_ != nullptr && bool(value_); }
  Value value() const { return value_; }
  Graph& graph() const { return *graph_; }
  const Shape& shape() const { return graph_->shape(value_); }
  DType dtype() const { return graph_->dtype(value_); }

  // A scalar of this value's dtype.
  Sym constant(double x) const { return {*graph_, graph_->constant(dtype(), x)}; }
  // op(this, others...): x.apply("sum", {}, {{"axes", ...}}).
  Sym apply(const char* op, std::vector<Sym> others = {}, Attrs attrs = {}) const {
    std::vector<Value> in{value_};
    for (const Sym& o : others) in.push_back(o.value_);
    return {*graph_, graph_->add(op, std::move(in), std::move(attrs))};
  }
  Sym output(int32_t k) const { return {*graph_, Value{value_.node, k}}; }

 private:
  Graph* graph_ = nullptr;
  Value value_;
};

inline Sym operator+(const Sym& a, const Sym& b) {
  return a.apply("add", {b});
}
inline Sym operator-(const Sym& a, const Sym& b) {
  return a.apply("subtract", {b});
}
inline Sym operator*(const Sym& a, const Sym& b) {
  return a.apply("multiply", {b});
}
inline Sym operator/(const Sym& a, const Sym& b) {
  return a.apply("divide", {b});
}
inline Sym operator-(const Sym& a) {
  return a.apply("neg");
}
inline Sym operator+(const Sym& a, double b) {
  return a + a.constant(b);
}
inline Sym operator-(const Sym& a, double b) {
  return a - a.constant(b);
}
inline Sym operator*(const Sym& a, double b) {
  return a * a.constant(b);
}
inline Sym operator/(const Sym& a, double b) {
  return a / a.constant(b);
}
inline Sym operator+(double a, const Sym& b) {
  return b.constant(a) + b;
}
inline Sym operator-(double a, const Sym& b) {
  return b.constant(a) - b;
}
inline Sym operator*(double a, const Sym& b) {
  return b.constant(a) * b;
}
inline Sym operator/(double a, const Sym& b) {
  return b.constant(a) / b;
}

inline Sym reshape(const Sym& x, const Shape& shape) {
  return x.apply("reshape", {}, {{"shape", shape}});
}
inline Sym broadcast_to(const Sym& x, const Shape& shape) {
  return x.apply("broadcast_to", {}, {{"shape", shape}});
}
inline Sym sum(const Sym& x, const Axes& axes, bool keepdims = false) {
  return x.apply("sum", {}, {{"axes", axes}, {"keepdims", keepdims}});
}
inline Sym cast(const Sym& x, DType to) {
  return x.dtype() == to ? x : x.apply("cast", {}, {{"dtype", std::string(dtype_name(to))}});
}
inline Sym select(const Sym& condition, const Sym& a, const Sym& b) {
  return condition.apply("where", {a, b});
}

// Sums x over the axes along which `shape` was broadcast to x's shape; the result has that shape.
Sym sum_to(const Sym& x, const Shape& shape);

}  // namespace axone
