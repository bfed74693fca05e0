#include "ops/epilogue.h"

namespace axone {

Epilogue::Epilogue(TileProgram chain, Value head, bool head_escapes, const TensorType& head_type,
                   const std::vector<bool>& updates)
    : chain_(std::move(chain)) {
  const auto& inputs = chain_.inputs();
  head_input_ = size_t(std::find(inputs.begin(), inputs.end(), head) - inputs.begin());
  if (head_escapes) {
    raw_output_ = int(chain_.outputs().size());
  } else {
    for (size_t o = 0; o < chain_.outputs().size() && raw_output_ < 0; ++o)
      if (!updates[o] && chain_.can_alias(o, head_input_)) raw_output_ = int(o);
    if (raw_output_ < 0) raw_bytes_ = round_up(byte_size(head_type), kPage);
  }
  item_ = item_size(head_type.dtype);
  own_parts_ = chain_.statistics().parts(chain_.elements());
  parts_ = own_parts_.count();
  waits_ = !chain_.statistics().empty();
  lane_scratch_ = lane_region(chain_.lane_scratch());
}

bool Epilogue::follow(int64_t parts) {
  if (!chain_.statistics().empty()) {
    waits_ = parts == 0;
    if (parts) parts_ = parts;
  }
  return !waits_;
}

void Epilogue::leave_finish(int64_t channels) {
  finishes_ = !waits_ && raw_output_ == 0 && chain_.finishes_channels(head_input_, channels);
}

void Epilogue::take_pieces(int64_t elements) {
  if (raw_bytes_ == 0) return;
  raw_bytes_ = 0;
  piece_bytes_ = round_up(size_t(elements) * item_, kPage) * (is_update() ? 2 : 1);
  lane_scratch_ += piece_bytes_;
}

void* Epilogue::Bound::gather(const Epilogue& epilogue, const Operands& io, size_t head_inputs,
                              void* scratch) {
  void* const raw = epilogue.raw_output_ >= 0 ? io.out[epilogue.raw_output_] : scratch;
  size_t next = head_inputs;
  for (size_t i = 0; i < epilogue.chain_.inputs().size(); ++i)
    in_[i] = i == epilogue.head_input_ ? raw : io.in[next++];
  return raw;
}

Epilogue::Bound::Bound(const Epilogue& epilogue, const Operands& io, size_t head_inputs, void* scratch,
                       const Lane& lane)
    : epilogue_(epilogue),
      raw_(gather(epilogue, io, head_inputs, scratch)),
      statistics_(static_cast<char*>(scratch) + epilogue.raw_bytes_),
      part_(statistics_),
      lane_scratch_(statistics_ + epilogue.statistics_bytes() + epilogue.lane_scratch_ * size_t(lane.index)),
      piece_(epilogue.piece_bytes_ ? lane_scratch_ : nullptr),
      chain_(epilogue.chain_, in_, io.out, lane_scratch_ + epilogue.piece_bytes_) {
  if (epilogue.finishes_) finish_ = chain_.channel_finish();
  if (epilogue.chain_.statistics().empty()) return;
  epilogue.chain_.statistics().clear(lane, epilogue.parts_, statistics_);
  lane.barrier();
}

void Epilogue::Bound::complete(const Lane& lane, const Operands& io) {
  const TileProgram& chain = epilogue_.chain_;
  if (epilogue_.waits_) {
    lane.barrier();
    int64_t part, end;
    lane.share(epilogue_.parts_, &part, &end);
    for (; part < end; ++part) {
      begin_part(part);
      apply(epilogue_.own_parts_.begin(part), epilogue_.own_parts_.size(part));
    }
  }
  if (chain.statistics().empty()) return;
  lane.barrier();
  chain.statistics().join(lane, epilogue_.parts_, statistics_, io.out + epilogue_.first_statistic());
}

// The chain looks for element `begin` that far behind its input's start.
void Epilogue::Bound::take(int64_t begin, const void* values) {
  in_[epilogue_.head_input_] =
      reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(values) - size_t(begin) * epilogue_.item_);
}

void Epilogue::Bound::apply(int64_t begin, int64_t count, const void* values) {
  take(begin, values);
  chain_.run(begin, count, part_);
}

void Epilogue::Bound::update_operands(int64_t begin, const void* values, const void** operands) {
  take(begin, values);
  chain_.update_operands(begin, operands);
}

}  // namespace axone
