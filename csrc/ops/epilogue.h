// An elementwise chain behind an operation that writes its output in parts: each part is refined while in
// cache.
#pragma once

#include <algorithm>
#include <memory>

#include "ops/gemm.h"
#include "ops/tile_program.h"

namespace axone {

// The chain behind a head, and where the head's raw output goes.
// Operands of a headed instruction: in = the head's inputs, then the chain's other inputs;
// out = the chain's outputs, then the head's output if it is needed elsewhere, then the chain's statistics,
// then the head's further outputs.
class Epilogue {
 public:
  // updates[o]: output o replaces a variable's old value, which the chain may still have to read.
  Epilogue(TileProgram chain, Value head, bool head_escapes, const TensorType& head_type,
           const std::vector<bool>& updates);

  // Called by a head whose work has that many parts, fixed by its shape, or 0 if it has none that could be
  // named: whether the chain can follow it. A chain with statistics needs parts, in which one lane after
  // another takes rows in ascending order.
  bool follow(int64_t parts);
  // Called by a head that is complete only at its end: the chain runs behind it.
  void wait() { waits_ = true; }

  // Called by a head whose kernels can scale, shift and clip the `channels` columns of its result: where
  // that is all that the chain does, it is left to them (GemmEpilogue::finish).
  void leave_finish(int64_t channels);

  // Called by a head that can hand over its values in pieces of up to `elements`, one lane one piece at a
  // time: then raw values that no output can hold need no memory of the whole shape.
  void take_pieces(int64_t elements);

  // Outputs of the instruction before the head's second one, if it has more than one.
  size_t outputs() const { return first_statistic() + chain_.statistics().outputs(); }

  // Scratch in bytes: a tile set for each lane, the statistics, and the raw output where no output can hold
  // it.
  size_t scratch_bytes(int threads) const {
    return raw_bytes_ + statistics_bytes() + lane_scratch_ * size_t(threads);
  }

  // Runs a head of `head_inputs` inputs and the chain. `scratch` has scratch_bytes and is the same for all
  // lanes. compute(raw, follower) is the head: it writes its values to raw, or hands them over, and lets the
  // follower refine what is final; there is none where the chain waits.
  template <class Compute>
  void run(const Lane& lane, const Operands& io, size_t head_inputs, void* scratch,
           const Compute& compute) const {
    Bound bound(*this, io, head_inputs, scratch, lane);
    compute(bound.raw(), waits_ ? nullptr : static_cast<GemmEpilogue*>(&bound));
    bound.complete(lane, io);
  }

 private:
  // The chain on one run's memory, for one lane; `scratch` has scratch_bytes and is the same for all lanes.
  class Bound final : public GemmEpilogue {
   public:
    Bound(const Epilogue& epilogue, const Operands& io, size_t head_inputs, void* scratch, const Lane& lane);
    void begin_part(int64_t part) override {
      part_ = statistics_ + size_t(part) * epilogue_.chain_.statistics().part_bytes();
    }
    void apply(int64_t begin, int64_t count) override { chain_.run(begin, count, part_); }
    void apply(int64_t begin, int64_t count, const void* values) override;
    void* piece() const override { return piece_; }
    GradientForm update_form() const override {
      return epilogue_.is_update() && chain_.in_place() ? epilogue_.chain_.update_form() : GradientForm::none;
    }
    void update_operands(int64_t begin, const void* values, const void** operands) override;
    const ChannelFinish* finish() const override { return epilogue_.finishes_ ? &finish_ : nullptr; }
    // Behind the head: all that is left.
    void complete(const Lane& lane, const Operands& io);
    // Where the head writes its output, if not in pieces.
    void* raw() const { return raw_; }

   private:
    static constexpr size_t kMostInputs = 192;
    // Makes the values the chain's input for the elements from `begin`.
    void take(int64_t begin, const void* values);
    // Where the raw output goes; fills the chain's inputs.
    void* gather(const Epilogue& epilogue, const Operands& io, size_t head_inputs, void* scratch);

    const Epilogue& epilogue_;
    const void* in_[kMostInputs];
    void* raw_;
    char *statistics_, *part_, *lane_scratch_;
    void* piece_;
    TileProgram::Bound chain_;
    ChannelFinish finish_{};
  };

  bool is_update() const { return chain_.is_update(head_input_); }
  // The chain's outputs, and the head's where it is needed elsewhere.
  size_t first_statistic() const {
    const size_t own = chain_.outputs().size();
    return own + size_t(raw_output_ == int(own));
  }
  size_t statistics_bytes() const {
    return round_up(size_t(parts_) * chain_.statistics().part_bytes(), kPage);
  }

  TileProgram chain_;
  bool waits_ = false, finishes_ = false;
  StatisticParts own_parts_;  // of a chain that waits
  int64_t parts_ = 0;
  size_t head_input_ = 0;                      // the chain's input that is the head's output
  int raw_output_ = -1;                        // the output that holds the raw values, or -1: scratch
  size_t item_ = 0;                            // bytes of a raw value
  size_t raw_bytes_ = 0;                       // the raw output's in scratch
  size_t piece_bytes_ = 0, lane_scratch_ = 0;  // a lane's: its piece, and all that it needs
};

}  // namespace axone
