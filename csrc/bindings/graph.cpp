#include "bindings/convert.h"
#include "graph/autodiff.h"
#include "graph/op.h"
#include "runtime/eager.h"

namespace axone {

namespace {

py::tuple describe(const Graph& g, Value v) {
  return py::make_tuple(pack(v), dtype_name(g.dtype(v)), shape_tuple(g.shape(v)));
}

std::vector<Value> unpack_all(const Graph& g, const std::vector<int64_t>& ids) {
  std::vector<Value> values;
  for (int64_t id : ids) {
    const Value v = unpack(id);
    require(v.node < g.size(), "a value does not belong to this graph");
    values.push_back(v);
  }
  return values;
}

py::list add(Graph& g, const std::string& name, const std::vector<int64_t>& inputs, const py::dict& attrs) {
  const Op& op = find_op(name);
  const std::vector<Value> in = unpack_all(g, inputs);
  const Value first = g.add(op, in, attrs_of(attrs));
  py::list out;
  // A simplified operation has one output, perhaps in the middle of another node's.
  const bool whole = g.node(first).op == &op && first.output == 0;
  const int32_t count = whole ? int32_t(g.node(first).outputs.size()) : 1;
  for (int32_t k = 0; k < count; ++k) out.append(describe(g, {first.node, first.output + k}));
  return out;
}

}  // namespace

void bind_graph(py::module_& m) {
  py::class_<Graph>(m, "Graph", "A graph of operations under construction. Values are integers, -1 is none.")
      .def(py::init<>())
      .def_property("leaf_gradients", &Graph::leaf_gradients, &Graph::set_leaf_gradients,
                    "Whether gradients will be asked for by variables and inputs alone.")
      .def(
          "input",
          [](Graph& g, const char* dtype, const Shape& shape) {
            return pack(g.input({dtype_from_name(dtype), shape}));
          },
          py::arg("dtype"), py::arg("shape"))
      .def(
          "constant", [](Graph& g, const Tensor& t) { return pack(g.constant(t)); }, py::arg("value"))
      .def(
          "variable", [](Graph& g, const Tensor& t) { return pack(g.variable(t)); }, py::arg("storage"))
      .def(
          "assign", [](Graph& g, const Tensor& t, int64_t v) { g.assign(t, unpack_all(g, {v})[0]); },
          py::arg("storage"), py::arg("value"))
      .def("add", &add, py::arg("op"), py::arg("inputs"), py::arg("attrs"),
           "Adds an operation; returns (value, dtype, shape) for each output.")
      .def(
          "gradients",
          [](Graph& g, const std::vector<int64_t>& targets, const std::vector<int64_t>& sources,
             const std::vector<int64_t>& seeds) {
            py::list out;
            for (Value v : gradients(g, unpack_all(g, targets), unpack_all(g, sources), unpack_all(g, seeds)))
              out.append(v ? py::object(describe(g, v)) : py::none());
            return out;
          },
          py::arg("targets"), py::arg("sources"), py::arg("seeds"))
      .def(
          "type", [](const Graph& g, int64_t id) { return describe(g, unpack_all(g, {id})[0]); },
          py::arg("value"))
      .def(
          "node",
          [](const Graph& g, int64_t id) -> py::object {
            const Node& n = g.node(unpack_all(g, {id})[0]);
            if (!n.op) return n.kind == NodeKind::input ? py::object(py::none()) : py::cast(n.data);
            std::vector<int64_t> inputs;
            for (Value v : n.inputs) inputs.push_back(pack(v));
            return py::make_tuple(n.op->name, inputs, dict_of(n.attrs));
          },
          py::arg("value"),
          "What made a value: (op name, inputs, attrs), a constant's Tensor, or None for an input.")
      .def(
          "producer",
          [](const Graph& g, int64_t id) -> py::object {
            const Node& n = g.node(unpack_all(g, {id})[0]);
            if (!n.op) return py::none();
            py::list inputs;
            for (Value v : n.inputs) inputs.append(describe(g, v));
            return py::make_tuple(n.op->name, inputs);
          },
          py::arg("value"), "(op name, [(value, dtype, shape) of each input]), or None for a leaf.")
      .def_property_readonly("size", &Graph::size);

  m.def(
      "eager",
      [](const std::string& op, const std::vector<Tensor>& inputs, const py::dict& dict) {
        const Attrs attrs = attrs_of(dict);
        py::gil_scoped_release release;
        return run_eagerly(op, inputs, attrs);
      },
      py::arg("op"), py::arg("inputs"), py::arg("attrs"), "Computes one operation now.");
}

}  // namespace axone
