// Bodies of scans: a graph, with its inputs put into the order that the operation expects.
#include "ops/scan.h"

#include "bindings/convert.h"

namespace axone {

namespace {

std::vector<Value> values_of(const Graph& g, const std::vector<int64_t>& ids) {
  std::vector<Value> values;
  for (int64_t id : ids) {
    const Value v = unpack(id);
    require(v && v.node < g.size(), "a value does not belong to this graph");
    values.push_back(v);
  }
  return values;
}

std::shared_ptr<ScanBody> make_body(const Graph& traced, const std::vector<int64_t>& inputs,
                                    const std::vector<int64_t>& outputs) {
  Graph graph;
  std::map<Value, Value> known;
  for (Value v : values_of(traced, inputs)) {
    require(traced.node(v).kind == NodeKind::input && !known.count(v),
            "scan: an input is none of the graph's");
    known[v] = graph.input(traced.type(v));
  }
  std::vector<Value> wanted = values_of(traced, outputs);
  const size_t count = wanted.size();
  for (Value v : traced.effects()) wanted.push_back(v);
  std::vector<Value> copied = copy_values(traced, wanted, graph, &known);
  copied.resize(count);
  return std::make_shared<ScanBody>(std::move(graph), std::move(copied));
}

}  // namespace

void bind_scan(py::module_& m) {
  py::class_<ScanBody, Opaque, std::shared_ptr<ScanBody>>(m, "ScanBody", "What one step of a loop computes.")
      .def(py::init(&make_body), py::arg("graph"), py::arg("inputs"), py::arg("outputs"));
}

}  // namespace axone
