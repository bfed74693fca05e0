// The ways to compute a convolution's three products. Each takes the geometry of the forward convolution and
// refines its result with the epilogue, which may be null.
#pragma once

#include "ops/conv/geometry.h"
#include "ops/gemm_instruction.h"

namespace axone {

// Implicit matrix products: rows gathered block by block, weights packed beforehand.
std::unique_ptr<Instruction> gathered_forward(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue);
std::unique_ptr<Instruction> gathered_input_grad(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue);
std::unique_ptr<Instruction> gathered_weight_grad(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue);

// Each channel by itself; up to kDepthwiseTaps taps.
constexpr int64_t kDepthwiseTaps = 128;
std::unique_ptr<Instruction> depthwise_forward(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue);
std::unique_ptr<Instruction> depthwise_input_grad(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue);
std::unique_ptr<Instruction> depthwise_weight_grad(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue);

// Winograd's F(4, 3) and F(2, 5), where winograd_applies: its rounding errors are larger, and the attribute
// "exact" rules it out. It needs kWinogradTiles, or, of many weights, `fewest`.
constexpr int64_t kWinogradTiles = 24, kFewWinogradTiles = 8;
bool winograd_applies(const ConvGeometry& g, int64_t fewest);
std::unique_ptr<Instruction> winograd_forward(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue);
std::unique_ptr<Instruction> winograd_input_grad(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue);
std::unique_ptr<Instruction> winograd_weight_grad(const ConvGeometry& g, std::unique_ptr<Epilogue> epilogue);

}  // namespace axone
