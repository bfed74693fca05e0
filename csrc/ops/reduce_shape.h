// The attributes {axes, keepdims} that reductions share.
#pragma once

#include <algorithm>

#include "graph/op.h"

namespace axone {

// Sorted and counted from the front.
inline Axes reduced_axes(const Attrs& attrs, size_t rank, const char* op) {
  return normalize_axes(attrs.get<Axes>("axes"), rank, op);
}

// The shape with the reduced axes kept as axes of size 1.
inline Shape kept_shape(Shape shape, const Axes& axes) {
  for (int64_t a : axes) shape[size_t(a)] = 1;
  return shape;
}

// The shape of the result of a reduction of a tensor of `shape`.
inline Shape result_shape(const Attrs& attrs, const Shape& shape, const char* op) {
  const Axes axes = reduced_axes(attrs, shape.size(), op);
  if (attrs.get<bool>("keepdims", false)) return kept_shape(shape, axes);
  Shape out;
  for (size_t i = 0; i < shape.size(); ++i)
    if (!std::binary_search(axes.begin(), axes.end(), int64_t(i))) out.push_back(shape[i]);
  return out;
}

}  // namespace axone
