// How an operation runs on the CPU: a node is compiled once into an instruction, which is then run many
// times.
#pragma once

#include <atomic>
#include <exception>
#include <memory>
#include <vector>

#include "cpu/dispatch.h"
#include "cpu/team.h"
#include "graph/op.h"

namespace axone {

// The first error that a running instruction met. A reported one is thrown as IndexError after the step; a
// failure ends the step before the next instruction and is thrown as it came.
struct RunStatus {
  std::atomic<const char*> message{nullptr};  // a string constant, such as "take: index out of range"
  std::atomic<int64_t> value{0};              // the offending value

  void report(const char* text, int64_t offender) {
    const char* none = nullptr;
    if (message.compare_exchange_strong(none, text)) value.store(offender);
  }

  std::atomic<bool> failed{false};
  std::exception_ptr failure;

  // Only an instruction that calls the host may fail: then every lane of the team learns of it at one
  // barrier.
  void fail(std::exception_ptr error) {
    failure = std::move(error);
    failed.store(true);
  }
};

// Memory of one instruction: dense, row-major; 64-byte aligned except where an input is the user's own array.
struct Operands {
  const void* const* in = nullptr;
  void* const* out = nullptr;
  void* scratch = nullptr;   // 64-byte aligned, scratch_bytes(team size) long, contents arbitrary
  void* prepared = nullptr;  // 64-byte aligned, prepared_bytes long: what prepare wrote
  RunStatus* status = nullptr;
  // Where the rows of the input begin that Instruction::by_rows names, if they lie apart; else null. That
  // input holds nothing then.
  const void* const* rows = nullptr;

  template <class T>
  const T* input(size_t i) const {
    return static_cast<const T*>(in[i]);
  }
  template <class T>
  T* output(size_t i = 0) const {
    return static_cast<T*>(out[i]);
  }
};

class Instruction {
 public:
  virtual ~Instruction() = default;
  // Called by every lane of the team with equal operands; by one lane alone (as a team of one) if serial().
  // Must not throw or allocate. Inputs and outputs overlap only as in_place() and Op::over_first say.
  // Results must not depend on the team's size. Other lanes may still be busy with instructions before it or
  // already with some behind it, though never with one that reads or writes memory that it writes, or writes
  // what it reads.
  virtual void run(const Lane& lane, const Operands& io) const = 0;
  virtual bool serial() const { return false; }
  // Whether it runs code of the user, which may fail and may read any variable: serial, on lane 0, with no
  // other instruction beside it.
  virtual bool calls_host() const { return false; }
  virtual size_t scratch_bytes(int /*threads*/) const { return 0; }
  // Bytes into which `prepare` brings weights into the form that `run` reads: prepared_inputs alone, so that
  // it is done again only when these have changed. Called like run; the executor puts a barrier behind it.
  virtual size_t prepared_bytes() const { return 0; }
  virtual std::vector<size_t> prepared_inputs() const { return {1}; }
  virtual void prepare(const Lane& /*lane*/, const Operands& /*io*/) const {}
  // Outputs that may take the place of inputs of the same size, which nobody needs afterwards.
  struct InPlace {
    size_t output, input;
  };
  virtual std::vector<InPlace> in_place() const { return {}; }
  // An input of `count` rows that need not be copied together: run takes them where they lie. None: count 0.
  struct Rows {
    size_t input = 0;
    int64_t count = 0;
  };
  virtual Rows by_rows() const { return {}; }
  // Floating-point operations, where these and not the operands' bytes decide how long it takes.
  virtual double flops() const { return 0; }
  virtual const char* name() const = 0;
};

class Epilogue;

// Compiles a node. epilogue is null but for ops with Op::epilogue: then it refines the output
// (ops/epilogue.h).
using Compile = std::unique_ptr<Instruction> (*)(const OpCall&, std::unique_ptr<Epilogue> epilogue);
using PlainCompile = std::unique_ptr<Instruction> (*)(const OpCall&);

// Registers the CPU's execution of an operation. Elementwise operations need none: their map kernel is
// enough. Views need none either.
void define_execution(const char* op, PlainCompile compile);
void define_execution(const char* op, Compile compile);

// The instruction of a node. Throws TypeError where the operation has no execution.
std::unique_ptr<Instruction> compile_node(const OpCall& call, std::unique_ptr<Epilogue> epilogue);

// The team's smallest job worth sharing, in bytes touched or their equal in arithmetic: about what two
// barriers cost.
inline constexpr int64_t kSerialBytes = 32 * 1024;

// An instruction from lambdas, for operations that need no class of their own.
// run(lane, io): the whole work; `serial` as in Instruction.
template <class Run>
std::unique_ptr<Instruction> make_instruction(const char* name, bool serial, Run run, size_t scratch = 0) {
  struct Simple final : Instruction {
    Simple(const char* n, bool s, Run r, size_t b) : name_(n), serial_(s), run_(std::move(r)), scratch_(b) {}
    void run(const Lane& lane, const Operands& io) const override { run_(lane, io); }
    bool serial() const override { return serial_; }
    size_t scratch_bytes(int) const override { return scratch_; }
    const char* name() const override { return name_; }
    const char* name_;
    bool serial_;
    Run run_;
    size_t scratch_;
  };
  return std::make_unique<Simple>(name, serial, std::move(run), scratch);
}

}  // namespace axone
