// Where the temporaries of a program lie in its arena.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace axone {

// A block that is in use from instruction `first` to instruction `last`, both included.
struct Lifetime {
  size_t bytes = 0;
  int32_t first = 0, last = 0;
  size_t offset = 0;  // set by plan_memory
};

// Gives every block an offset, 64-byte aligned, such that blocks in use at the same time do not overlap: the
// largest first, each at the lowest gap that holds it. Returns the arena's size in bytes.
size_t plan_memory(std::vector<Lifetime>& blocks);

}  // namespace axone
