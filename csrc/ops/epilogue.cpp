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
  lane_scratch_ = lane_region(chain_.lane_scratch());
}

void Epilogue::take_pieces(int64_t elements) {
  if (raw_bytes_ == 0) return;
  raw_bytes_ = 0;
  piece_bytes_ = round_up(size_t(elements) * item_, kPage);
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
                       int lane)
    : epilogue_(epilogue),
      raw_(gather(epilogue, io, head_inputs, scratch)),
      lane_scratch_(static_cast<char*>(scratch) + epilogue.raw_bytes_ +
                    epilogue.lane_scratch_ * size_t(lane)),
      piece_(epilogue.piece_bytes_ ? lane_scratch_ : nullptr),
      chain_(epilogue.chain_, in_, io.out, lane_scratch_ + epilogue.piece_bytes_) {}

// The chain looks for element `begin` that far behind its input's start.
void Epilogue::Bound::apply(int64_t begin, int64_t count, const void* values) {
  in_[epilogue_.head_input_] =
      reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(values) - size_t(begin) * epilogue_.item_);
  chain_.run(begin, count);
}

}  // namespace axone
