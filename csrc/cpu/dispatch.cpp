#include "cpu/dispatch.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <unordered_map>

#include "base/error.h"
#include "cpu/targets.h"  // written by CMake: the sets that this build holds

namespace axone {

#define AXONE_DECLARE_TARGET(name)  \
  namespace name {                  \
  extern const KernelTarget target; \
  }
AXONE_FOR_EACH_TARGET(AXONE_DECLARE_TARGET)
#undef AXONE_DECLARE_TARGET

namespace {

// Best first: CMake writes AXONE_FOR_EACH_TARGET in that order.
const std::vector<const KernelTarget*>& built() {
#define AXONE_TARGET_ADDRESS(name) &name::target,
  static const std::vector<const KernelTarget*> all = {AXONE_FOR_EACH_TARGET(AXONE_TARGET_ADDRESS)};
#undef AXONE_TARGET_ADDRESS
  return all;
}

// The compiler's run-time check covers the CPU's flags and the register state that the system saves.
bool machine_runs(const char* name) {
#if defined(__x86_64__)
  if (!std::strcmp(name, "avx512"))
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (!std::strcmp(name, "avx2")) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
  return !std::strcmp(name, "neon") || !std::strcmp(name, "baseline");
}

const KernelTarget* find_target(const std::string& name) {
  std::string known;
  for (const KernelTarget* t : built()) {
    if (name == t->name) {
      require(machine_runs(t->name), "AXONE_ISA: this machine cannot run instruction set '", name, "'");
      return t;
    }
    known += (known.empty() ? "" : ", ") + std::string(t->name);
  }
  throw ValueError(text("AXONE_ISA: unknown instruction set '", name, "'; this build has ", known));
}

const KernelTarget* choose_target() {
  const char* wish = std::getenv("AXONE_ISA");
  if (wish && *wish) return find_target(wish);
  for (const KernelTarget* t : built())
    if (machine_runs(t->name)) return t;
  throw ValueError("no instruction set of this build runs on this machine");
}

std::atomic<const KernelTarget*> active{nullptr};

using Index = std::unordered_map<std::string, const KernelEntry*>;

std::string key(const char* name, DType dtype) {
  return std::string(name) + char('0' + int(dtype));
}

Index make_index(const KernelTarget& target) {
  Index index;
  for (size_t f = 0; f < target.family_count; ++f)
    for (size_t i = 0; i < target.families[f]->count; ++i) {
      const KernelEntry& e = target.families[f]->entries[i];
      index.emplace(key(e.name, e.dtype), &e);
    }
  return index;
}

const Index& index_of(const KernelTarget& target) {
  static const std::unordered_map<const KernelTarget*, Index> all = [] {
    std::unordered_map<const KernelTarget*, Index> m;
    for (const KernelTarget* t : built()) m.emplace(t, make_index(*t));
    return m;
  }();
  return all.at(&target);
}

}  // namespace

std::vector<std::string> supported_targets() {
  std::vector<std::string> names;
  for (const KernelTarget* t : built())
    if (machine_runs(t->name)) names.push_back(t->name);
  return names;
}

std::vector<std::string> built_targets() {
  std::vector<std::string> names;
  for (const KernelTarget* t : built()) names.push_back(t->name);
  return names;
}

const KernelTarget& active_target() {
  const KernelTarget* t = active.load(std::memory_order_acquire);
  if (!t) {
    t = choose_target();
    active.store(t, std::memory_order_release);
  }
  return *t;
}

void set_target(const std::string& name) {
  active.store(find_target(name), std::memory_order_release);
}

const KernelEntry* find_kernel_or_null(const char* name, DType dtype) {
  const Index& index = index_of(active_target());
  auto it = index.find(key(name, dtype));
  return it == index.end() ? nullptr : it->second;
}

const KernelEntry& find_kernel(const char* name, DType dtype) {
  const KernelEntry* e = find_kernel_or_null(name, dtype);
  const char* dot = std::strchr(name, '.');
  require<TypeError>(e != nullptr, dot ? dot + 1 : name, ": not defined for dtype ", dtype_name(dtype));
  return *e;
}

}  // namespace axone
