// A matrix product as an instruction, for the operations that are one.
#pragma once

#include "ops/epilogue.h"
#include "ops/gemm.h"

namespace axone {

// Operands: A, B, then the epilogue's other inputs. epilogue may be null.
std::unique_ptr<Instruction> make_gemm_instruction(const GemmShape& shape,
                                                   std::unique_ptr<Epilogue> epilogue);

}  // namespace axone
