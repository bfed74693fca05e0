// Indices as users give them: negative ones count from the end.
#pragma once

#include <cstdint>

namespace axone {

// The position in [0, n) that an index means, or -1 where it is out of range.
template <class I>
int64_t resolve_index(I index, int64_t n) {
  int64_t i = int64_t(index);
  if (i < 0) i += n;
  return i >= 0 && i < n ? i : -1;
}

}  // namespace axone
