// How an instruction set offers its kernels: constant arrays of named entries, one array per family.
// Constant, so that loading the library runs no code compiled for a set that this CPU may not have.
// No STL here: this header is compiled into every target.
#pragma once

#include <stddef.h>

#include "base/dtype.h"

namespace axone {

// One kernel for one element type: either a function (cast to its family's type) or a constant descriptor.
struct KernelEntry {
  const char* name;  // "family.kernel", such as "map.exp" or "gemm.micro"
  DType dtype;
  void (*function)();
  const void* descriptor;
};

struct KernelFamily {
  const KernelEntry* entries;
  size_t count;
};

// All that one instruction set offers.
struct KernelTarget {
  const char* name;  // "baseline", "avx2", "avx512", "neon"
  int vector_bytes;
  const KernelFamily* const* families;
  size_t family_count;
};

}  // namespace axone
