// NumPy arrays and Python numbers to the engine's types and back.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "graph/graph.h"
#include "runtime/feed.h"

namespace axone {

namespace py = pybind11;

// Values cross the border as integers; -1 is "no value".
inline int64_t pack(Value v) {
  return v ? int64_t(v.node) << 32 | v.output : -1;
}
inline Value unpack(int64_t id) {
  return id < 0 ? Value{} : Value{int32_t(id >> 32), int32_t(id & 0x7fffffff)};
}

DType dtype_of_array(const py::array& array);  // TypeError for a dtype that is none of ours
const py::dtype& numpy_dtype(DType dtype);
Tensor copy_of_array(const py::array& array);     // any layout; our dtypes only
py::array array_of_tensor(const Tensor& tensor);  // a copy
py::array empty_array(const TensorType& type);
Source source_of_array(const py::array& array);  // no copy: the array must stay alive
py::tuple shape_tuple(const Shape& shape);
Attrs attrs_of(const py::dict& dict);
py::dict dict_of(const Attrs& attrs);

void bind_tensor(py::module_& m);
void bind_graph(py::module_& m);
void bind_program(py::module_& m);
void bind_config(py::module_& m);
void bind_host_call(py::module_& m);
void bind_scan(py::module_& m);

}  // namespace axone
