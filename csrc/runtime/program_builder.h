// Turns a graph into a program: grouping, instructions, slots, in-place updates, memory plan.
#pragma once

#include <map>
#include <set>

#include "ops/epilogue.h"
#include "runtime/memory_plan.h"
#include "runtime/program.h"

namespace axone {

class ProgramBuilder {
 public:
  ProgramBuilder(const Graph& graph, const std::vector<Value>& outputs, Program& program);
  void build();

 private:
  struct Draft {
    Group group;
    std::vector<TileProgram> chains;  // of map groups, or the one behind a head
    bool head_escapes = false;
    std::vector<Value> in, out;
    std::vector<Draft> stages;  // what a block of convolutions does before the draft's own
  };

  Value base(Value v) const;
  std::vector<Value> escapes_of(const Group& group) const;
  void draft_groups();
  void join_blocks();  // blocks.cpp
  void join_equal_chains();
  void find_uses();
  void place_leaves();
  void place_assignments();
  void place_outputs();
  bool writes_over(const Node& node, Value old) const;
  bool update_in_place(const Tensor& storage, Value value);
  std::vector<Tensor> kept_weights(const Draft& draft, const std::vector<size_t>& inputs) const;
  std::unique_ptr<Epilogue> epilogue_of(Draft& draft);
  std::unique_ptr<Instruction> block_of(Draft& draft);  // blocks.cpp
  double work_of(const Program::Step& step) const;
  bool run_once(const Draft& draft, const Program::Step& step);
  bool related(const Program::Step& a, const Program::Step& b) const;
  void move_free_steps();
  void emit_instructions();
  std::vector<Lifetime> lifetimes() const;
  std::vector<int32_t> share_places(std::vector<Lifetime>& lives) const;
  void plan();
  void find_row_inputs();
  int32_t slot(Value v);

  const Graph& graph_;
  const std::vector<Value>& outputs_;
  Program& program_;
  std::vector<Draft> drafts_;
  std::vector<char> used_outside_;    // by node: a root, or read by a view, as opposed to by a group only
  std::vector<char> read_elsewhere_;  // by node: whether a group that does not hold it reads it
  std::map<Value, int32_t> slots_;    // of base values
  std::map<Value, int32_t> producer_, last_reader_;  // draft indices
  std::map<Value, int32_t> end_readers_;             // base values that the final copies read
  std::set<Value> folded_;                           // made of constants when the program was built
};

}  // namespace axone
