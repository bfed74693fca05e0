// How recurrent operations run.
#include "ops/rnn/instruction.h"

namespace axone {

void ForwardInstruction::run_step(const RnnTurn& turn, int64_t task) const {
  RnnBlock b = block_of(turn.io, part_of(task), turn.step);
  b.product = {lane_scratch(turn), plan_.products * plan_.unit_block};
  if (without_product(turn.step))
    std::memset(b.product.data, 0, plan_.tile_bytes);
  else
    multiply(turn, task, b);
  plan_.kernel(b);
}

void ForwardInstruction::run_tasks(const RnnTurn& turn) const {
  for (int64_t task = turn.first; task < turn.end; ++task) run_step(turn, task);
  has_done(turn, &Progress::states);
}

// Of two halves of the states a lane begins with that which it has made itself; the rest is on its way
// meanwhile.
void ForwardInstruction::multiply(const RnnTurn& turn, int64_t task, const RnnBlock& gates) const {
  const Part p = part_of(task);
  const RnnRows states = hidden(turn.io, whole_rows(p, plan_.units), turn.step - 1);
  const RnnFetches fetches = fetches_of(gates);
  const bool fresh = task == turn.first || plan_.row_blocks > 1;
  const int64_t last = plan_.passes - 1, next = task + 1 < turn.end ? task + 1 : turn.first;
  const auto pass_at = [&](int64_t i) { return plan_.halves && turn.first >= middle() ? last - i : i; };
  for (int64_t i = 0; i <= last; ++i) {
    const int64_t pass = pass_at(i);
    RnnProduct x = product(turn, p, pass, states, gates.product);
    x.more = i > 0;
    x.behind = i < last ? panels(turn, task, pass_at(i + 1)) : panels(turn, next, pass_at(0));
    if (i == last) x.fetches = &fetches;
    if (fresh && plan_.unit_blocks > 1) {
      wait_for(turn, &Progress::states, tasks(), plan_.halves && pass == 1 ? middle() : 0,
               plan_.halves && pass == 0 ? middle() : tasks(), turn.step);
      plan_.copy_states(x);
    }
    plan_.multiply(x);
  }
}

RnnBlock ForwardInstruction::block_of(const Operands& io, const Part& p, int64_t step) const {
  RnnBlock b = gates_of(io, p, step);
  b.input = at(io.in[o_.x], p, time(step), cell_.gates * plan_.units);
  b.h_before = hidden(io, p, step - 1);
  b.h = hidden(io, p, step);
  return b;
}

RnnBlock ForwardInstruction::gates_of(const Operands& io, const Part& p, int64_t step) const {
  RnnBlock b = block(io, p, time(step));
  if (o_.bias >= 0) b.bias = {static_cast<char*>(const_cast<void*>(io.in[o_.bias])) + p.unit * plan_.item, 0};
  b.kept = at(output(io, o_.kept), p, time(step), cell_.kept * plan_.units);
  b.c_before = memory(io, p, step - 1);
  b.c = memory(io, p, step);
  return b;
}

void ForwardInstruction::finish(const Operands& io, int64_t task) const {
  const Part p = part_of(task);
  const int64_t last = plan_.steps - 1;
  copy(state(io.out[o_.h_last], p), hidden(io, p, last), p);
  if (cell_.memory && (o_.c_all >= 0 || last < 0)) copy(state(io.out[o_.c_last], p), memory(io, p, last), p);
}

namespace {

// From the last step to the first. Of every sequence two rows lie in scratch: the gradient that comes to h
// past the product, and that of the memory. Where units are cut a lane multiplies the gradients that it has
// made itself, and hands over what the columns of others take from them: that is less to send than the
// gradients, and it is made first.
class BackwardInstruction final : public RnnInstruction {
 public:
  explicit BackwardInstruction(const OpCall& c)
      : RnnInstruction(c, true), name_(std::string(cell_.name) + "_grad") {}

  size_t scratch_bytes(int threads) const override {
    return shared_bytes() + size_t(threads) * plan_.lane_bytes();
  }
  const char* name() const override { return name_.c_str(); }
  // Likewise their gradients, where the gates were.
  std::vector<InPlace> in_place() const override {
    if (o_.kept < 0 || cell_.kept != cell_.gates) return {};
    return {{size_t(o_.x_grad), size_t(o_.kept)}};
  }

 private:
  size_t state_bytes() const { return lane_region(size_t(plan_.batch * plan_.units * plan_.item)); }
  // The states of scratch: two, and halves of the product of an even and of an odd step.
  size_t shared_bytes() const override { return (plan_.halves ? 6 : 2) * state_bytes(); }
  char* state_at(const Operands& io, int64_t i) const {
    return static_cast<char*>(io.scratch) + size_t(i) * state_bytes();
  }
  char* passed(const Operands& io) const { return state_at(io, 0); }
  char* memory_grad(const Operands& io) const { return state_at(io, 1); }
  RnnRows half_product(const RnnTurn& turn, const Part& p, int64_t half) const {
    return state(state_at(turn.io, 2 + turn.step % 2 * 2 + half), p);
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
  // The gradients that come back through the product: those of the step behind.
  RnnRows returning(const RnnTurn& turn, const Part& p) const {
    const int64_t width = cell_.gates * plan_.units;
    return at(product_grad(turn.io), whole_rows(p, width), time(plan_.steps - turn.step), width);
  }

  void run_step(const RnnTurn& turn, int64_t task) const override {
    const Part p = part_of(task);
    RnnBlock b = block_of(turn, p);
    if (turn.step > 0) b.product = {lane_scratch(turn), plan_.unit_block};
    const RnnFetches fetches = fetches_of(b);
    for (int64_t pass = 0; turn.step > 0 && pass < plan_.passes; ++pass) {
      RnnProduct x = product(turn, p, pass, returning(turn, p), b.product);
      x.more = pass > 0;
      if (pass + 1 == plan_.passes) x.fetches = &fetches;
      plan_.multiply(x);
    }
    plan_.kernel(b);
  }

  // The pieces of a step's products are the first halves of all tasks' and then the second.
  struct Pieces {
    int64_t begin = 0, end = 0;  // a lane's
    int64_t held[2] = {-1, -1};  // rows whose states are copied, of each half

    bool has(int64_t piece) const { return begin <= piece && piece < end; }
  };

  void run_tasks(const RnnTurn& turn) const override {
    Pieces pieces;
    if (turn.step > 0) {
      turn.lane.share(2 * tasks(), &pieces.begin, &pieces.end);
      // What was written two steps ago nobody reads any more.
      wait_for(turn, &Progress::states, tasks(), 0, tasks(), turn.step - 1);
      for (int64_t i = foreign(turn, pieces, pieces.begin), next; i < pieces.end; i = next) {
        next = foreign(turn, pieces, i + 1);
        multiply_half(turn, i, next < pieces.end ? next : own(turn, pieces, turn.first), nullptr, &pieces);
      }
      has_done(turn, &Progress::products);
    }
    for (int64_t task = turn.first; task < turn.end; ++task) run_own(turn, task, &pieces);
    has_done(turn, &Progress::states);
  }
  // The first piece from this one on that others need.
  int64_t foreign(const RnnTurn& turn, const Pieces& pieces, int64_t piece) const {
    while (piece < pieces.end && turn.has(piece % tasks())) ++piece;
    return piece;
  }
  // The first piece of the lane's own tasks from this one on, or any.
  int64_t own(const RnnTurn& turn, const Pieces& pieces, int64_t task) const {
    for (; task < turn.end; ++task)
      for (const int64_t piece : {task, tasks() + task})
        if (pieces.has(piece)) return piece;
    return pieces.begin;
  }

  void run_own(const RnnTurn& turn, int64_t task, Pieces* pieces) const {
    const Part p = part_of(task);
    RnnBlock b = block_of(turn, p);
    if (turn.step > 0) {
      const RnnFetches fetches = fetches_of(b);
      const int64_t both[2] = {task, tasks() + task}, behind = own(turn, *pieces, task + 1);
      for (int64_t half = 0; half < 2; ++half) {
        const bool more = half == 0 && pieces->has(both[1]);
        if (pieces->has(both[half]))
          multiply_half(turn, both[half], more ? both[1] : behind, more ? nullptr : &fetches, pieces);
        else
          wait_for(turn, &Progress::products, 2 * tasks(), both[half], both[half] + 1, turn.step + 1);
      }
      b.product = half_product(turn, p, 0);
      b.product_rest = half_product(turn, p, 1);
    }
    plan_.kernel(b);
  }

  void multiply_half(const RnnTurn& turn, int64_t piece, int64_t behind, const RnnFetches* fetches,
                     Pieces* pieces) const {
    const int64_t half = piece / tasks(), task = piece % tasks(), passes = plan_.passes / 2;
    const int64_t last = (half + 1) * passes - 1, rows = task % plan_.row_blocks;
    const Part p = part_of(task);
    const bool fresh = rows != pieces->held[half];
    if (fresh)
      wait_for(turn, &Progress::states, tasks(), half ? middle() : 0, half ? tasks() : middle(), turn.step);
    pieces->held[half] = rows;
    for (int64_t pass = half * passes; pass <= last; ++pass) {
      RnnProduct x = product(turn, p, pass, returning(turn, p), half_product(turn, p, half));
      x.more = pass > half * passes;
      x.behind = pass < last ? panels(turn, task, pass + 1)
                             : panels(turn, behind % tasks(), behind / tasks() * passes);
      if (pass == last) x.fetches = fetches;
      if (fresh) plan_.copy_states(x);
      plan_.multiply(x);
    }
  }

  RnnBlock block_of(const RnnTurn& turn, const Part& p) const {
    const Operands& io = turn.io;
    const int64_t own = plan_.steps - 1 - turn.step, t = time(own), width = cell_.gates * plan_.units;
    const RnnRows pass = state(passed(io), p);
    const RnnRows c_grad = cell_.memory ? state(memory_grad(io), p) : RnnRows{nullptr, 0};
    RnnBlock b = block(io, p, t);
    if (turn.step == 0) {
      begin(pass, input(io, o_.h_last_grad), p);
      if (cell_.memory) begin(c_grad, input(io, o_.c_last_grad), p);
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
    return b;
  }

  void finish(const Operands& io, int64_t task) const override {
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
