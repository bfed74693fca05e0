// A chain of elementwise operations as a little program over tiles: each step is a map kernel over about a
// thousand elements, so that all that lies between the chain's inputs and its outputs stays in the
// first-level cache.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "graph/schedule.h"
#include "kernels/finish.h"
#include "kernels/map.h"
#include "ops/execution.h"
#include "ops/statistics.h"

namespace axone {

class TileProgram {
 public:
  // Compiles `nodes` (elementwise, all over one shape, in topological order). `escapes` tells which of their
  // values are needed outside, `statistics` the nodes that gather columns of values made or read here
  // (Op::statistic). Not both may be empty.
  TileProgram(const Graph& graph, const std::vector<int32_t>& nodes, const std::vector<Value>& escapes,
              const std::vector<int32_t>& statistics = {});

  const std::vector<Value>& inputs() const { return inputs_; }
  const std::vector<Value>& outputs() const { return outputs_; }
  int64_t elements() const { return elements_; }
  // Arithmetic of one element in steps: what decides whether the work is worth sharing.
  int64_t steps() const { return int64_t(steps_.size()); }

  // Whether output `o` may be written into the memory of input `i`: the input is read element by element, for
  // the last time in or before the step that writes.
  bool can_alias(size_t o, size_t i) const;
  // Makes can_alias(o, i) true for every input of the full shape, by writing the output at the tile's end.
  void write_late(size_t o);

  // Whether the chain is no more than a ChannelFinish of input `i`, whose rows have `channels` elements: then
  // what makes the input can do it on the way (Bound::channel_finish).
  bool finishes_channels(size_t i, int64_t channels) const;

  // Whether the chain is one step of an update rule, with input `i` as the gradient, and in which form.
  bool is_update(size_t i) const { return gradient_ == int64_t(i); }
  GradientForm update_form() const { return update_form_; }

  // In the order of the constructor's `statistics`.
  const Statistics& statistics() const { return statistics_; }

  // Bytes of 64-byte-aligned scratch that one lane needs.
  size_t lane_scratch() const { return scratch_; }

  // The program on one run's memory, for one lane with its scratch: what is made ready once and used for many
  // parts.
  class Bound {
   public:
    Bound(const TileProgram& program, const void* const* in, void* const* out, void* scratch);
    // Computes elements [begin, begin + count) of every output; `part` takes their statistics.
    void run(int64_t begin, int64_t count, char* part = nullptr);
    // Of a chain that is one step of Adam: whether it happens in place, and its operands from `begin` on.
    bool in_place() const;
    void update_operands(int64_t begin, const void** operands);
    // The chain as a finish, which is good as long as nothing else is called.
    ChannelFinish channel_finish();

   private:
    static constexpr size_t kMostSlots = 256;  // far above what a chain of the longest kind needs
    // Points what moves to the tile [first, first + n); whether all that repeats itself was made anew.
    bool move(int64_t first, int64_t n);

    const TileProgram& program_;
    const void* const* in_;
    void* const* out_;
    char* scratch_;
    const void* at_[kMostSlots];
    // Of the periodic inputs' tiles: where in their period they begin, and how far they reach.
    int64_t phase_ = 0, expanded_ = 0;
  };

  // Two programs with equal recipes differ only in the number of elements.
  const std::string& recipe() const { return recipe_; }

 private:
  enum class Source : uint8_t { dense, scalar, strided, constant, output, temporary };
  // Where a value lives while a tile is worked on.
  struct Slot {
    Source source;
    DType dtype;
    int32_t index = 0;  // of the input, the output or the constant
    size_t offset = 0;  // of its tile in the lane's scratch
    std::vector<int64_t> extents,
        strides;  // strided inputs: collapsed axes, slowest first; strides in elements

    // Elements after which a strided input repeats itself, or 0: a vector of channels, say.
    int64_t period() const {
      return extents.size() == 2 && strides[0] == 0 && strides[1] == 1 ? extents[1] : 0;
    }
  };
  struct Step {
    MapFunction kernel;
    int16_t out, a, b, c;  // slots; -1: unused
    double param;
    // A whole update rule as one step; then `kernel` and the four slots above are unused.
    UpdateFunction update = nullptr;
    GradientForm form = GradientForm::none;
    std::array<int16_t, kUpdateOperands> slots = {};
    bool once = false;  // makes the same values for every tile of one phase of the period
    // Gathers the columns of slot a, or of a (b - c); then there is no kernel.
    int16_t statistic = -1;

    bool reads(int16_t slot) const;
    bool writes(int16_t slot) const;
    template <class F>
    void for_each_slot(const F& fn) const;
  };

  // A slot whose address changes from tile to tile, with what that needs of it.
  struct Moving {
    int16_t slot;
    Source source;
    int32_t index;
    int64_t item;
  };

  int16_t add_slot(Slot slot);
  void add_moving(int16_t slot);
  int64_t scalar_copies(int16_t slot) const;
  int16_t slot_of(const Graph& graph, Value v, const Shape& shape);
  int16_t input_slot(const Graph& graph, Value v, const Shape& shape);
  void add_steps(const Graph& graph, const std::vector<int32_t>& nodes, const std::vector<Value>& escapes);
  void add_statistics(const Graph& graph, const std::vector<int32_t>& statistics);
  void fuse_steps();     // tile_peephole.cpp
  void hoist_steps();    // tile_peephole.cpp
  void fuse_update();    // tile_peephole.cpp
  void fuse_products();  // tile_peephole.cpp
  bool fuse_product(size_t statistic);
  void fuse_gradient(Step* update);
  void set_form(Step* update, GradientForm form) const;
  bool number(int16_t slot) const;
  bool single(int16_t slot) const;
  void place_registers();
  const void* expand(const Slot& slot, const void* base, int64_t begin, int64_t count, void* tile) const;

  int64_t elements_ = 0;
  int64_t tile_ = 0;
  int64_t gradient_ = -1;  // the input that a chain of one step of an update rule takes for it
  GradientForm update_form_ = GradientForm::none;
  int64_t period_ = 0;  // of all strided inputs, 0 where they have none in common
  size_t scratch_ = 0;
  std::vector<Value> inputs_, outputs_;
  std::vector<Slot> slots_;
  std::vector<Moving> moving_;
  std::vector<Step> steps_;
  std::vector<std::pair<Value, int16_t>> known_;  // values that have a slot
  std::vector<int16_t> output_slots_;
  std::vector<Buffer> constants_;
  Statistics statistics_;
  std::string recipe_;
};

// The instruction of a map group, or of several with one recipe: together they are one pass over memory.
// Operands: the programs' inputs one after another, then likewise the outputs, then the statistics: a program
// with statistics is alone.
std::unique_ptr<Instruction> make_map_instruction(std::vector<TileProgram> programs);

}  // namespace axone
