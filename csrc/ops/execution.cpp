#include "ops/execution.h"

#include <unordered_map>

#include "ops/epilogue.h"

namespace axone {

namespace {

struct Execution {
  PlainCompile plain = nullptr;
  Compile with_epilogue = nullptr;
};

std::unordered_map<std::string, Execution>& registry() {
  static std::unordered_map<std::string, Execution> executions;
  return executions;
}

}  // namespace

void define_execution(const char* op, PlainCompile compile) {
  registry()[op].plain = compile;
}
void define_execution(const char* op, Compile compile) {
  registry()[op].with_epilogue = compile;
}

std::unique_ptr<Instruction> compile_node(const OpCall& call, std::unique_ptr<Epilogue> epilogue) {
  auto it = registry().find(call.name());
  require<TypeError>(it != registry().end(), call.name(), ": has no execution on this device");
  if (it->second.with_epilogue) return it->second.with_epilogue(call, std::move(epilogue));
  require<TypeError>(!epilogue, call.name(), ": takes no epilogue");
  return it->second.plain(call);
}

}  // namespace axone
