#include "runtime/eager.h"

#include <mutex>
#include <unordered_map>

#include "runtime/program.h"

namespace axone {

namespace {

// Signatures kept before the cache starts anew: far more than a program's loops use.
constexpr size_t kMostPrograms = 4096;

struct Cache {
  std::mutex mutex;
  std::unordered_map<std::string, std::shared_ptr<Program>> programs;
};

Cache& cache() {
  static Cache* const c = new Cache;  // never destroyed: tensors may outlive static objects at exit
  return *c;
}

std::string signature(const std::string& op, const std::vector<Tensor>& inputs, const Attrs& attrs) {
  std::string key = op + '\0' + active_target().name;
  for (const Tensor& t : inputs) {
    key += char(t.dtype());
    key += char(t.shape().size());
    for (int64_t d : t.shape()) key.append(reinterpret_cast<const char*>(&d), sizeof(d));
  }
  attrs.append_key(&key);
  return key;
}

std::shared_ptr<Program> compile(const std::string& op, const std::vector<Tensor>& inputs,
                                 const Attrs& attrs) {
  Graph graph;
  std::vector<Value> in;
  for (const Tensor& t : inputs) in.push_back(graph.input(t.type()));
  const OpCall call{find_op(op),
                    attrs,
                    [&] {
                      std::vector<TensorType> types;
                      for (const Tensor& t : inputs) types.push_back(t.type());
                      return types;
                    }(),
                    {}};
  const size_t outputs = call.op.type(call).size();
  const Value first = graph.add(call.op, in, attrs);
  std::vector<Value> out;
  for (size_t k = 0; k < outputs; ++k) out.push_back({first.node, first.output + int32_t(k)});
  return std::make_shared<Program>(graph, out);
}

}  // namespace

std::vector<Tensor> run_eagerly(const std::string& op, const std::vector<Tensor>& inputs,
                                const Attrs& attrs) {
  const std::string key = signature(op, inputs, attrs);
  std::shared_ptr<Program> program;
  {
    std::lock_guard<std::mutex> lock(cache().mutex);
    auto it = cache().programs.find(key);
    if (it != cache().programs.end()) program = it->second;
  }
  if (!program) {
    program = compile(op, inputs, attrs);
    std::lock_guard<std::mutex> lock(cache().mutex);
    if (cache().programs.size() >= kMostPrograms) cache().programs.clear();
    cache().programs.emplace(key, program);
  }
  std::vector<const void*> in;
  for (const Tensor& t : inputs) in.push_back(t.data());
  std::vector<Tensor> outputs;
  std::vector<void*> out;
  for (const TensorType& t : program->output_types()) {
    outputs.emplace_back(t);
    out.push_back(outputs.back().data());
  }
  program->run(in, out);
  return outputs;
}

}  // namespace axone
