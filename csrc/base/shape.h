// Shapes: the sizes of a dense, row-major tensor, slowest axis first.
#pragma once

#include <cstdint>
#include <vector>

#include "base/dtype.h"

namespace axone {

using Shape = std::vector<int64_t>;
using Axes = std::vector<int64_t>;

struct TensorType {
  DType dtype = DType::f32;
  Shape shape;

  bool operator==(const TensorType& o) const { return dtype == o.dtype && shape == o.shape; }
  bool operator!=(const TensorType& o) const { return !(*this == o); }
};

// Number of elements; throws ValueError where it (times 8 bytes) does not fit into 63 bits.
int64_t element_count(const Shape& shape);

// Bytes of a dense tensor of that type.
inline size_t byte_size(const TensorType& t) {
  return size_t(element_count(t.shape)) * item_size(t.dtype);
}

// Element strides of a dense tensor.
std::vector<int64_t> dense_strides(const Shape& shape);

// NumPy's broadcasting of two shapes; throws ValueError that names `op` where they do not fit.
Shape broadcast_shapes(const Shape& a, const Shape& b, const char* op);

// `axis` counted from the front (negative ones count from the back); throws where it is out of range.
int64_t normalize_axis(int64_t axis, size_t rank, const char* op);

// Every axis normalized, sorted, without repeats (a repeat throws).
Axes normalize_axes(const Axes& axes, size_t rank, const char* op);

}  // namespace axone
