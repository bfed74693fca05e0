// Convolutions one behind another as one instruction: a pointwise one, a depthwise one of its result, a
// pointwise one of that, or two neighbours of these. The tensors between them, the largest of such networks,
// exist row by row in a lane's cache only.
#pragma once

#include <memory>
#include <vector>

#include "ops/conv/geometry.h"
#include "ops/epilogue.h"

namespace axone {

// One of the convolutions, with the chain behind it; the last one's chain is the instruction's epilogue.
struct BlockStage {
  ConvGeometry geometry;
  std::unique_ptr<TileProgram> chain;  // one output; null where nothing follows
  Value head;                          // the convolution: an input of the chain
};

// Whether a convolution can be the depthwise one of a block, and the block gains by it; the one before it,
// which is pointwise or has few products an element; the one behind it.
bool block_depthwise(const ConvGeometry& g);
bool block_first(const ConvGeometry& g);
bool block_pointwise(const ConvGeometry& g);

// stages: two or three, of which number `depthwise` is the depthwise one. Operands: of each stage its inputs,
// weights first, without what the stage before makes, the first one's input before all others; out as the
// last stage's own instruction has it. The epilogue may be null.
std::unique_ptr<Instruction> make_conv_block(std::vector<BlockStage> stages, size_t depthwise,
                                             std::unique_ptr<Epilogue> epilogue);

}  // namespace axone
