// How scan and while_loop run: the body is a program of its own, whose operands move along from step to step.
#include "ops/scan.h"

#include <algorithm>
#include <cstring>

#include "runtime/program.h"

namespace axone {

namespace {

// What is carried has two places in scratch that take turns; the last step writes it to the outputs.
class LoopInstruction final : public Instruction {
 public:
  LoopInstruction(const OpCall& call, bool endless)
      : name_(call.name()),
        plan_(call.attrs, endless),
        flag_(endless ? 1 : 0),
        body_(std::make_unique<Program>(plan_.body->graph, plan_.body->outputs)) {
    for (const Value v : plan_.body->graph.inputs())
      in_bytes_.push_back(byte_size(plan_.body->graph.type(v)));
    for (const Value v : plan_.body->outputs) out_bytes_.push_back(byte_size(plan_.body->graph.type(v)));
    for (size_t i = 0; i < plan_.carries; ++i) {
      carry_offsets_.push_back(carry_bytes_);
      carry_bytes_ += round_up(in_bytes_[i], kAlignment);
    }
    in_.resize(in_bytes_.size());
    out_.resize(out_bytes_.size());
    for (int32_t id = 0; id < plan_.body->graph.size(); ++id)
      if (const Op* op = plan_.body->graph.node(id).op) calls_host_ = calls_host_ || op->effects;
  }

  void run(const Lane& lane, const Operands& io) const override {
    int64_t step = 0;
    bool more = flag_ ? *io.input<bool>(0) : plan_.length > 0;
    for (; more; ++step) {
      if (lane.index == 0) place(io, step);
      body_->repeat(lane, in_.data(), const_cast<void* const*>(out_.data()), step == 0);
      lane.barrier();
      more = step + 1 < plan_.length && !body_->failed() && (!flag_ || *flag(io));
    }
    if (flag_ || step == 0) {
      lane.barrier();
      if (lane.index == 0) copy_carries(io, step);
    }
    if (lane.index == 0) body_->end_repeats(io.status);
  }

  bool serial() const override { return calls_host_ || body_->shared_work() == 0; }
  bool calls_host() const override { return calls_host_; }
  size_t scratch_bytes(int threads) const override {
    body_->reserve(threads);
    return 2 * carry_bytes_ + kAlignment;
  }
  double flops() const override {
    const double steps = flag_ ? 1 : double(plan_.length);
    return body_->shared_work() * steps;
  }
  const char* name() const override { return name_; }

 private:
  char* carry(const Operands& io, size_t i, int64_t turn) const {
    return static_cast<char*>(io.scratch) + size_t(turn % 2) * carry_bytes_ + carry_offsets_[i];
  }
  bool* flag(const Operands& io) const {
    return reinterpret_cast<bool*>(static_cast<char*>(io.scratch) + 2 * carry_bytes_);
  }

  // Where the step reads and writes.
  void place(const Operands& io, int64_t step) const {
    const bool last = !flag_ && step + 1 == plan_.length;
    const int64_t element = plan_.reverse ? plan_.length - 1 - step : step;
    const void* const* given = io.in + flag_;
    for (size_t i = 0; i < in_.size(); ++i) {
      if (i < plan_.carries)
        in_[i] = step == 0 ? given[i] : carry(io, i, step);
      else if (i < plan_.carries + plan_.steps)
        in_[i] = static_cast<const char*>(given[i]) + size_t(element) * in_bytes_[i];
      else
        in_[i] = given[i];
    }
    if (flag_) out_[0] = flag(io);
    for (size_t i = 0; i < plan_.carries; ++i) out_[i + flag_] = last ? io.out[i] : carry(io, i, step + 1);
    for (size_t i = plan_.carries + flag_; i < out_.size(); ++i)
      out_[i] = static_cast<char*>(io.out[i]) + size_t(element) * out_bytes_[i];
  }

  void copy_carries(const Operands& io, int64_t steps) const {
    for (size_t i = 0; i < plan_.carries; ++i)
      std::memcpy(io.out[i], steps == 0 ? io.in[i + flag_] : carry(io, i, steps), in_bytes_[i]);
  }

  const char* name_;
  const ScanPlan plan_;
  const size_t flag_;  // outputs in front of what is carried
  const std::unique_ptr<Program> body_;
  std::vector<size_t> in_bytes_, out_bytes_, carry_offsets_;
  size_t carry_bytes_ = 0;
  bool calls_host_ = false;
  // Written by lane 0 alone, in a run of the program that the instruction belongs to: one at a time.
  mutable std::vector<const void*> in_;
  mutable std::vector<void*> out_;
};

[[maybe_unused]] const bool registered = [] {
  define_execution("scan", [](const OpCall& c) -> std::unique_ptr<Instruction> {
    return std::make_unique<LoopInstruction>(c, false);
  });
  define_execution("while_loop", [](const OpCall& c) -> std::unique_ptr<Instruction> {
    return std::make_unique<LoopInstruction>(c, true);
  });
  return true;
}();

}  // namespace

}  // namespace axone
