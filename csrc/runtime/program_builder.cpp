#include "runtime/program_builder.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "runtime/memory_plan.h"

namespace axone {

namespace {

// Bytes of a small value, and instructions for which its memory rests behind its last reader.
constexpr size_t kSmallValue = 64 * 1024;
constexpr int32_t kRest = 16;

template <class T>
bool contains(const std::vector<T>& values, T v) {
  return std::find(values.begin(), values.end(), v) != values.end();
}

}  // namespace

ProgramBuilder::ProgramBuilder(const Graph& graph, const std::vector<Value>& outputs, Program& program)
    : graph_(graph), outputs_(outputs), program_(program) {}

void ProgramBuilder::build() {
  for (Value v : graph_.inputs()) program_.input_types_.push_back(graph_.type(v));
  for (Value v : outputs_) program_.output_types_.push_back(graph_.type(v));
  find_uses();
  draft_groups();
  join_blocks();
  join_equal_chains();
  place_leaves();
  place_outputs();
  place_assignments();
  emit_instructions();
  plan();
  find_row_inputs();
}

// The value whose memory `v` is: views share their input's.
Value ProgramBuilder::base(Value v) const {
  while (graph_.node(v).op && graph_.node(v).op->view) v = graph_.node(v).inputs[0];
  return v;
}

void ProgramBuilder::find_uses() {
  used_outside_.assign(size_t(graph_.size()), 0);
  read_elsewhere_.assign(size_t(graph_.size()), 0);
  for (Value v : outputs_) used_outside_[size_t(v.node)] |= v.output == 0;
  for (const auto& [storage, v] : graph_.assigned()) used_outside_[size_t(v.node)] |= v.output == 0;
}

// Values of a group that are read elsewhere: these are written to memory.
std::vector<Value> ProgramBuilder::escapes_of(const Group& group) const {
  std::vector<Value> out;
  for (int32_t id : group.nodes)
    if (!contains(group.copies, id) && (used_outside_[size_t(id)] || read_elsewhere_[size_t(id)]))
      out.push_back({id, 0});
  return out;
}

void ProgramBuilder::draft_groups() {
  std::vector<Value> roots = outputs_;
  for (const auto& [storage, v] : graph_.assigned()) roots.push_back(v);
  for (Value v : graph_.effects()) roots.push_back(v);
  std::vector<Group> groups = make_schedule(graph_, roots);
  for (const Group& g : groups)
    for (const auto* nodes : {&g.nodes, &g.statistics})
      for (int32_t id : *nodes)
        for (Value v : graph_.node(id).inputs)
          if (!contains(g.nodes, v.node)) read_elsewhere_[size_t(v.node)] |= v.output == 0;
  for (Group& group : groups) {
    Draft d;
    d.group = std::move(group);
    const Node& first = graph_.node(d.group.nodes[0]);
    if (first.op->view) continue;
    if (!d.group.map) {
      d.in = first.inputs;
      for (int32_t k = 0; k < int32_t(first.outputs.size()); ++k) d.out.push_back({d.group.nodes[0], k});
    }
    if (d.group.map || d.group.nodes.size() > 1 || !d.group.statistics.empty()) {
      const std::vector<Value> escapes = escapes_of(d.group);
      std::vector<int32_t> chain = d.group.nodes;
      const Value head{d.group.head, 0};
      if (!d.group.map) {
        chain.erase(chain.begin());
        d.head_escapes = contains(escapes, head);
        d.out.clear();
      }
      d.chains.emplace_back(graph_, chain, escapes, d.group.statistics);
      for (Value v : d.chains[0].inputs())
        if (d.group.map || v != head) d.in.push_back(v);
      for (Value v : d.chains[0].outputs()) d.out.push_back(v);
      if (d.head_escapes) d.out.push_back(head);
      for (int32_t id : d.group.statistics)
        for (int32_t k = 0; k < int32_t(graph_.node(id).outputs.size()); ++k) d.out.push_back({id, k});
      if (d.group.head >= 0)
        for (int32_t k = 1; k < int32_t(graph_.node(d.group.head).outputs.size()); ++k)
          d.out.push_back({d.group.head, k});
    }
    for (Value& v : d.in) v = base(v);
    drafts_.push_back(std::move(d));
  }
}

// Neighbouring map groups of one recipe that do not depend on each other become one instruction: so an
// optimizer updates all its variables in one pass.
void ProgramBuilder::join_equal_chains() {
  std::vector<Draft> joined;
  for (Draft& d : drafts_) {
    Draft* last = joined.empty() ? nullptr : &joined.back();
    const bool independent =
        last && std::none_of(d.in.begin(), d.in.end(), [&](Value v) { return contains(last->out, v); });
    const bool plain = last && d.group.statistics.empty() && last->group.statistics.empty();
    if (independent && plain && d.group.map && last->group.map &&
        d.chains[0].recipe() == last->chains[0].recipe()) {
      last->chains.push_back(std::move(d.chains[0]));
      last->in.insert(last->in.end(), d.in.begin(), d.in.end());
      last->out.insert(last->out.end(), d.out.begin(), d.out.end());
    } else {
      joined.push_back(std::move(d));
    }
  }
  drafts_ = std::move(joined);
  for (size_t i = 0; i < drafts_.size(); ++i) {
    for (Value v : drafts_[i].in) last_reader_[v] = int32_t(i);
    for (Value v : drafts_[i].out) producer_[v] = int32_t(i);
  }
}

int32_t ProgramBuilder::slot(Value v) {
  auto [it, fresh] = slots_.try_emplace(v, int32_t(program_.slots_.size()));
  if (fresh) {
    Program::Slot s;
    s.bytes = byte_size(graph_.type(v));
    program_.slots_.push_back(s);
  }
  return it->second;
}

void ProgramBuilder::place_leaves() {
  for (int32_t id = 0; id < graph_.size(); ++id) {
    const Node& n = graph_.node(id);
    if (n.kind == NodeKind::operation || n.kind == NodeKind::input) continue;
    const Value v{id, 0};
    if (!last_reader_.count(v) && !used_outside_[size_t(id)] && !read_elsewhere_[size_t(id)]) continue;
    Program::Slot& s = program_.slots_[size_t(slot(v))];
    s.kind = Program::Slot::fixed;
    s.data = n.data.data();
    program_.keep_.push_back(n.data);
  }
  for (size_t i = 0; i < graph_.inputs().size(); ++i) {
    Program::Slot& s = program_.slots_[size_t(slot(graph_.inputs()[i]))];
    s.kind = Program::Slot::input;
    s.index = int32_t(i);
  }
}

// An output is written where the caller wants it; one that is a leaf, or asked for twice, is copied at the
// end.
void ProgramBuilder::place_outputs() {
  std::set<Value> taken;
  for (size_t k = 0; k < outputs_.size(); ++k) {
    const Value v = base(outputs_[k]);
    const size_t bytes = byte_size(graph_.type(v));
    Program::Slot& s = program_.slots_[size_t(slot(v))];
    if (producer_.count(v) && taken.insert(v).second) {
      s.kind = Program::Slot::output;
      s.index = int32_t(k);
    } else {
      program_.copies_.push_back({slot(v), int32_t(k), nullptr, bytes});
      end_readers_[v] = 1;
    }
  }
}

// Whether the node changes its first input in place, and reads `old` nowhere else.
bool ProgramBuilder::writes_over(const Node& node, Value old) const {
  if (!node.op->over_first || base(node.inputs[0]) != old) return false;
  return std::none_of(node.inputs.begin() + 1, node.inputs.end(), [&](Value v) { return base(v) == old; });
}

// The new value is written over the old one where nothing reads the old one afterwards.
bool ProgramBuilder::update_in_place(const Tensor& storage, Value value) {
  auto made = producer_.find(value);
  if (made == producer_.end() || end_readers_.count(value)) return false;
  Program::Slot& s = program_.slots_[size_t(slot(value))];
  if (s.kind != Program::Slot::arena) return false;
  Draft& d = drafts_[size_t(made->second)];
  auto leaf = graph_.variable_leaves().find(storage.data());
  if (leaf != graph_.variable_leaves().end()) {
    const Value old = leaf->second;
    if (end_readers_.count(old)) return false;
    auto reader = last_reader_.find(old);
    if (reader != last_reader_.end() && reader->second > made->second) return false;
    if (reader != last_reader_.end() && reader->second == made->second) {
      // The producer reads the old value itself: only a chain knows how to write over what it reads, and
      // an operation that says so.
      if (d.chains.empty() && !writes_over(graph_.node(d.group.nodes[0]), old)) return false;
      size_t in = 0, out = 0;
      for (TileProgram& chain : d.chains) {
        const auto& outs = chain.outputs();
        const size_t o = size_t(std::find(outs.begin(), outs.end(), value) - outs.begin());
        for (size_t i = 0; i < chain.inputs().size(); ++i) {
          if (base(chain.inputs()[i]) != old) continue;
          if (o == outs.size()) return false;  // another chain of the instruction reads it
          if (!chain.can_alias(o, i)) chain.write_late(o);
          if (!chain.can_alias(o, i)) return false;
        }
        in += chain.inputs().size(), out += outs.size();
      }
      if (!d.group.map && !d.chains.empty())
        for (Value v : graph_.node(d.group.head).inputs)
          if (base(v) == old) return false;
    }
  }
  s.kind = Program::Slot::fixed;
  s.data = storage.data();
  program_.keep_.push_back(storage);
  return true;
}

void ProgramBuilder::place_assignments() {
  for (const auto& [storage, assigned] : graph_.assigned())
    if (graph_.node(base(assigned)).kind == NodeKind::variable) end_readers_[base(assigned)] = 1;
  std::vector<Program::Copy> stage, commit;
  for (const auto& [storage, assigned] : graph_.assigned()) {
    const Value value = base(assigned);
    auto leaf = graph_.variable_leaves().find(storage.data());
    if (leaf != graph_.variable_leaves().end() && leaf->second == value) continue;
    if (update_in_place(storage, value)) continue;
    program_.keep_.push_back(storage);
    int32_t from = slot(value);
    if (graph_.node(value).kind == NodeKind::variable) {
      // Another variable's old value, which may itself be overwritten at the end: set it aside first.
      Program::Slot aside;
      aside.bytes = storage.bytes();
      program_.slots_.push_back(aside);
      stage.push_back({from, -2, nullptr, storage.bytes()});
      from = int32_t(program_.slots_.size()) - 1;
      stage.back().output = -2 - from;
    }
    end_readers_[value] = 1;
    commit.push_back({from, -1, storage.data(), storage.bytes()});
  }
  auto& copies = program_.copies_;
  copies.insert(copies.end(), stage.begin(), stage.end());
  copies.insert(copies.end(), commit.begin(), commit.end());
}

// A lane does a multiply-add in the time in which it moves about four bytes.
double ProgramBuilder::work_of(const Program::Step& step) const {
  double bytes = 0;
  for (int32_t s : step.in) bytes += double(program_.slots_[size_t(s)].bytes);
  for (int32_t s : step.out) bytes += double(program_.slots_[size_t(s)].bytes);
  return std::max(bytes / 2, step.instruction->flops());
}

// The draft's inputs of these numbers, where all are constants or variables that this program does not
// assign.
std::vector<Tensor> ProgramBuilder::kept_weights(const Draft& d, const std::vector<size_t>& inputs) const {
  std::vector<Tensor> kept;
  for (size_t i : inputs) {
    const Node& n = graph_.node(d.in[i]);
    if (n.kind != NodeKind::variable && n.kind != NodeKind::constant) return {};
    for (const auto& [storage, value] : graph_.assigned())
      if (storage.data() == n.data.data()) return {};
    kept.push_back(n.data);
  }
  return kept;
}

// The chain behind the draft's head, or null.
std::unique_ptr<Epilogue> ProgramBuilder::epilogue_of(Draft& d) {
  if (d.chains.empty()) return nullptr;
  std::vector<bool> keeps_old;
  for (Value v : d.chains[0].outputs())
    keeps_old.push_back(program_.slots_[size_t(slot(v))].kind == Program::Slot::fixed);
  return std::make_unique<Epilogue>(std::move(d.chains[0]), Value{d.group.head, 0}, d.head_escapes,
                                    graph_.node(d.group.head).outputs[0], keeps_old);
}

void ProgramBuilder::emit_instructions() {
  for (const auto& [storage, value] : graph_.assigned()) program_.assigned_.push_back(storage);
  for (Draft& d : drafts_) {
    Program::Step step;
    if (!d.stages.empty()) {
      step.instruction = block_of(d);
    } else if (d.group.map) {
      step.instruction = make_map_instruction(std::move(d.chains));
    } else {
      const Node& n = graph_.node(d.group.nodes[0]);
      const OpCall call = call_of(graph_, n);
      step.instruction = compile_node(call, epilogue_of(d));
    }
    for (Value v : d.in) step.in.push_back(slot(v));
    for (Value v : d.out) step.out.push_back(slot(v));
    step.serial = step.instruction->serial();
    step.prepared_bytes = round_up(step.instruction->prepared_bytes(), kPage);
    if (step.prepared_bytes) step.weights = kept_weights(d, step.instruction->prepared_inputs());
    step.work = work_of(step);
    if (run_once(d, step)) continue;
    if (!step.serial) program_.shared_work_ += step.work;
    program_.steps_.push_back(std::move(step));
  }
  move_free_steps();
}

// When each slot is in use, in steps.
std::vector<Lifetime> ProgramBuilder::lifetimes() const {
  std::vector<Lifetime> lives(program_.slots_.size());
  const int32_t end = int32_t(program_.steps_.size());
  for (size_t i = 0; i < lives.size(); ++i) lives[i] = {program_.slots_[i].bytes, end, 0, 0};
  auto use = [&](int32_t slot, int32_t when) {
    Lifetime& l = lives[size_t(slot)];
    l.first = std::min(l.first, when);
    l.last = std::max(l.last, when);
  };
  for (int32_t i = 0; i < end; ++i) {
    for (int32_t s : program_.steps_[size_t(i)].in) use(s, i);
    for (int32_t s : program_.steps_[size_t(i)].out) use(s, i);
  }
  for (const Program::Copy& c : program_.copies_) {
    use(c.from, end);
    if (c.output <= -2) use(-2 - c.output, end);
  }
  // The place of a small value is not taken again at once: who takes it has to wait for those who read it.
  for (Lifetime& l : lives)
    if (l.bytes <= kSmallValue && l.first <= l.last) l.last = std::min(l.last + kRest, end);
  return lives;
}

// Results that take the place of what they are made of. Returns, for each slot, the one whose place it has.
std::vector<int32_t> ProgramBuilder::share_places(std::vector<Lifetime>& lives) const {
  std::vector<int32_t> place(lives.size());
  std::iota(place.begin(), place.end(), 0);
  const auto in_arena = [&](int32_t s) { return program_.slots_[size_t(s)].kind == Program::Slot::arena; };
  for (int32_t i = 0; i < int32_t(program_.steps_.size()); ++i) {
    const Program::Step& step = program_.steps_[size_t(i)];
    for (const Instruction::InPlace& p : step.instruction->in_place()) {
      const int32_t to = step.out[p.output], from = step.in[p.input];
      Lifetime &made = lives[size_t(to)], &read = lives[size_t(place[size_t(from)])];
      const bool once = std::count(step.in.begin(), step.in.end(), from) == 1;
      if (!in_arena(to) || !in_arena(from) || !once || made.bytes != read.bytes) continue;
      if (made.bytes <= kSmallValue || made.first != i || read.last != i) continue;
      place[size_t(to)] = place[size_t(from)];
      read.last = made.last;
    }
  }
  return place;
}

void ProgramBuilder::plan() {
  std::vector<Lifetime> lives = lifetimes();
  const std::vector<int32_t> place = share_places(lives);
  std::vector<Lifetime> blocks;
  std::vector<size_t> block(lives.size());
  for (size_t i = 0; i < lives.size(); ++i)
    if (program_.slots_[i].kind == Program::Slot::arena && lives[i].first <= lives[i].last &&
        place[i] == int32_t(i))
      block[i] = blocks.size(), blocks.push_back(lives[i]);
  program_.arena_ = Buffer(plan_memory(blocks));
  for (size_t i = 0; i < lives.size(); ++i)
    if (program_.slots_[i].kind == Program::Slot::arena && lives[i].first <= lives[i].last)
      program_.slots_[i].offset = blocks[block[size_t(place[i])]].offset;
  size_t operands = 0;
  for (Program::Step& s : program_.steps_) {
    s.operands = operands;
    operands += s.in.size() + s.out.size();
  }
  program_.pointers_.resize(operands);
}

// Inputs that need not be copied together: every reader takes their rows where they lie.
void ProgramBuilder::find_row_inputs() {
  std::vector<int> readers(program_.input_types_.size()), takers = readers;
  for (const Program::Copy& c : program_.copies_)
    if (const Program::Slot& from = program_.slots_[size_t(c.from)]; from.kind == Program::Slot::input)
      ++readers[size_t(from.index)];
  for (Program::Step& step : program_.steps_) {
    const Instruction::Rows rows = step.instruction->by_rows();
    for (size_t i = 0; i < step.in.size(); ++i) {
      const Program::Slot& from = program_.slots_[size_t(step.in[i])];
      if (from.kind != Program::Slot::input) continue;
      ++readers[size_t(from.index)];
      const Shape& shape = program_.input_types_[size_t(from.index)].shape;
      if (i != rows.input || rows.count == 0 || shape.empty() || shape[0] != rows.count) continue;
      ++takers[size_t(from.index)];
      step.rows_of = from.index;
    }
  }
  program_.bound_rows_.resize(readers.size());
  program_.row_addresses_.resize(readers.size());
  for (size_t k = 0; k < readers.size(); ++k)
    if (readers[k] && readers[k] == takers[k])
      program_.row_addresses_[k].resize(size_t(program_.input_types_[k].shape[0]));
}

}  // namespace axone
