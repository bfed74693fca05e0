// Python functions as host calls and as gradients. The engine's objects hold no reference to Python's: the
// Python object beside them is kept by who made the program, so that the garbage collector sees all cycles.
#include "ops/host_call.h"

#include <cstring>

#include "bindings/convert.h"

namespace axone {

namespace {

// The method `name` of the Python object that `self` belongs to.
template <class T>
py::function method_of(const T* self, const char* name) {
  py::function method = py::get_override(self, name);
  require(bool(method), "the function of a host call is gone: keep what made the program");
  return method;
}

struct PyHostFunction final : HostFunction {
  void run(const std::vector<TensorType>& input_types, const void* const* inputs,
           const std::vector<TensorType>& output_types, void* const* outputs) const override {
    const py::gil_scoped_acquire gil;
    // Copies: the caller may keep the arrays.
    py::list arrays;
    for (size_t i = 0; i < input_types.size(); ++i) {
      py::array a = empty_array(input_types[i]);
      if (a.nbytes()) std::memcpy(a.mutable_data(), inputs[i], size_t(a.nbytes()));
      arrays.append(std::move(a));
    }
    const py::object made = method_of<HostFunction>(this, "run")(arrays);
    const auto results = made.cast<std::vector<py::array>>();
    require(results.size() == output_types.size(), "host_call: expected ", output_types.size(),
            " outputs, got ", results.size());
    for (size_t k = 0; k < results.size(); ++k) {
      const py::array& a = results[k];
      const TensorType type{dtype_of_array(a), Shape(a.shape(), a.shape() + a.ndim())};
      require(type == output_types[k] && (a.flags() & py::array::c_style), "host_call: output ", k,
              " is not of the type that was declared");
      if (a.nbytes()) std::memcpy(outputs[k], a.data(), size_t(a.nbytes()));
    }
  }
};

struct PyGradientFunction final : GradientFunction {
  std::vector<Sym> run(const GradientCall& call) const override {
    const py::gil_scoped_acquire gil;
    auto described = [&](const std::vector<Sym>& values) {
      py::list out;
      for (const Sym& s : values)
        out.append(
            s ? py::object(py::make_tuple(pack(s.value()), dtype_name(s.dtype()), shape_tuple(s.shape())))
              : py::none());
      return out;
    };
    const py::object graph = py::cast(&call.graph, py::return_value_policy::reference);
    const py::object made = method_of<GradientFunction>(this, "run")(
        graph, described(call.inputs), described(call.outputs), described(call.grads));
    std::vector<Sym> gradients;
    for (int64_t id : made.cast<std::vector<int64_t>>()) {
      const Value v = unpack(id);
      require(v.node < call.graph.size(), "gradient: a value does not belong to this graph");
      gradients.push_back(v ? Sym(call.graph, v) : Sym());
    }
    return gradients;
  }
};

}  // namespace

void bind_host_call(py::module_& m) {
  py::class_<Opaque, std::shared_ptr<Opaque>>(m, "Opaque", "An attribute that only its operation reads.");
  py::class_<HostFunction, Opaque, PyHostFunction, std::shared_ptr<HostFunction>>(
      m, "HostFunction", "What a host call calls: subclasses define run(arrays) -> arrays.")
      .def(py::init<>());
  py::class_<GradientFunction, Opaque, PyGradientFunction, std::shared_ptr<GradientFunction>>(
      m, "GradientFunction",
      "A gradient in Python: subclasses define run(graph, inputs, outputs, grads) -> values.")
      .def(py::init<>());
}

}  // namespace axone
