// A compiled graph: instructions in order, one arena, in-place updates of variables. Run once or many steps a
// call.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "ops/execution.h"
#include "runtime/feed.h"

namespace axone {

class Program {
 public:
  // Compiles what `outputs` and the graph's assignments need, for the active instruction set.
  Program(const Graph& graph, const std::vector<Value>& outputs);
  ~Program();

  const std::vector<TensorType>& input_types() const { return input_types_; }
  const std::vector<TensorType>& output_types() const { return output_types_; }

  // One run: reads inputs (dense, of input_types), writes outputs (dense, of output_types), updates
  // variables. Throws IndexError where an index was out of range, and what a host call throws. Thread safe: a
  // second caller waits; a host call that runs its own program throws ValueError.
  void run(const std::vector<const void*>& inputs, const std::vector<void*>& outputs);

  struct Steps {
    std::vector<Source> sources;         // one for each input
    const int64_t* order = nullptr;      // row numbers; null: consecutive rows
    int64_t order_size = 0;              // rows in all: order's length, or what the sources must hold
    int64_t batch = 0;                   // rows a step
    int64_t first = 0, count = 0;        // steps [first, first + count) of the order
    double budget = 0;                   // seconds after which no further step begins
    std::vector<void*> collect;          // per output: array of rows to write, or null; may be empty
    std::vector<int64_t> collect_bytes;  // bytes of one step's rows in it
  };
  // Runs steps on gathered batches; returns how many. The last step's outputs can then be read with
  // last_output.
  int64_t run_steps(const Steps& steps);

  // For an instruction that is a program: before the team that has up to `threads` lanes calls `repeat`.
  void reserve(int threads);
  // One of many runs in a row; `first` in the first. Every lane of the team calls it with equal arguments. In
  // memory that the caller gives to `in` and `out`, as in Operands. What may be read behind it on other lanes
  // than 0 stands behind the caller's next barrier.
  void repeat(const Lane& lane, const void* const* in, void* const* out, bool first);
  // On lane 0, behind the last of them: hands on what went wrong.
  void end_repeats(RunStatus* status);
  bool failed() const { return status_.failed.load(std::memory_order_relaxed); }
  // Floating-point operations of one run that a team can share, or their like; 0: it is for one lane.
  double shared_work() const { return shared_work_; }

  // Output k of the last step of run_steps, which must have been called; valid until the next run.
  const void* last_output(size_t k) const {
    require(k < kept_outputs_.size(), "no step has been run yet");
    return kept_outputs_[k].data();
  }

  // One line an instruction: name, operand shapes, bytes; for profiles and tests.
  std::string describe() const;
  // Seconds spent in each instruction over `repeats` runs on the contents of the arena, single lane timing of
  // the team.
  std::vector<double> profile(int repeats);
  size_t arena_bytes() const { return arena_.size(); }
  size_t instruction_count() const { return steps_.size(); }

 private:
  friend class ProgramBuilder;

  // Memory behind a value: fixed, given with each run, or in the arena.
  struct Slot {
    enum Kind : uint8_t { input, output, fixed, arena } kind = arena;
    int32_t index = 0;     // of the input or output
    size_t offset = 0;     // in the arena
    void* data = nullptr;  // of a fixed slot
    size_t bytes = 0;
  };
  struct Step {
    std::unique_ptr<Instruction> instruction;
    std::vector<int32_t> in, out;  // slots
    bool serial = false;
    double work = 0;       // floating-point operations or their like
    size_t operands = 0;   // first of its pointers in pointers_
    int32_t rows_of = -1;  // the program's input that is Instruction::by_rows, or -1
    // Set by place_barriers: whether all lanes meet before the step, the lane that runs it if it is serial
    // (modulo the team's size), and where its scratch begins.
    bool meets = false;
    int32_t lane = 0;
    size_t scratch = 0;
    // What the instruction prepares (Instruction::prepare). From weights that the program does not assign it
    // is kept from run to run; else it lies in scratch and is made in every step.
    size_t prepared_bytes = 0;
    std::vector<Tensor> weights;  // those that are kept; empty else
    Buffer prepared;
    uint64_t prepared_from = UINT64_MAX;  // writes() of what `prepared` holds
    // How often the weights have been written.
    uint64_t writes() const {
      uint64_t sum = 0;
      for (const Tensor& t : weights) sum += t.writes();
      return sum;
    }
    bool stale = false;  // `prepared` is to be made in the run's first step
  };
  struct Copy {
    int32_t from;    // slot
    int32_t output;  // index of the output, or -1
    void* to;        // a variable's storage, or null
    size_t bytes;
  };

  // Holds the program for one caller.
  class Running {
   public:
    explicit Running(Program& program);
    ~Running();

   private:
    Program& program_;
  };

  void bind(const std::vector<const void*>& inputs, const std::vector<void*>& outputs, int threads);
  void find_stale();
  void take_scratch(int threads);
  size_t place_barriers(int threads);  // barriers.cpp
  void place_operands();
  void* address(int32_t slot) const;
  void execute(const Lane& lane, bool first) const;
  size_t scratch_bytes(const Step& step, int threads) const;
  void run_step(const Lane& lane, const Step& step, bool first) const;
  void run_copies() const;
  int team_size(int64_t steps) const;
  void finish(bool prepared);
  void prepare_feed();
  void feed_from(size_t k, const void* data);
  void feed(const Lane& lane, size_t k, const Gather& rows, const Steps& steps, int64_t first);

  std::vector<TensorType> input_types_, output_types_;
  std::vector<Tensor> keep_;  // constants and variables that the program reads
  std::vector<Slot> slots_;
  std::vector<Step> steps_;
  std::vector<Copy> copies_;
  std::vector<Tensor> assigned_;  // variables that a run overwrites
  Buffer arena_, scratch_;
  int scratch_threads_ = 0;
  double shared_work_ =
      0;  // of the instructions that a team can share, in floating-point operations or their like

  std::mutex mutex_;
  std::atomic<std::thread::id> runner_{};
  std::vector<void*> pointers_;  // operand addresses of all steps, as of the last bind
  std::vector<const void*> bound_inputs_;
  std::vector<void*> bound_outputs_;
  // By input: room for the addresses of a batch's rows, where every reader takes these; and those of this
  // run, or null where the batch is dense.
  std::vector<std::vector<const void*>> row_addresses_;
  std::vector<const void* const*> bound_rows_;
  std::vector<Buffer> staged_inputs_, kept_outputs_;
  mutable RunStatus status_;
};

}  // namespace axone
