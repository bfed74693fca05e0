// What the instructions of recurrent operations share. Private to ops/rnn.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>

#include "base/buffer.h"
#include "ops/rnn/plan.h"

namespace axone {

// A lane's tasks [first, end), which are blocks of sequences and units, and the step they are at.
struct RnnTurn {
  const Lane& lane;
  const Operands& io;
  int64_t first, end, step;

  bool has(int64_t task) const { return first <= task && task < end; }
};

// `run` takes all tasks through all steps.
class RnnInstruction : public Instruction {
 public:
  RnnInstruction(const OpCall& c, bool gradient)
      : cell_(rnn_cell(c.name())),
        o_(cell_, c.attrs, gradient),
        plan_(cell_, c.in(0).dtype, c.in(0).shape[0], c.in(0).shape[1], c.in(1).shape[0], gradient) {}

  void run(const Lane& lane, const Operands& io) const override {
    if (plan_.batch == 0) return;
    RnnTurn turn{lane, io, 0, 0, 0};
    lane.share(tasks(), &turn.first, &turn.end);
    if (plan_.unit_blocks == 1) {
      for (int64_t task = turn.first; task < turn.end; ++task)
        for (turn.step = 0; turn.step < plan_.steps; ++turn.step) run_step(turn, task);
    } else {
      new (&progress(lane.index, io)) Progress{};
      lane.barrier();
      for (; turn.step < plan_.steps; ++turn.step) run_tasks(turn);
    }
    for (int64_t task = turn.first; task < turn.end; ++task) finish(io, task);
  }

  bool handed_over() const { return plan_.handed_over; }
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
  // One task that needs no other.
  virtual void run_step(const RnnTurn& turn, int64_t task) const = 0;
  // All of a lane's tasks.
  virtual void run_tasks(const RnnTurn& turn) const = 0;
  virtual void finish(const Operands& io, int64_t task) const = 0;
  // Scratch in front of the lanes' own.
  virtual size_t shared_bytes() const { return 0; }

  // A pass of the product of states (all units of a part's rows) with the part's columns of the kernel.
  RnnProduct product(const RnnTurn& turn, const Part& p, int64_t pass, const RnnRows& states,
                     const RnnRows& c) const {
    return {pass, false, p.rows, p.unit, p.units, states, c, turn.io.prepared, nullptr, lane_scratch(turn)};
  }
  // What the kernel will read and write, for the last pass in front of it to fetch.
  RnnFetches fetches_of(const RnnBlock& b) const {
    RnnFetches all;
    const auto add = [&](const RnnRows& m, int64_t gates) {
      for (int64_t g = 0; m.data && g < gates; ++g)
        all.add({static_cast<char*>(m.data) + g * b.gate * plan_.item, m.stride}, b.rows, b.units,
                int64_t(plan_.panel_vectors) * plan_.gemm->lanes, plan_.item);
    };
    add(b.input, cell_.gates);
    if (b.kept.data != b.input.data) add(b.kept, cell_.kept);
    for (const RnnRows& m : {b.c_before, b.c, b.h_before, b.h, b.h_grad, b.h_copy}) add(m, 1);
    return all;
  }
  const void* panels(const RnnTurn& turn, int64_t task, int64_t pass) const {
    const int64_t at = plan_.packed_block(0, pass, part_of(task).unit);
    return static_cast<const char*>(turn.io.prepared) + at * plan_.item;
  }

  int64_t tasks() const { return plan_.row_blocks * plan_.unit_blocks; }
  // The first task of the second half of the units.
  int64_t middle() const { return plan_.unit_blocks / 2 * plan_.row_blocks; }

  // The steps of which a lane has made the states of its tasks, and its part of others' products.
  struct Progress {
    std::atomic<int64_t> states{0}, products{0};
  };
  using Counter = std::atomic<int64_t> Progress::*;
  void has_done(const RnnTurn& turn, Counter what) const {
    (progress(turn.lane.index, turn.io).*what).store(turn.step + 1, std::memory_order_release);
  }
  // Until the lanes that share [begin, end) of `count` pieces of work have done it for so many steps.
  void wait_for(const RnnTurn& turn, Counter what, int64_t count, int64_t begin, int64_t end,
                int64_t steps) const {
    for (int other = 0; other < turn.lane.count; ++other) {
      int64_t first, last;
      Lane{other, turn.lane.count}.share(count, &first, &last);
      if (other == turn.lane.index || std::max(first, begin) >= std::min(last, end)) continue;
      const std::atomic<int64_t>& done = progress(other, turn.io).*what;
      for (Patience patience; done.load(std::memory_order_acquire) < steps;) patience.wait();
    }
  }

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
  char* lane_scratch(int lane, const Operands& io) const {
    return static_cast<char*>(io.scratch) + shared_bytes() + size_t(lane) * plan_.lane_bytes();
  }
  char* lane_scratch(const RnnTurn& turn) const { return lane_scratch(turn.lane.index, turn.io); }
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

 private:
  Progress& progress(int lane, const Operands& io) const {
    return *reinterpret_cast<Progress*>(lane_scratch(lane, io) + plan_.progress_at());
  }
};

class ForwardInstruction : public RnnInstruction {
 public:
  explicit ForwardInstruction(const OpCall& c)
      : RnnInstruction(c, false), zero_(c.attrs.get<bool>("zero", false)) {}

  size_t scratch_bytes(int threads) const override { return size_t(threads) * plan_.lane_bytes(); }
  const char* name() const override { return cell_.name; }
  // The gates of a step are made where its projected inputs were read.
  std::vector<InPlace> in_place() const override {
    if (o_.kept < 0 || cell_.kept != cell_.gates || plan_.handed_over) return {};
    return {{size_t(o_.kept), size_t(o_.x)}};
  }

 protected:
  // Without "keep" the memory lies in its last place all the time.
  RnnRows memory(const Operands& io, const Part& p, int64_t step) const {
    if (!cell_.memory) return {nullptr, 0};
    if (step < 0) return state(io.in[o_.c0], p);
    return o_.c_all >= 0 ? at(io.out[o_.c_all], p, time(step), plan_.units) : state(io.out[o_.c_last], p);
  }
  RnnRows hidden(const Operands& io, const Part& p, int64_t step) const {
    return step < 0 ? state(io.in[o_.h0], p) : at(io.out[o_.h_all], p, time(step), plan_.units);
  }
  bool without_product(int64_t step) const { return step == 0 && zero_; }
  void finish(const Operands& io, int64_t task) const override;
  // What the gates of a step need beside its inputs, product and states.
  RnnBlock gates_of(const Operands& io, const Part& p, int64_t step) const;
  // All but the product.
  RnnBlock block_of(const Operands& io, const Part& p, int64_t step) const;

 private:
  void run_step(const RnnTurn& turn, int64_t task) const override;
  void run_tasks(const RnnTurn& turn) const override;
  void multiply(const RnnTurn& turn, int64_t task, const RnnBlock& gates) const;

  const bool zero_;
};

// The way forward of few sequences whose units are shared by lanes (few.cpp).
std::unique_ptr<Instruction> compile_few(const OpCall& call);

}  // namespace axone
