// Steps that need not stand where the graph has them: those that are run once, first or last.
#include <algorithm>

#include "runtime/program_builder.h"

namespace axone {

// Runs a step that makes small values of constants alone: the program keeps these and goes without it.
bool ProgramBuilder::run_once(const Draft& d, const Program::Step& step) {
  constexpr size_t kMostBytes = 16 * 1024;
  const auto fixed = [&](Value v) { return graph_.node(v).kind == NodeKind::constant || folded_.count(v); };
  const auto ours = [&](Value v) {
    const Program::Slot& s = program_.slots_[size_t(slots_.at(v))];
    return s.kind == Program::Slot::arena && s.bytes <= kMostBytes;
  };
  if (!step.serial || step.prepared_bytes || step.instruction->calls_host()) return false;
  if (!std::all_of(d.in.begin(), d.in.end(), fixed) || !std::all_of(d.out.begin(), d.out.end(), ours))
    return false;
  std::vector<void*> in, out;
  std::vector<Tensor> made;
  for (int32_t s : step.in) in.push_back(program_.slots_[size_t(s)].data);
  for (Value v : d.out) {
    made.emplace_back(graph_.type(v));
    out.push_back(made.back().data());
  }
  const Buffer scratch(step.instruction->scratch_bytes(1));
  const Operands io{in.data(), out.data(), scratch.data(), nullptr, &program_.status_};
  run_team(1, [&](const Lane& lane) { step.instruction->run(lane, io); });
  if (program_.status_.message.exchange(nullptr)) return false;  // an error of every run
  for (size_t k = 0; k < made.size(); ++k) {
    Program::Slot& s = program_.slots_[size_t(step.out[k])];
    s.kind = Program::Slot::fixed;
    s.data = made[k].data();
    folded_.insert(d.out[k]);
    program_.keep_.push_back(std::move(made[k]));
  }
  return true;
}

// Whether two steps touch the same value or variable, and one of them writes it.
bool ProgramBuilder::related(const Program::Step& a, const Program::Step& b) const {
  const auto same = [&](int32_t s, int32_t t) {
    const Program::Slot &x = program_.slots_[size_t(s)], &y = program_.slots_[size_t(t)];
    return s == t || (x.kind == Program::Slot::fixed && y.kind == x.kind && x.data == y.data);
  };
  const auto meet = [&](const std::vector<int32_t>& x, const std::vector<int32_t>& y) {
    return std::any_of(x.begin(), x.end(), [&](int32_t s) {
      return std::any_of(y.begin(), y.end(), [&](int32_t t) { return same(s, t); });
    });
  };
  return meet(a.out, b.in) || meet(a.in, b.out) || meet(a.out, b.out);
}

// What needs no other step runs beside the first serial one, where the other lanes wait anyway. What no other
// step needs comes last, with the youngest in front: the lanes do not wait for what it is made of in between.
void ProgramBuilder::move_free_steps() {
  auto& steps = program_.steps_;
  const auto serial = [](const Program::Step& s) { return s.serial && !s.instruction->calls_host(); };
  const auto free = [&](size_t begin, size_t end, const Program::Step& s) {
    for (size_t i = begin; i < end; ++i)
      if (related(steps[i], s) || steps[i].instruction->calls_host()) return false;
    return true;
  };
  const auto at = [&](size_t i) { return steps.begin() + int64_t(i); };
  size_t first = 0;
  while (first < steps.size() && !serial(steps[first])) ++first;
  for (size_t i = first + 2; i < steps.size(); ++i)
    if (serial(steps[i]) && free(0, i, steps[i])) std::rotate(at(first + 1), at(i), at(i + 1));
  for (size_t i = steps.size(); i-- > 0;)
    if (serial(steps[i]) && free(i + 1, steps.size(), steps[i])) std::rotate(at(i), at(i + 1), steps.end());
}

}  // namespace axone
