#include "graph/sym.h"

namespace axone {

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
  const Sym total = axes.empty() ? x : sum(x, axes, true);
  return reshape(total, shape);
}

}  // namespace axone
