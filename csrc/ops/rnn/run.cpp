// How recurrent operations run.
#include "ops/rnn/instruction.h"

namespace axone {

void ForwardInstruction::run_step(const Lane& lane, const Operands& io, int64_t task, int64_t step,
                                  bool fresh) const {
  const Part p = part_of(task);
  char* const tile = lane_scratch(lane, io);
  const RnnRows before = hidden(io, whole_rows(p, plan_.units), step - 1);
  if (without_product(step))
    std::memset(tile, 0, plan_.tile_bytes);
  else
    plan_.multiply(p.rows, p.unit, p.units, before.data, before.stride, fresh, io.prepared, tile);
  RnnBlock b = gates_of(io, p, step);
  b.input = at(io.in[o_.x], p, time(step), cell_.gates * plan_.units);
  b.product = {tile, plan_.products * plan_.unit_block};
  b.h_before = hidden(io, p, step - 1);
  b.h = hidden(io, p, step);
  plan_.kernel(b);
}

RnnBlock ForwardInstruction::gates_of(const Operands& io, const Part& p, int64_t step) const {
  RnnBlock b = block(io, p, time(step));
  if (o_.bias >= 0) b.bias = {static_cast<char*>(const_cast<void*>(io.in[o_.bias])) + p.unit * plan_.item, 0};
  b.kept = at(output(io, o_.kept), p, time(step), cell_.kept * plan_.units);
  b.c_before = memory(io, p, step - 1);
  b.c = memory(io, p, step);
  return b;
}

void ForwardInstruction::finish(const Lane&, const Operands& io, int64_t task) const {
  const Part p = part_of(task);
  const int64_t last = plan_.steps - 1;
  copy(state(io.out[o_.h_last], p), hidden(io, p, last), p);
  if (cell_.memory && (o_.c_all >= 0 || last < 0)) copy(state(io.out[o_.c_last], p), memory(io, p, last), p);
}

namespace {

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
  // Likewise their gradients, where the gates were.
  std::vector<InPlace> in_place() const override {
    if (o_.kept < 0 || cell_.kept != cell_.gates) return {};
    return {{size_t(o_.x_grad), size_t(o_.kept)}};
  }

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
  RnnRows returned(const Lane& lane, const Operands& io, const Part& p, int64_t t, bool fresh) const {
    const int64_t width = cell_.gates * plan_.units;
    const RnnRows grad = at(product_grad(io), whole_rows(p, width), t, width);
    plan_.multiply(p.rows, p.unit, p.units, grad.data, grad.stride, fresh, io.prepared, tile(lane, io));
    return {tile(lane, io), plan_.unit_block};
  }

  void run_step(const Lane& lane, const Operands& io, int64_t task, int64_t step, bool fresh) const override {
    const Part p = part_of(task);
    const int64_t own = plan_.steps - 1 - step, t = time(own), width = cell_.gates * plan_.units;
    const RnnRows pass = state(passed(io), p);
    const RnnRows c_grad = cell_.memory ? state(memory_grad(io), p) : RnnRows{nullptr, 0};
    RnnBlock b = block(io, p, t);
    if (step == 0) {
      begin(pass, input(io, o_.h_last_grad), p);
      if (cell_.memory) begin(c_grad, input(io, o_.c_last_grad), p);
    } else {
      b.product = returned(lane, io, p, time(own + 1), fresh);
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
      auto forward = std::make_unique<ForwardInstruction>(c);
      return forward->handed_over() ? compile_few(c) : std::move(forward);
    });
  for (const char* name : {"lstm_grad", "gru_grad", "simple_rnn_grad"})
    define_execution(name, [](const OpCall& c) -> std::unique_ptr<Instruction> {
      return std::make_unique<BackwardInstruction>(c);
    });
  return true;
}();

}  // namespace

}  // namespace axone
