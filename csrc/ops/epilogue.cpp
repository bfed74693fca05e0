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
    if (raw_output_ < 0) raw_bytes_ = round_up(byte_size(head_type), kAlignment);
  }
  lane_scratch_ = round_up(chain_.lane_scratch(), kAlignment);
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
    : raw_(gather(epilogue, io, head_inputs, scratch)),
      chain_(epilogue.chain_, in_, io.out,
             static_cast<char*>(scratch) + epilogue.raw_bytes_ + epilogue.lane_scratch_ * size_t(lane)) {}

}  // namespace axone
