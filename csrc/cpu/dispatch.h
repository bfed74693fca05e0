// Which instruction set runs: found once from CPU and operating system, or forced by AXONE_ISA.
#pragma once

#include <string>
#include <vector>

#include "kernels/registry.h"

namespace axone {

// Sets that this build holds and this machine can run, best first.
std::vector<std::string> supported_targets();

// Every set that this build holds.
std::vector<std::string> built_targets();

// The set in use. First call: AXONE_ISA, else the best supported one.
const KernelTarget& active_target();

// Chooses a set for what is compiled from now on (programs that exist keep theirs).
// Throws ValueError for a name that is unknown or that this machine cannot run.
void set_target(const std::string& name);

// The active set's kernel; throws TypeError where there is none for that type.
const KernelEntry& find_kernel(const char* name, DType dtype);

// The same, null where there is none.
const KernelEntry* find_kernel_or_null(const char* name, DType dtype);

template <class Function>
Function kernel_function(const char* name, DType dtype) {
  return reinterpret_cast<Function>(find_kernel(name, dtype).function);
}

template <class Descriptor>
const Descriptor& kernel_descriptor(const char* name, DType dtype) {
  return *static_cast<const Descriptor*>(find_kernel(name, dtype).descriptor);
}

}  // namespace axone
