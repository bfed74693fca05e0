// Sharing the lines of an (outer, n, inner) tensor among a team: each lane gets runs of neighbouring inner
// positions.
#pragma once

#include <algorithm>

#include "base/buffer.h"
#include "cpu/team.h"

namespace axone {

// Calls f(o, first, last) for every run [first, last) of inner positions at outer index o that is this
// lane's. Runs are cut at multiples of `unit` positions.
template <class F>
void for_each_line_run(const Lane& lane, int64_t outer, int64_t inner, int64_t unit, F f) {
  const int64_t units = ceil_div(inner, unit);
  int64_t begin, end;
  lane.share(outer * units, &begin, &end);
  while (begin < end) {
    const int64_t o = begin / units, first = begin % units, last = std::min(units, first + end - begin);
    f(o, first * unit, std::min(inner, last * unit));
    begin += last - first;
  }
}

}  // namespace axone
