// How recurrent operations run.
#include <cstring>

#include "base/buffer.h"
#include "ops/rnn/plan.h"

namespace axone {

namespace {

// What both directions share: a block of sequences and units at one step.
class RnnInstruction : public Instruction {
 public:
  RnnInstruction(const OpCall& c, bool gradient)
      : cell_(rnn_cell(c.name())),
        o_(cell_, c.attrs, gradient),
        plan_(cell_, c.in(0).dtype, c.in(0).shape[0], c.in(0).shape[1], c.in(1).shape[0], gradient) {}

  void run(const Lane& lane, const Operands& io) const override {
    if (plan_.batch == 0) return;
    const bool alone = plan_.unit_blocks == 1;
    int64_t task, end;
    lane.share(plan_.row_blocks * plan_.unit_blocks, &task, &end);
    if (alone) {
      for (; task < end; ++task)
        for (int64_t step = 0; step < plan_.steps; ++step) run_step(lane, io, task, step);
    } else {
      for (int64_t step = 0; step < plan_.steps; ++step) {
        for (int64_t t = task; t < end; ++t) run_step(lane, io, t, step);
        lane.barrier();
      }
    }
    int64_t last, last_end;
    lane.share(plan_.row_blocks * plan_.unit_blocks, &last, &last_end);
    for (; last < last_end; ++last) finish(lane, io, last);
  }

  bool serial() const override { return plan_.serial; }
  double flops() const override { return plan_.flops(); }
  size_t prepared_bytes() const override { return plan_.packed_bytes(); }
  void prepare(const Lane& lane, const Operands& io) const override {
    plan_.pack(lane, io.in[1], io.prepared);
  }

 protected:
  struct Part {
    int64_t row, rows, unit, units;
  };
  // Tasks of the same units follow each other, so that a lane keeps to its part of the kernel.
  Part part_of(int64_t task) const {
    const int64_t row_block = task % plan_.row_blocks, unit = task / plan_.row_blocks * plan_.unit_block;
    const int64_t row = plan_.row_begin(row_block);
    return {row, plan_.row_begin(row_block + 1) - row, unit, std::min(plan_.unit_block, plan_.units - unit)};
  }
  virtual void run_step(const Lane& lane, const Operands& io, int64_t task, int64_t step) const = 0;
  virtual void finish(const Lane& lane, const Operands& io, int64_t task) const = 0;

  // The step's place in time.
  int64_t time(int64_t step) const { return o_.reverse ? plan_.steps - 1 - step : step; }
  // Rows of a sequence tensor (batch, steps, width) at one time, from a part's first row and unit on.
  RnnRows at(const void* base, const Part& p, int64_t time, int64_t width) const {
    if (!base) return {nullptr, 0};
    const int64_t offset = (p.row * plan_.steps + time) * width + p.unit;
    return {static_cast<char*>(const_cast<void*>(base)) + offset * plan_.item, plan_.steps * width};
  }
  // Rows of a state (batch, units).
  RnnRows state(const void* base, const Part& p) const {
    if (!base) return {nullptr, 0};
    const int64_t offset = p.row * plan_.units + p.unit;
    return {static_cast<char*>(const_cast<void*>(base)) + offset * plan_.item, plan_.units};
  }
  static const void* input(const Operands& io, int i) { return i < 0 ? nullptr : io.in[i]; }
  static void* output(const Operands& io, int i) { return i < 0 ? nullptr : io.out[i]; }

  RnnBlock block(const Operands& io, const Part& p, int64_t time) const {
    RnnBlock b{};
    b.rows = p.rows, b.units = p.units;
    b.gate = plan_.units;
    b.product_gate = plan_.unit_block;
    if (o_.mask >= 0) {
      b.mask = static_cast<const uint8_t*>(io.in[o_.mask]) + p.row * plan_.steps + time;
      b.mask_stride = plan_.steps;
    }
    return b;
  }
  char* lane_scratch(const Lane& lane, const Operands& io) const {
    return static_cast<char*>(io.scratch) + size_t(lane.index) * plan_.lane_bytes();
  }
  void copy(const RnnRows& to, const RnnRows& from, const Part& p) const {
    for (int64_t r = 0; r < p.rows; ++r)
      std::memcpy(static_cast<char*>(to.data) + r * to.stride * plan_.item,
                  static_cast<const char*>(from.data) + r * from.stride * plan_.item,
                  size_t(p.units * plan_.item));
  }
  static Part whole_rows(const Part& p, int64_t units) { return {p.row, p.rows, 0, units}; }

  const RnnCell& cell_;
  const RnnOperands o_;
  const RnnPlan plan_;
};

class ForwardInstruction final : public RnnInstruction {
 public:
  explicit ForwardInstruction(const OpCall& c)
      : RnnInstruction(c, false), zero_(c.attrs.get<bool>("zero", false)) {}

  size_t scratch_bytes(int threads) const override { return size_t(threads) * plan_.lane_bytes(); }
  const char* name() const override { return cell_.name; }

 private:
  // Without "keep" the memory lies in its last place all the time.
  RnnRows memory(const Operands& io, const Part& p, int64_t step) const {
    if (!cell_.memory) return {nullptr, 0};
    if (step < 0) return state(io.in[o_.c0], p);
    return o_.c_all >= 0 ? at(io.out[o_.c_all], p, time(step), plan_.units) : state(io.out[o_.c_last], p);
  }
  RnnRows hidden(const Operands& io, const Part& p, int64_t step) const {
    return step < 0 ? state(io.in[o_.h0], p) : at(io.out[o_.h_all], p, time(step), plan_.units);
  }

  void run_step(const Lane& lane, const Operands& io, int64_t task, int64_t step) const override {
    const Part p = part_of(task);
    char* const scratch = lane_scratch(lane, io);
    const RnnRows before = hidden(io, whole_rows(p, plan_.units), step - 1);
    if (step == 0 && zero_)
      std::memset(scratch, 0, plan_.tile_bytes());
    else
      plan_.multiply(p.rows, p.unit, p.units, before.data, before.stride, io.prepared, scratch);
    RnnBlock b = block(io, p, time(step));
    b.input = at(io.in[o_.x], p, time(step), cell_.gates * plan_.units);
    b.product = {scratch, plan_.products * plan_.unit_block};
    if (o_.bias >= 0)
      b.bias = {static_cast<char*>(const_cast<void*>(io.in[o_.bias])) + p.unit * plan_.item, 0};
    b.kept = at(output(io, o_.kept), p, time(step), cell_.kept * plan_.units);
    b.h_before = hidden(io, p, step - 1);
    b.h = hidden(io, p, step);
    b.c_before = memory(io, p, step - 1);
    b.c = memory(io, p, step);
    plan_.kernel(b);
  }

  void finish(const Lane&, const Operands& io, int64_t task) const override {
    const Part p = part_of(task);
    const int64_t last = plan_.steps - 1;
    copy(state(io.out[o_.h_last], p), hidden(io, p, last), p);
    if (cell_.memory && (o_.c_all >= 0 || last < 0))
      copy(state(io.out[o_.c_last], p), memory(io, p, last), p);
  }

  const bool zero_;
};

// From the last step to the first. Of every sequence two rows lie in scratch: the gradient that comes to h
// past the product, and that of the memory.
class BackwardInstruction final : public RnnInstruction {
 public:
  explicit BackwardInstruction(const OpCall& c)
      : RnnInstruction(c, true), name_(std::string(cell_.name) + "_grad") {}

  size_t scratch_bytes(int threads) const override {
    return 2 * state_bytes() + size_t(threads) * plan_.lane_bytes();
  }
  const char* name() const override { return name_.c_str(); }

 private:
  size_t state_bytes() const { return lane_region(size_t(plan_.batch * plan_.units * plan_.item)); }
  char* passed(const Operands& io) const { return static_cast<char*>(io.scratch); }
  char* memory_grad(const Operands& io) const { return passed(io) + state_bytes(); }
  char* tile(const Lane& lane, const Operands& io) const {
    return passed(io) + 2 * state_bytes() + size_t(lane.index) * plan_.lane_bytes();
  }
  void* product_grad(const Operands& io) const {
    return io.out[o_.product_grad >= 0 ? o_.product_grad : o_.x_grad];
  }

  // The first rows of a gradient: those given for the last state, or zeros.
  void begin(const RnnRows& to, const void* given, const Part& p) const {
    if (given) return copy(to, state(given, p), p);
    for (int64_t r = 0; r < p.rows; ++r)
      std::memset(static_cast<char*>(to.data) + r * to.stride * plan_.item, 0, size_t(p.units * plan_.item));
  }
  // tile = what comes back through the product of the step behind time `t`.
  RnnRows returned(const Lane& lane, const Operands& io, const Part& p, int64_t t) const {
    const int64_t width = cell_.gates * plan_.units;
    const RnnRows grad = at(product_grad(io), whole_rows(p, width), t, width);
    plan_.multiply(p.rows, p.unit, p.units, grad.data, grad.stride, io.prepared, tile(lane, io));
    return {tile(lane, io), plan_.unit_block};
  }

  void run_step(const Lane& lane, const Operands& io, int64_t task, int64_t step) const override {
    const Part p = part_of(task);
    const int64_t own = plan_.steps - 1 - step, t = time(own), width = cell_.gates * plan_.units;
    const RnnRows pass = state(passed(io), p);
    const RnnRows c_grad = cell_.memory ? state(memory_grad(io), p) : RnnRows{nullptr, 0};
    RnnBlock b = block(io, p, t);
    if (step == 0) {
      begin(pass, input(io, o_.h_last_grad), p);
      if (cell_.memory) begin(c_grad, input(io, o_.c_last_grad), p);
    } else {
      b.product = returned(lane, io, p, time(own + 1));
    }
    b.input = at(io.out[o_.x_grad], p, t, width);
    b.product_grad = at(output(io, o_.product_grad), p, t, width);
    b.kept = at(input(io, o_.kept), p, t, cell_.kept * plan_.units);
    b.h_before = own ? at(io.in[o_.h_all], p, time(own - 1), plan_.units) : state(io.in[o_.h0], p);
    b.h = at(io.in[o_.h_all], p, t, plan_.units);
    if (cell_.memory) {
      b.c_before = own ? at(io.in[o_.c_all], p, time(own - 1), plan_.units) : state(io.in[o_.c0], p);
      b.c = at(io.in[o_.c_all], p, t, plan_.units);
    }
    b.h_grad = at(input(io, o_.h_grad), p, t, plan_.units);
    b.passed = pass;
    b.c_grad = c_grad;
    b.h_copy = at(io.out[o_.h_before], p, t, plan_.units);
    plan_.kernel(b);
  }

  void finish(const Lane&, const Operands& io, int64_t task) const override {
    const Part p = part_of(task);
    const RnnRows pass = state(passed(io), p);
    if (plan_.steps == 0) begin(pass, input(io, o_.h_last_grad), p);
    copy(state(io.out[o_.h0_grad], p), pass, p);
    if (cell_.memory) {
      const RnnRows c_grad = state(memory_grad(io), p);
      if (plan_.steps == 0) begin(c_grad, input(io, o_.c_last_grad), p);
      copy(state(io.out[o_.c0_grad], p), c_grad, p);
    }
  }

  const std::string name_;
};

[[maybe_unused]] const bool registered = [] {
  for (const char* name : {"lstm", "gru", "simple_rnn"})
    define_execution(name, [](const OpCall& c) -> std::unique_ptr<Instruction> {
      return std::make_unique<ForwardInstruction>(c);
    });
  for (const char* name : {"lstm_grad", "gru_grad", "simple_rnn_grad"})
    define_execution(name, [](const OpCall& c) -> std::unique_ptr<Instruction> {
      return std::make_unique<BackwardInstruction>(c);
    });
  return true;
}();

}  // namespace

}  // namespace axone
