#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/shape.h"

namespace axone {

namespace {
constexpr const char* kNames[kDTypeCount] = {"float32", "float64", "int32", "int64", "uint8", "bool"};
}  // namespace

const char* dtype_name(DType t) {
  return kNames[int(t)];
}

DType dtype_from_name(const char* name) {
  for (int i = 0; i < kDTypeCount; ++i)
    if (!std::strcmp(kNames[i], name)) return DType(i);
  throw TypeError(
      text("dtype '", name, "' is not supported; use one of float32, float64, int32, int64, uint8, bool"));
}

int64_t element_count(const Shape& shape) {
  int64_t n = 1;
  bool overflow = false;
  for (int64_t d : shape) {
    require(d >= 0, "a shape cannot have a negative size: ", shape);
    overflow |= __builtin_mul_overflow(n, d ? d : 1, &n);
  }
  int64_t bytes;
  overflow |= __builtin_mul_overflow(n, int64_t(16), &bytes);
  require<MemoryError>(!overflow, "a tensor of shape ", shape, " is larger than the address space");
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  return n;
}

std::vector<int64_t> dense_strides(const Shape& shape) {
  std::vector<int64_t> strides(shape.size());
  int64_t step = 1;
  for (size_t i = shape.size(); i-- > 0; step *= shape[i]) strides[i] = step;
  return strides;
}

Shape broadcast_shapes(const Shape& a, const Shape& b, const char* op) {
  const Shape& longer = a.size() >= b.size() ? a : b;
  const Shape& shorter = a.size() >= b.size() ? b : a;
  Shape out = longer;
  const size_t lead = longer.size() - shorter.size();
  for (size_t i = 0; i < shorter.size(); ++i) {
    int64_t& d = out[lead + i];
    const int64_t e = shorter[i];
    require(d == e || d == 1 || e == 1, op, ": shapes ", a, " and ", b, " do not broadcast: axis ", lead + i,
            " has sizes ", d, " and ", e, "; sizes must be equal or 1");
    if (d == 1) d = e;
  }
  return out;
}

int64_t normalize_axis(int64_t axis, size_t rank, const char* op) {
  const int64_t n = int64_t(rank);
  require(axis >= -n && axis < n, op, ": axis ", axis, " is out of range for a tensor with ", n, " axes");
  return axis < 0 ? axis + n : axis;
}

Axes normalize_axes(const Axes& axes, size_t rank, const char* op) {
  Axes out;
  for (int64_t a : axes) out.push_back(normalize_axis(a, rank, op));
  std::sort(out.begin(), out.end());
  require(std::adjacent_find(out.begin(), out.end()) == out.end(), op, ": an axis is named twice in ",
          Shape(axes));
  return out;
}

}  // namespace axone
