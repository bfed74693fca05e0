// The way forward of few sequences, of which reading the kernel is nearly all the work. Lanes share the
// units: each multiplies the states by columns of its own, and hands over what it makes of them without a
// barrier.
#include <cmath>

#include "kernels/rnn_few.h"
#include "ops/rnn/instruction.h"

namespace axone {

namespace {

// A sum of two halves of the depth does not depend on their order, so a lane begins with the half that it has
// made itself; the rest of the states is on its way meanwhile.
class FewInstruction final : public ForwardInstruction {
 public:
  explicit FewInstruction(const OpCall& c)
      : ForwardInstruction(c),
        kernels_(kernel_descriptor<RnnFewKernels>("rnn.few", c.in(0).dtype)),
        features_(o_.in_weights < 0 ? 0 : c.in(0).shape[2]),
        states_bytes_(round_up(size_t(plan_.batch * plan_.units * plan_.item), kAlignment)),
        ones_(features_ ? size_t(plan_.unit_block * plan_.item) : 0) {
    for (int64_t i = 0; features_ && i < plan_.unit_block; ++i)
      if (c.in(0).dtype == DType::f32)
        static_cast<float*>(ones_.data())[i] = 1;
      else
        static_cast<double*>(ones_.data())[i] = 1;
  }

  size_t scratch_bytes(int threads) const override {
    return 2 * boxes_bytes() + size_t(threads) * work_bytes();
  }

  void run(const Lane& lane, const Operands& io) const override {
    if (plan_.batch == 0) return;
    char* const scratch = static_cast<char*>(io.scratch);
    Own own{io, scratch, scratch + 2 * boxes_bytes() + size_t(lane.index) * work_bytes(), lane.count > 1,
            0,  0};
    lane.share(plan_.unit_blocks, &own.first, &own.end);
    for (int64_t t = own.first; t < own.end && own.hands_over; ++t) clear(own, t);
    lane.barrier();
    if (own.first == own.end) return;
    begin(own);
    for (int64_t step = 0; step < plan_.steps; ++step) run_blocks(own, step);
    for (int64_t t = own.first; t < own.end; ++t) end(own, part(t));
  }

 private:
  // What a lane has: blocks of units [first, end), and memory.
  struct Own {
    const Operands& io;
    char* boxes;
    char* work;
    bool hands_over;
    int64_t first, end;

    bool has(int64_t task) const { return first <= task && task < end; }
  };

  Part part(int64_t task) const {
    const int64_t unit = task * plan_.unit_block;
    return {0, plan_.batch, unit, std::min(plan_.unit_block, plan_.units - unit)};
  }
  Part all() const { return {0, plan_.batch, 0, plan_.units}; }

  // Memory that a lane writes in every step is its own: of two halves of one row a prefetcher takes the
  // other's.
  bool own_memory() const { return cell_.memory && o_.c_all < 0; }

  void begin(const Own& own) const {
    copy(states(own, all(), 0), state(own.io.in[o_.h0], all()), all());
    if (own_memory()) copy(memory_of(own, all()), state(own.io.in[o_.c0], all()), all());
    if (features_) project(own);
  }
  void end(const Own& own, const Part& p) const {
    copy(state(own.io.out[o_.h_last], p), states(own, p, plan_.steps), p);
    if (!cell_.memory) return;
    copy(state(own.io.out[o_.c_last], p),
         own_memory() ? memory_of(own, p) : memory(own.io, p, plan_.steps - 1), p);
  }

  // Odd steps go the other way, as the columns read last are still in the first-level cache.
  void run_blocks(const Own& own, int64_t step) const {
    const int64_t count = own.end - own.first;
    for (int64_t i = 0; i < count; ++i) {
      const int64_t task = step % 2 ? own.end - 1 - i : own.first + i;
      const Part p = part(task);
      multiply(own, p, step, i == 0);
      const RnnRows h = states(own, p, step + 1);
      apply_gates(own, p, step, h);
      if (own.hands_over) put(own, task, step + 1);
      copy(hidden(own.io, p, step), h, p);
    }
  }

  void apply_gates(const Own& own, const Part& p, int64_t step, const RnnRows& h) const {
    RnnBlock b = gates_of(own.io, p, step);
    b.input = at(features_ ? projected(own) : own.io.in[o_.x], p, time(step), cell_.gates * plan_.units);
    b.product = {own.work, plan_.products * plan_.unit_block};
    b.h_before = states(own, p, step);
    b.h = h;
    if (own_memory()) b.c_before = b.c = memory_of(own, p);
    plan_.kernel(b);
  }

  // Likewise the matrices come in an order that ends with those columns of the own half with which the next
  // step begins.
  void multiply(const Own& own, const Part& p, int64_t step, bool first_of_step) const {
    if (without_product(step)) {
      std::memset(own.work, 0, plan_.tile_bytes);
      return;
    }
    const int64_t half = own.first >= plan_.unit_blocks / 2, count = plan_.products, early = (count + 1) / 2;
    const bool wait = first_of_step && step > 0;
    if (wait) receive(own, half, step);
    add(own, p, step, half, 0, early, false);
    if (wait) receive(own, 1 - half, step);
    add(own, p, step, 1 - half, 0, early, true);
    add(own, p, step, 1 - half, early, count, false);
    add(own, p, step, half, early, count, true);
  }

  // The matrix that comes as number i in a step.
  int64_t product_at(int64_t step, int64_t i) const { return step % 2 ? plan_.products - 1 - i : i; }

  // One half of the depth for matrices [first, end) in the step's order.
  void add(const Own& own, const Part& p, int64_t step, int64_t half, int64_t first, int64_t end,
           bool more) const {
    const RnnRows before = states(own, all(), step);
    const int64_t k = plan_.pass_begin(half);
    RnnFewProduct g{};
    g.m = p.rows, g.k = plan_.pass_begin(half + 1) - k;
    g.a = static_cast<const char*>(before.data) + k * plan_.item, g.a_stride = before.stride;
    g.vectors = ceil_div(p.units, plan_.gemm->lanes), g.panel_vectors = plan_.panel_vectors;
    g.c_stride = plan_.products * plan_.unit_block;
    g.add = more;
    for (int64_t i = first; i < end; ++i) {
      const int64_t product = product_at(step, i);
      g.panels =
          static_cast<const char*>(own.io.prepared) + plan_.packed_block(product, half, p.unit) * plan_.item;
      g.c = own.work + product * plan_.unit_block * plan_.item;
      kernels_.rows(g);
    }
  }

  // All steps' inputs times the weights of this lane's units: between cores without a common cache they would
  // cost more to fetch than to make.
  void project(const Own& own) const {
    const int64_t width = cell_.gates * plan_.units;
    GemmBlock g{};
    g.m = plan_.batch * plan_.steps, g.k = features_;
    g.a = own.io.in[o_.x], g.a_stride = features_, g.a_layout = GemmALayout::rows;
    g.b_stride = g.c_stride = width, g.b_layout = GemmBLayout::rows;
    g.panel_vectors = 2;
    g.tail = projected(own) + projected_bytes();
    g.in_order = true;
    ChannelFinish add_bias{ones_.data(), nullptr, -INFINITY, INFINITY};
    if (o_.in_bias >= 0) g.finish = &add_bias;
    for (int64_t t = own.first; t < own.end; ++t)
      for (int64_t gate = 0; gate < cell_.gates; ++gate) {
        const Part p = part(t);
        const int64_t column = (gate * plan_.units + p.unit) * plan_.item;
        g.n = p.units;
        g.b = static_cast<const char*>(own.io.in[o_.in_weights]) + column;
        g.c = projected(own) + column;
        if (g.finish) add_bias.shift = static_cast<const char*>(own.io.in[o_.in_bias]) + column;
        plan_.gemm->block(g);
      }
  }

  // A lane's memory: the product's tile, the states behind this step and the one before, the cell's memory,
  // projected inputs and what their product needs.
  size_t projected_at() const { return plan_.tile_bytes + 3 * states_bytes_; }
  size_t projected_bytes() const {
    return round_up(size_t(plan_.batch * plan_.steps * cell_.gates * plan_.units * plan_.item), kAlignment);
  }
  size_t work_bytes() const {
    const size_t tail = size_t(plan_.gemm->tail_elements(features_) * plan_.item);
    return lane_region(projected_at() + (features_ ? projected_bytes() + tail : 0));
  }
  RnnRows states(const Own& own, const Part& p, int64_t step) const {
    return state(own.work + plan_.tile_bytes + size_t(step % 2) * states_bytes_, p);
  }
  RnnRows memory_of(const Own& own, const Part& p) const {
    return state(own.work + plan_.tile_bytes + 2 * states_bytes_, p);
  }
  char* projected(const Own& own) const { return own.work + projected_at(); }

  // Each block of units has a box of words for its states, one for odd and one for even steps: who fills it
  // the next time has got what all others made of its last contents.
  int64_t row_words() const { return plan_.unit_block * plan_.item / 4; }
  size_t box_bytes() const { return lane_region(size_t(plan_.batch * row_words()) * sizeof(uint64_t)); }
  size_t boxes_bytes() const { return size_t(plan_.unit_blocks) * box_bytes(); }
  uint64_t* box(const Own& own, int64_t task, int64_t step, int64_t row) const {
    char* const begin = own.boxes + size_t(step % 2) * boxes_bytes() + size_t(task) * box_bytes();
    return reinterpret_cast<uint64_t*>(begin) + row * row_words();
  }
  // No step that is waited for has the number 0.
  void clear(const Own& own, int64_t task) const {
    for (int64_t turn = 0; turn < 2; ++turn)
      std::memset(box(own, task, turn, 0), 0, size_t(plan_.batch * row_words()) * sizeof(uint64_t));
  }
  void put(const Own& own, int64_t task, int64_t step) const {
    const Part p = part(task);
    const RnnRows from = states(own, p, step);
    for (int64_t r = 0; r < p.rows; ++r)
      kernels_.put(uint32_t(step), p.units, row_of(from, r), box(own, task, step, r));
  }
  // What others have made of one half of the states.
  void receive(const Own& own, int64_t half, int64_t step) const {
    const int64_t middle = plan_.unit_blocks / 2;
    for (int64_t t = half ? middle : 0; t < (half ? plan_.unit_blocks : middle); ++t)
      if (!own.has(t)) get(own, t, step);
  }
  void get(const Own& own, int64_t task, int64_t step) const {
    const Part p = part(task);
    const RnnRows to = states(own, p, step);
    for (int64_t r = 0; r < p.rows; ++r) {
      Patience patience;
      for (int64_t done = 0;; patience.wait()) {
        done += kernels_.get(uint32_t(step), p.units - done, box(own, task, step, r) + done * plan_.item / 4,
                             row_of(to, r) + done * plan_.item);
        if (done == p.units) break;
      }
    }
  }
  char* row_of(const RnnRows& rows, int64_t r) const {
    return static_cast<char*>(rows.data) + r * rows.stride * plan_.item;
  }

  const RnnFewKernels& kernels_;
  const int64_t features_;  // of inputs that are still to be projected
  const size_t states_bytes_;
  const Buffer ones_;
};

}  // namespace

std::unique_ptr<Instruction> compile_few(const OpCall& call) {
  return std::make_unique<FewInstruction>(call);
}

}  // namespace axone
