#include "runtime/program.h"
#include "bindings/convert.h"

namespace axone {

namespace {

// The address of one input: a tensor, or a dense array of just the dtype and shape that the program expects.
const void* input_address(const py::handle& object, const TensorType& type, size_t position) {
  if (py::isinstance<Tensor>(object)) {
    const Tensor& t = object.cast<const Tensor&>();
    require(t.type() == type, "input ", position, ": expected ", dtype_name(type.dtype), " of shape ",
            type.shape, ", got ", dtype_name(t.dtype()), " of shape ", t.shape());
    return t.data();
  }
  require<TypeError>(py::isinstance<py::array>(object), "input ", position,
                     ": expected a tensor or an array");
  const py::array a = py::reinterpret_borrow<py::array>(object);
  const Shape shape(a.shape(), a.shape() + a.ndim());
  require(dtype_of_array(a) == type.dtype && shape == type.shape, "input ", position, ": expected ",
          dtype_name(type.dtype), " of shape ", type.shape, ", got ", dtype_name(dtype_of_array(a)),
          " of shape ", shape);
  const int dense = py::detail::npy_api::NPY_ARRAY_C_CONTIGUOUS_ | py::detail::npy_api::NPY_ARRAY_ALIGNED_;
  require((a.flags() & dense) == dense, "input ", position, ": expected an aligned, C-contiguous array");
  return a.data();
}

std::vector<const void*> input_addresses(const Program& p, const py::sequence& inputs) {
  const auto& types = p.input_types();
  require(size_t(py::len(inputs)) == types.size(), "expected ", types.size(), " inputs, got ",
          py::len(inputs));
  std::vector<const void*> out;
  for (size_t i = 0; i < types.size(); ++i) out.push_back(input_address(inputs[i], types[i], i));
  return out;
}

void run_released(Program& p, const std::vector<const void*>& in, const std::vector<void*>& out) {
  py::gil_scoped_release release;
  p.run(in, out);
}

std::vector<Tensor> run(Program& p, const py::sequence& inputs) {
  const std::vector<const void*> in = input_addresses(p, inputs);
  std::vector<Tensor> outputs;
  std::vector<void*> out;
  for (const TensorType& t : p.output_types()) {
    outputs.emplace_back(t);
    out.push_back(outputs.back().data());
  }
  run_released(p, in, out);
  return outputs;
}

py::list run_arrays(Program& p, const py::sequence& inputs) {
  const std::vector<const void*> in = input_addresses(p, inputs);
  py::list outputs;
  std::vector<void*> out;
  for (const TensorType& t : p.output_types()) {
    py::array a = empty_array(t);
    out.push_back(a.mutable_data());
    outputs.append(std::move(a));
  }
  run_released(p, in, out);
  return outputs;
}

int64_t run_steps(Program& p, const std::vector<py::array>& sources, const py::object& order, int64_t batch,
                  int64_t first, int64_t count, double budget, const std::vector<py::object>& collect) {
  Program::Steps steps;
  require(sources.size() == p.input_types().size(), "expected ", p.input_types().size(), " sources, got ",
          sources.size());
  for (const py::array& a : sources) steps.sources.push_back(source_of_array(a));
  py::array_t<int64_t, py::array::c_style> rows;
  if (order.is_none()) {
    steps.order_size = sources.empty() ? (first + count) * batch : INT64_MAX;
    for (const Source& s : steps.sources) steps.order_size = std::min(steps.order_size, s.shape[0]);
  } else {
    rows = py::cast<py::array_t<int64_t, py::array::c_style>>(order);
    steps.order = rows.data();
    steps.order_size = rows.size();
  }
  steps.batch = batch, steps.first = first, steps.count = count, steps.budget = budget;
  for (size_t k = 0; k < collect.size(); ++k) {
    steps.collect.push_back(nullptr);
    steps.collect_bytes.push_back(0);
    if (collect[k].is_none()) continue;
    const TensorType& type = p.output_types().at(k);
    py::array a = py::cast<py::array>(collect[k]);
    const Shape row(a.shape() + (a.ndim() > 0), a.shape() + a.ndim());
    require(
        a.writeable() && (a.flags() & py::array::c_style) && dtype_of_array(a) == type.dtype &&
            a.ndim() >= 1 && !type.shape.empty() && row == Shape(type.shape.begin() + 1, type.shape.end()) &&
            a.shape(0) >= (first + count) * type.shape[0],
        "collect: array ", k, " does not fit the output ", dtype_name(type.dtype), " of shape ", type.shape);
    steps.collect[k] = a.mutable_data();
    steps.collect_bytes[k] = int64_t(byte_size(type));
  }
  py::gil_scoped_release release;
  return p.run_steps(steps);
}

py::list last_outputs(const Program& p) {
  py::list out;
  for (size_t k = 0; k < p.output_types().size(); ++k) {
    py::array a = empty_array(p.output_types()[k]);
    const void* data = p.last_output(k);
    if (a.nbytes()) std::memcpy(a.mutable_data(), data, size_t(a.nbytes()));
    out.append(std::move(a));
  }
  return out;
}

}  // namespace

void bind_program(py::module_& m) {
  py::class_<Program>(m, "Program", "A compiled graph.")
      .def(py::init([](const Graph& g, const std::vector<int64_t>& outputs) {
             std::vector<Value> values;
             for (int64_t id : outputs) {
               values.push_back(unpack(id));
               require(values.back() && values.back().node < g.size(),
                       "an output does not belong to this graph");
             }
             return std::make_unique<Program>(g, values);
           }),
           py::arg("graph"), py::arg("outputs"))
      .def("run", &run, py::arg("inputs"), "One run; returns new tensors.")
      .def("run_arrays", &run_arrays, py::arg("inputs"), "One run; returns new NumPy arrays.")
      .def("run_steps", &run_steps, py::arg("sources"), py::arg("order"), py::arg("batch"), py::arg("first"),
           py::arg("count"), py::arg("budget"), py::arg("collect"),
           "Runs steps on batches gathered from arrays; returns how many were done within the budget of "
           "seconds.")
      .def("last_outputs", &last_outputs, "Outputs of the last step of run_steps, as NumPy arrays.")
      .def("describe", &Program::describe)
      .def("profile", &Program::profile, py::arg("repeats"), py::call_guard<py::gil_scoped_release>())
      .def_property_readonly("arena_bytes", &Program::arena_bytes)
      .def_property_readonly("instruction_count", &Program::instruction_count);
}

}  // namespace axone
