// What the instructions of recurrent operations share. Private to ops/rnn.
#pragma once

#include <cstring>

#include "base/buffer.h"
#include "ops/rnn/plan.h"

namespace axone {

// A block of sequences and units at one step; `run` takes all of them through all steps.
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
        for (int64_t step = 0; step < plan_.steps; ++step) run_step(lane, io, task, step, true);
    } else {
      for (int64_t step = 0; step < plan_.steps; ++step) {
        for (int64_t t = task; t < end; ++t) run_step(lane, io, t, step, t == task || plan_.row_blocks > 1);
        lane.barrier();
      }
    }
    int64_t last, last_end;
    lane.share(plan_.row_blocks * plan_.unit_blocks, &last, &last_end);
    for (; last < last_end; ++last) finish(lane, io, last);
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
  virtual void run_step(const Lane& lane, const Operands& io, int64_t task, int64_t step,
                        bool fresh) const = 0;
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
  void finish(const Lane& lane, const Operands& io, int64_t task) const override;
  // What the gates of a step need beside its inputs, product and states.
  RnnBlock gates_of(const Operands& io, const Part& p, int64_t step) const;

 private:
  void run_step(const Lane& lane, const Operands& io, int64_t task, int64_t step, bool fresh) const override;

  const bool zero_;
};

// The way forward of few sequences whose units are shared by lanes (few.cpp).
std::unique_ptr<Instruction> compile_few(const OpCall& call);

}  // namespace axone
