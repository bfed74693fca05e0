// Indices as users give them: negative ones count from the end.
#pragma once

#include <memory>
#include <type_traits>

#include "ops/execution.h"
#include "ops/rules.h"

namespace axone {

// The position in [0, n) that an index means, or -1 where it is out of range.
template <class I>
int64_t resolve_index(I index, int64_t n) {
  int64_t i = int64_t(index);
  if (i < 0) i += n;
  return i >= 0 && i < n ? i : -1;
}

// What make(I(), T()) makes, for indices and elements of the types I and T behind two dtypes; T is bool only
// where `booleans` says so.
template <bool booleans = false, class F>
std::unique_ptr<Instruction> make_indexed(DType indices, DType elements, F&& make) {
  std::unique_ptr<Instruction> result;
  dispatch_integer(indices, [&](auto* i) {
    dispatch(elements, [&](auto* t) {
      using I = std::remove_pointer_t<decltype(i)>;
      using T = std::remove_pointer_t<decltype(t)>;
      if constexpr (booleans || !std::is_same_v<T, bool>) result = make(I(), T());
    });
  });
  return result;
}

}  // namespace axone
