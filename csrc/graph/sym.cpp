#include "graph/sym.h"

#include <algorithm>
#include <string>

#include "graph/op.h"

namespace axone {

namespace {

bool constant_along(const Shape& shape, size_t rank, const Axes& axes) {
  return std::all_of(axes.begin(), axes.end(), [&](int64_t a) {
    const int64_t own = a - int64_t(rank - shape.size());
    return own < 0 || shape[size_t(own)] == 1;
  });
}

// The sum over `axes`, which stay with size 1. Factors that are constant along them are taken out: the
// gradients of a normalisation's mean, scale and shift are then sums of the same few products.
Sym total(const Sym& x, const Axes& axes) {
  const Node& node = x.graph().node(x.value());
  const std::string op = node.op ? node.op->name : "";
  if (op == "neg") return -total({x.graph(), node.inputs[0]}, axes);
  for (size_t k = 0; op == "multiply" && k < 2; ++k) {
    const Sym factor(x.graph(), node.inputs[k]), rest(x.graph(), node.inputs[1 - k]);
    if (rest.shape() == x.shape() && constant_along(factor.shape(), x.shape().size(), axes))
      return total(rest, axes) * factor;
  }
  return sum(x, axes, true);
}

}  // namespace

Sym sum_to(const Sym& x, const Shape& shape) {
  const Shape from = x.shape();
  if (from == shape) return x;
  require(from.size() >= shape.size(), "sum_to: shape ", shape, " does not broadcast to ", from);
  const size_t lead = from.size() - shape.size();
  Axes axes;
  for (size_t i = 0; i < from.size(); ++i) {
    const int64_t kept = i < lead ? 1 : shape[i - lead];
    require(kept == from[i] || kept == 1, "sum_to: shape ", shape, " does not broadcast to ", from);
    if (i < lead || kept != from[i]) axes.push_back(int64_t(i));
  }
  return reshape(axes.empty() ? x : total(x, axes), shape);
}

}  // namespace axone
