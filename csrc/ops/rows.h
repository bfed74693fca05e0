// Instructions whose kernels work on the rows of the last axis, each row by itself.
#pragma once

#include <string>

#include "ops/execution.h"

namespace axone {

// The rows of one lane.
struct RowShare {
  int64_t first, rows, n;
  size_t item;  // bytes of one element of the float arrays

  // Where the lane's rows of n elements begin.
  const void* at(const void* p) const { return static_cast<const char*>(p) + size_t(first * n) * item; }
  void* at(void* p) const { return static_cast<char*>(p) + size_t(first * n) * item; }
  // Where the lane's values begin in an array of one element per row.
  const void* scalar(const void* p) const { return static_cast<const char*>(p) + size_t(first) * item; }
  void* scalar(void* p) const { return static_cast<char*>(p) + size_t(first) * item; }
};

inline std::string kernel_name(const char* family, const char* op) {
  return std::string(family) + op + "_rows";
}

// Shares the rows of input 0 among the team: run(io, share) does a lane's. An exponential counts as 32 bytes.
template <class Run>
std::unique_ptr<Instruction> row_instruction(const OpCall& c, Run run) {
  const int64_t n = c.in(0).shape.back(), total = element_count(c.in(0).shape);
  int64_t rows = 1;
  for (size_t i = 0; i + 1 < c.in(0).shape.size(); ++i) rows *= c.in(0).shape[i];
  const size_t item = item_size(c.in(0).dtype);
  return make_instruction(c.name(), total * 32 < kSerialBytes, [=](const Lane& lane, const Operands& io) {
    int64_t begin, end;
    lane.share(rows, &begin, &end);
    if (begin < end) run(io, RowShare{begin, end - begin, n, item});
  });
}

}  // namespace axone
