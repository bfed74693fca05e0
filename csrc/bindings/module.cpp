// The compiled module axone._engine. Only translates: arrays in, objects out.
#include "bindings/convert.h"
#include "cpu/dispatch.h"
#include "cpu/team.h"
#include "graph/op.h"

namespace axone {

void bind_tensor(py::module_& m) {
  py::class_<Tensor>(m, "Tensor", "A dense tensor in the engine's memory.")
      .def(py::init([](const py::array& array) { return copy_of_array(array); }), py::arg("array"))
      .def_property_readonly("shape", [](const Tensor& t) { return shape_tuple(t.shape()); })
      .def_property_readonly("dtype", [](const Tensor& t) { return dtype_name(t.dtype()); })
      .def("numpy", &array_of_tensor, "A copy as a NumPy array.")
      .def(
          "view",
          [](const py::object& self) {
            const Tensor& t = self.cast<const Tensor&>();
            py::array out(numpy_dtype(t.dtype()),
                          std::vector<py::ssize_t>(t.shape().begin(), t.shape().end()), t.data(), self);
            out.attr("flags").attr("writeable") = false;
            return out;
          },
          "A read-only NumPy array on the tensor's own memory.")
      .def_static(
          "empty",
          [](const py::object& dtype, const std::vector<int64_t>& shape) {
            const py::array element(py::dtype::from_args(dtype), std::vector<py::ssize_t>{0});
            return Tensor(TensorType{dtype_of_array(element), Shape(shape.begin(), shape.end())});
          },
          py::arg("dtype"), py::arg("shape"), "A tensor whose values are whatever its memory holds.")
      .def(
          "memory",
          [](const py::object& self) {
            const Tensor& t = self.cast<const Tensor&>();
            return py::array(numpy_dtype(t.dtype()),
                             std::vector<py::ssize_t>(t.shape().begin(), t.shape().end()), t.data(), self);
          },
          "A NumPy array on the tensor's own memory; who writes to it calls count_write afterwards.")
      .def("count_write", &Tensor::count_write, "Says that the contents have changed.")
      .def(
          "copy_from",
          [](Tensor& t, const Tensor& value) {
            require(t.type() == value.type(), "copy_from: expected ", dtype_name(t.dtype()), " of shape ",
                    t.shape(), ", got ", dtype_name(value.dtype()), " of shape ", value.shape());
            if (t.bytes()) std::memmove(t.data(), value.data(), t.bytes());
            t.count_write();
          },
          py::arg("value"), "Overwrites the contents with those of a tensor of equal dtype and shape.");
}

void bind_config(py::module_& m) {
  m.attr("__version__") = AXONE_VERSION;
  m.attr("build_flags") = AXONE_BUILD_FLAGS;
  m.def("instruction_set", [] { return std::string(active_target().name); });
  m.def("set_instruction_set", &set_target, py::arg("name"));
  m.def("supported_instruction_sets", &supported_targets);
  m.def("built_instruction_sets", &built_targets);
  m.def("num_threads", &num_threads);
  m.def("set_num_threads", &set_num_threads, py::arg("n"));
  m.def("available_processors", &available_processors);
  m.def("allocations", &Buffer::allocations,
        "Blocks of memory that the engine has taken since the process began.");
  m.def("op_names", &op_names);
}

}  // namespace axone

PYBIND11_MODULE(_engine, m) {
  using namespace axone;
  m.doc() = "axone's engine: tensors, graphs and programs.";
  py::register_exception_translator([](std::exception_ptr p) {
    try {
      if (p) std::rethrow_exception(p);
    } catch (const TypeError& e) {
      PyErr_SetString(PyExc_TypeError, e.what());
    } catch (const IndexError& e) {
      PyErr_SetString(PyExc_IndexError, e.what());
    } catch (const MemoryError& e) {
      PyErr_SetString(PyExc_MemoryError, e.what());
    } catch (const Error& e) {
      PyErr_SetString(PyExc_ValueError, e.what());
    }
  });
  active_target();  // an unknown AXONE_ISA is an error at import
  num_threads();    // and so is a bad AXONE_NUM_THREADS
  bind_tensor(m);
  bind_host_call(m);
  bind_scan(m);
  bind_graph(m);
  bind_program(m);
  bind_config(m);
}
